// The search box: every kind of text, and that no record's text leaves the page.
import assert from "node:assert/strict";

import { sees, settle } from "./browser.mjs";

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

export async function theTextOfARecordStaysInThePage({ browser, node }) {
  const secret = "a text that nobody else should see";
  const page = await browser.open(node);
  const asked = [];
  page.on("request", (request) => asked.push(`${request.url()} ${JSON.stringify(request.headers())} ${request.postData() ?? ""}`));
  await look(page, secret);
  await sees(page, "Nothing was found");
  const encoded = [secret, encodeURIComponent(secret), secret.replaceAll(" ", "+")];
  for (const text of encoded) {
    assert.ok(!page.url().includes(text));
    assert.ok(asked.every((line) => !line.includes(text)));
    assert.ok(!node.log().includes(text));
    assert.ok(!(await page.evaluate(() => JSON.stringify(history.state))).includes(text));
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
