// Records that are hostile, long or many, sent and proven.
import assert from "node:assert/strict";

import { isTooWide, live, sees } from "./browser.mjs";
import { until, vectors } from "./node.mjs";

export const HOSTILE = [
  "<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>", "a\u202eb", "nul\u0000", "zero\u200bwidth", "x".repeat(65_536),
  "مرحبا", "中文", "می‌خواهم", "👩‍👩‍👧", '{"a":12345678901234567890,"a":1,"2":0,"1":0}', "",
];

export async function hostileTextsAreText({ browser, node, known }) {
  const page = await browser.open(node, `block/${known.hostile}`);
  await sees(page, "Copy text");
  const texts = await page.locator(".record").evaluateAll((all) => all.map((one) => one.querySelector("pre, .muted").textContent));
  assert.equal(texts.length, HOSTILE.length);
  assert.equal(texts[0], HOSTILE[0]);
  assert.equal(texts[1], HOSTILE[1]);
  assert.equal(texts[2], "aU+202Eb");
  assert.equal(texts[3], "nulU+0000");
  assert.equal(texts[4], "zeroU+200Bwidth");
  assert.ok(texts[5].length < 700, "a long text is folded");
  for (const at of [6, 7, 8, 9]) assert.equal(texts[at], HOSTILE[at]);
  assert.equal(await page.locator("main img").count(), 0);
  assert.equal(await isTooWide(page), false);
  const tops = await page.locator(".record").evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top));
  assert.deepEqual(tops, tops.toSorted((a, b) => a - b));
  await page.getByRole("button", { name: /^Show all/ }).click();
  await page.waitForFunction((length) => Array.from(document.querySelectorAll("pre")).some((one) => one.innerText.length === length), 65_536);
  await page.getByRole("button", { name: "Lay out JSON" }).click();
  const json = await page.locator(".record", { hasText: "Laid out for reading" }).locator("pre").innerText();
  assert.equal(json.replace(/\s/g, ""), HOSTILE[10]);
  await page.finish();
}

export async function aFullBlockIsShownByPages({ browser, node }) {
  const { hash } = await node.mine(...Array.from({ length: 4096 }, (_, at) => `full ${at}`));
  const page = await browser.open(node, `block/${hash}`);
  await sees(page, "Page 1 of 82");
  await page.getByRole("link", { name: "Later records" }).click();
  await sees(page, "Records 50 to 99 of 4,096");
  assert.ok((await page.locator("*").count()) < 3000);
  for (const [number, seen] of [["1.5", "Page 1 of 82"], ["abc", "Page 1 of 82"], ["99999", "Page 82 of 82"]]) {
    await page.goto(`${node.url}/explorer/block/${hash}?page=${number}`);
    await sees(page, seen);
  }
  await page.finish();
}

export async function aRecordIsSentAndSeenInItsBlock({ browser, node }) {
  const page = await browser.open(node, "submit");
  await page.fill("#record", "sent by the page");
  await page.getByRole("button", { name: "Submit one record" }).press("Enter");
  await sees(page, "durable on the node's disk");
  // The keyboard goes on from where it was.
  await page.waitForFunction(() => document.activeElement.textContent === "Submit one record");
  await sees(page, /^in block \d/);
  await page.setInputFiles("#lines", { name: "lines", mimeType: "text/plain", buffer: Buffer.from("one\ntwo\n\nthree\n") });
  await page.getByRole("button", { name: "Submit every line" }).click();
  await sees(page, "Taken: 3 records");
  await page.finish();
}

export async function aPendingRecordMovesByItself({ browser, idle }) {
  const [{ id }] = await idle.submit("waits for a block");
  const page = await browser.open(idle, `record/${id}`);
  await sees(page, "The record waits for a block");
  await live(page);
  await idle.mine("waits for a block");
  await sees(page, "What this shows");
  await sees(page, "1 confirmation");
  await idle.mine("another");
  await sees(page, "2 confirmations");
  await page.finish();
}

export async function anOperatorMayTakeARecordBack({ browser, idle }) {
  const [{ id }] = await idle.submit("sent by mistake");
  // The record may come before the node has said who asks.
  const slow = async (tab) => tab.route("**/v1/status", async (route) => (await sees(tab, "The record waits for a block"), route.continue()));
  const page = await browser.open(idle, `record/${id}`, { before: slow });
  await page.getByRole("button", { name: "Take it back" }).click();
  await sees(page, "No record that is pending or on the main chain has this id.");
  await page.finish();
}

const verdict = (page) => page.locator("[data-verdict]").getAttribute("data-verdict");

export async function receiptsAreVerifiedInThePage({ browser, node, known }) {
  const page = await browser.open(node, `record/${known.record}`);
  await sees(page, "What this shows");
  assert.equal(await verdict(page), "verified");
  assert.equal(await page.locator(".step.is-ok").count(), 7);
  const text = await (await fetch(`${node.url}/v1/records/${known.record}/receipt`, { headers: { Authorization: `Basic ${Buffer.from(node.user).toString("base64")}` } })).text();
  await page.goto(`${node.url}/explorer/verify`);
  const check = async (receipt, expected, tip = "") => {
    await page.fill("#receipt", receipt);
    await page.fill("#trusted", tip);
    await page.getByRole("button", { name: "Verify", exact: true }).click();
    await page.locator(`[data-verdict=${expected}]`).waitFor();
    assert.equal(await page.locator("[data-verdict]").count(), 1);
  };
  const tip = JSON.parse(text).tip.hash;
  await check(text, "verified", tip);
  await check(text, "unanchored");
  await check(text, "failed", "0".repeat(64));
  await check(text.replace(/"merkleRoot":"./, '"merkleRoot":"x'), "unreadable");
  const digit = (place) => text.replace(new RegExp(`("${place}":"?)([0-9a-f])`), (_, before, one) => before + (one === "1" ? "2" : "1"));
  for (const place of ["merkleRoot", "historyRoot", "nonce", "timestamp", "chainId"]) {
    await check(digit(place), "failed");
    const states = await page.locator(".step").evaluateAll((all) => all.map((one) => one.className.replace("step is-", "")));
    const bad = states.indexOf("bad");
    assert.ok(bad >= 0 && states.slice(bad + 1).every((state) => state === "neutral"), `${place}: ${states}`);
  }
  await check(text, "verified", tip);
  await page.context().setOffline(true);
  await check(text, "unanchored");
  await check(vectors.sound[0].text, "verified", vectors.sound[0].tip);
  await page.context().setOffline(false);
  await page.getByRole("button", { name: "Ask this node about the tip" }).click();
  await page.locator("[data-verdict=failed]").waitFor();
  await until("one verdict", async () => (await page.locator("[data-verdict]").count()) === 1);
  await page.finish();
}

export async function receiptsAreVerifiedWithoutWebCrypto({ browser, node, known }) {
  const page = await browser.open(node, "verify");
  await page.addInitScript(() => delete Crypto.prototype.subtle);
  await page.goto(`${node.url}/explorer/record/${known.record}`);
  await sees(page, "What this shows");
  assert.equal(await page.evaluate(() => crypto.subtle), undefined);
  assert.equal(await verdict(page), "verified");
  await page.finish();
}
