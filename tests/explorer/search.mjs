// The search box: every kind of text, and that no record's text leaves the page.
import assert from "node:assert/strict";

import { recordId } from "../../web/hash.js";
import { sees, settle } from "./browser.mjs";
import { Node } from "./node.mjs";

async function look(page, text) {
  await page.fill("#search", text);
  await page.press("#search", "Enter");
}

export async function everyKindIsFound({ browser, node, known }) {
  const page = await browser.open(node);
  const { block, record } = known;
  const isBlock = async (text, expected) => {
    await page.goto(`${node.url}/explorer/verify`);
    await look(page, text);
    await page.waitForURL(`**/explorer/block/${expected}`);
  };
  const isRecord = async (text, expected = record) => {
    await page.goto(`${node.url}/explorer/verify`);
    await look(page, text);
    await page.waitForURL(`**/explorer/record/${expected}`);
  };
  const genesis = (await node.ask("/v1/chain")).id;
  for (const text of ["0", " 0 ", "#0"]) await isBlock(text, genesis);
  const height = known.height;
  for (const text of [height, `#${height}`, ` ${height} `]) await isBlock(String(text), block);
  for (const text of [block, block.toUpperCase(), `0x${block}`, `"${block}"`, block.slice(0, 16), `${block.slice(0, 8)}…${block.slice(-8)}`, `${node.url}/explorer/block/${block}/`]) {
    await isBlock(text, block);
  }
  for (const text of [record, record.slice(0, 12), known.text]) await isRecord(text);
  await look(page, `${known.text} `);
  await sees(page, "the text without the blanks around it");
  await page.finish();
}

export async function aTextThatLooksLikeSomethingElseIsFound({ browser, node }) {
  const digest = await recordId("a file");
  const { height, hash } = await node.mine(digest, "deadbeef", "1e4 parts");
  await node.mine(String(height));
  const ids = await Promise.all([digest, "deadbeef", String(height)].map(recordId));
  const page = await browser.open(node, "verify");
  for (const [text, id] of [[digest, ids[0]], ["deadbeef", ids[1]]]) {
    await look(page, text);
    await page.waitForURL(`**/explorer/record/${id}`);
  }
  // A number is a height first.
  await look(page, String(height));
  await sees(page, "(exactly this text)");
  assert.deepEqual(await page.locator(".hits a").evaluateAll((all) => all.map((one) => one.textContent)), [hash, ids[2]]);
  await page.finish();
}

export async function heightsAndPrefixesAreFoundOnALongerChain({ browser, binary }) {
  const node = new Node(binary);
  try {
    await node.start();
    await node.grow(1_010);
    const page = await browser.open(node);
    const { hash } = await node.ask("/v1/blocks/1005/header");
    for (const text of ["1005", "1,005", " 1 005 ", "#1005", "1'005"]) {
      await look(page, text);
      await page.waitForURL(`**/explorer/block/${hash}`);
      await page.goto(`${node.url}/explorer/verify`);
    }
    await look(page, "1,011");
    await sees(page, "the chain ends at 1,010");
    // Among so many ids some begin with the same four digits.
    const ids = [];
    for (let from = 0; from <= 1_010; from += 100) {
      const { blocks } = await node.ask(`/v1/blocks?from=${from}&limit=100`);
      for (const { data } of blocks) ids.push(...(await Promise.all(data.map(recordId))));
    }
    const starts = new Map();
    for (const start of ids.map((id) => id.slice(0, 4))) starts.set(start, (starts.get(start) ?? 0) + 1);
    const [shared] = [...starts].find(([start, count]) => count > 1 && start[0] !== "0" && /[a-f]/.test(start)) ?? assert.fail("no two ids begin alike");
    await look(page, shared);
    await page.locator("h2", { hasText: "Records" }).waitFor();
    assert.ok((await page.locator(".hits a[aria-label^='record id']").count()) > 1);
    assert.ok((await page.locator(".hits a").allTextContents()).every((hash) => hash.startsWith(shared)));
    await page.finish();
  } finally {
    await node.remove();
  }
}

export async function whatIsNotThereIsSaid({ browser, node }) {
  const page = await browser.open(node);
  await look(page, "999999");
  await sees(page, /the chain ends at/);
  for (const text of ["12abc", "1e3", "no such record"]) {
    await look(page, text);
    await sees(page, "Nothing was found");
    await page.locator(".quoted", { hasText: text }).waitFor();
    assert.equal(await page.inputValue("#exact"), text);
  }
  const before = page.url();
  await look(page, "  ");
  await settle(page);
  assert.equal(page.url(), before);
  await page.finish();
}

export async function theTextOfARecordStaysInThePage({ browser, node, known }) {
  const secret = "a text that nobody else should see";
  const page = await browser.open(node);
  const told = [];
  page.on("request", (request) => told.push(`${request.url()} ${JSON.stringify(request.headers())} ${request.postData() ?? ""}`));
  page.on("framenavigated", (frame) => told.push(frame.url()));
  const history = async () => told.push(await page.evaluate(() => `${location.href} ${JSON.stringify(history.state)} ${JSON.stringify({ ...localStorage, ...sessionStorage })}`));
  await look(page, secret);
  await sees(page, "Nothing was found");
  await history();
  // As typed into the larger box, from a file, and of a record that is there.
  await page.fill("#exact", `${secret}\n`);
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await sees(page, "Nothing was found");
  await history();
  await page.setInputFiles("#exact-file", { name: "text", mimeType: "text/plain", buffer: Buffer.from(secret) });
  await sees(page, "Nothing was found");
  await history();
  await look(page, known.text);
  await page.waitForURL(`**/explorer/record/${known.record}`);
  await history();
  await sees(page, "What this shows");
  const forms = (text) => [text, encodeURIComponent(text), text.replaceAll(" ", "+"), JSON.stringify(text), Buffer.from(text).toString("base64").slice(0, 20)];
  for (const text of [...forms(secret), ...forms(known.text)]) {
    assert.deepEqual(told.filter((line) => line.includes(text)), []);
    assert.ok(!node.log().includes(text));
  }
  await page.finish();
}

export async function textsOfSeveralLinesAreFound({ browser, node, known }) {
  const page = await browser.open(node, "search");
  await page.fill("#exact", known.lines);
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await page.waitForURL(`**/explorer/record/${known.linesId}`);
  await page.goto(`${node.url}/explorer/search`);
  // A file keeps its line breaks.
  await page.setInputFiles("#exact-file", { name: "text", mimeType: "text/plain", buffer: Buffer.from(known.lines) });
  await page.waitForURL(`**/explorer/record/${known.linesId}`);
  await page.finish();
}
