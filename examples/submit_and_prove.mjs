#!/usr/bin/env node
// Submits records to a node, waits until they are in blocks, and writes a verified receipt of each.
//
//     submit_and_prove.mjs TEXT...
//
// The variables JENNY_URL, JENNY_USER and JENNY_PASSWORD name the node and a user with the role
// writer. Repeating the program is safe: equal texts are one record.
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { verify } from "./verify_receipt.mjs";

const url = (process.env.JENNY_URL ?? "http://127.0.0.1:3000").replace(/\/+$/, "");
const user = `${process.env.JENNY_USER ?? "jenny"}:${process.env.JENNY_PASSWORD ?? "1234"}`;
const headers = {
  authorization: `Basic ${Buffer.from(user).toString("base64")}`,
  "content-type": "application/json",
};
const wait = 50; // Seconds that the node may delay a response, at most 60.
const attempts = 10;

/** A response that is an error, with its problem document. */
class Refused extends Error {
  constructor(problem) {
    super(`${problem.title}: ${problem.detail ?? ""}`);
    this.type = problem.type.replace("urn:jenny:problem:", "");
  }
}

/** Returns the body of the response. Tries again when the node is away or asks for patience. */
async function call(method, path, body) {
  for (let attempt = 1; ; attempt++) {
    let pause = 1;
    try {
      const signal = AbortSignal.timeout((wait + 30) * 1000);
      const options = { method, headers, signal, body: body && JSON.stringify(body) };
      const response = await fetch(url + path, options);
      const data = Buffer.from(await response.arrayBuffer());
      if (response.ok) return data;
      const isPassing = [429, 500, 503].includes(response.status);
      if (!isPassing || attempt === attempts) throw new Refused(JSON.parse(data));
      pause = Number(response.headers.get("retry-after") ?? 1);
    } catch (error) {
      if (error instanceof Refused || attempt === attempts) throw error;
    }
    await sleep(pause * 1000);
  }
}

/** Returns the ids of the records, which are durable on the node, in the order of the texts. */
async function submit(texts) {
  return JSON.parse(await call("POST", "/v1/records", { data: texts })).map(({ id }) => id);
}

/** Waits until a record is in a block. Returns its receipt, and the tip that it is for. */
async function prove(id) {
  for (;;) {
    const { state } = JSON.parse(await call("GET", `/v1/records/${id}?wait=${wait}`));
    if (state !== "included") continue;
    // Whoever does not trust this node takes the hash of a block from where it was published.
    const { hash: tip } = JSON.parse(await call("GET", "/v1/blocks/tip/header"));
    try {
      return { receipt: await call("GET", `/v1/records/${id}/receipt?tip=${tip}`), tip };
    } catch (error) {
      // Another branch got more work meanwhile: the record is included again, or will be.
      if (!["record-pending", "tip-off-chain"].includes(error.type)) throw error;
    }
  }
}

async function main(texts) {
  const { id: chain } = JSON.parse(await call("GET", "/v1/chain"));
  for (const [index, id] of (await submit(texts)).entries()) {
    const { receipt, tip } = await prove(id);
    const proven = verify(receipt, tip);
    if (proven.chainId !== chain || JSON.parse(receipt).record !== texts[index]) {
      throw new Error("the receipt is for another record or chain");
    }
    const name = `receipt-${id}.json`;
    writeFileSync(name, receipt);
    console.log(`${name} proves ${JSON.stringify(texts[index])} to all who trust block ${tip}`);
  }
}

const texts = process.argv.slice(2);
if (texts.length === 0) {
  console.error("usage: submit_and_prove.mjs TEXT...");
  process.exitCode = 2;
} else {
  await main(texts).catch((error) => {
    console.error(`failed: ${error.message}`);
    process.exitCode = 1;
  });
}
