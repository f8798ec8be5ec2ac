// Network: what an operator does there, and lists that are long.
import assert from "node:assert/strict";

import { live, sees } from "./browser.mjs";
import { isWhole } from "./seen.mjs";

const hash = (number) => number.toString(16).padStart(64, "0");

/** A reorg as the node tells of it. */
const reorg = (number) => ({
  number, time: 1_700_000_000_000 + 1000 * number, fork: 100 + number, depth: 1,
  displaced: [{ height: 101 + number, hash: hash(number) }], newTip: { height: 102 + number, hash: hash(1000 + number) },
});

/** Has the node remember so many reorgs. Returns what adds one. */
async function remember(page, count) {
  let latest = count;
  await page.route("**/v1/reorgs?*", (route) => {
    const query = new URL(route.request().url()).searchParams;
    const top = Math.min(latest, Number(query.get("before") ?? latest + 1) - 1);
    const bottom = Math.max(0, top - Number(query.get("limit")));
    const reorgs = Array.from({ length: top - bottom }, (_, at) => reorg(top - at));
    return route.fulfill({ json: { reorgs, next: bottom > 0 ? bottom + 1 : null } });
  });
  await page.route("**/v1/reorgs/*/records?*", (route) => route.fulfill({ json: { records: [], next: null } }));
  return () => (latest += 1);
}

export async function olderReorgsAreOnePressAway({ browser, node }) {
  const page = await browser.open(node, "verify");
  const another = await remember(page, 45);
  await page.clock.install();
  await page.goto(`${node.url}/explorer/network`);
  const rows = page.locator(".reorg");
  const older = page.getByRole("button", { name: "Older reorgs" });
  for (const [count, isMore] of [[20, true], [40, true], [45, false]]) {
    await page.waitForFunction((wanted) => document.querySelectorAll(".reorg").length === wanted, count);
    assert.equal(await older.isVisible(), isMore);
    if (isMore) await older.click();
  }
  // The reader goes on where the list did.
  assert.equal(await page.evaluate(() => [...document.querySelectorAll(".reorg")].indexOf(document.activeElement.closest(".reorg"))), 40);
  await page.locator(".reorg summary").first().click();
  await sees(page, "No record of this node's clients was in them.");
  await page.locator("#search").focus();
  another();
  await page.clock.runFor(10_000);
  await page.waitForFunction(() => document.querySelectorAll(".reorg").length === 46);
  assert.match(await rows.first().innerText(), /above block 146/);
  assert.deepEqual(await rows.evaluateAll((all) => all.map((one) => one.querySelector("details").open).map(Number).slice(0, 3)), [0, 1, 0]);
  await isWhole(page, "reorgs");
  await page.finish();
}

export async function aReorgThatIsOpenStaysOpen({ browser, node }) {
  const page = await browser.open(node, "verify");
  const another = await remember(page, 2);
  await page.clock.install();
  await page.goto(`${node.url}/explorer/network`);
  await page.locator(".reorg summary").last().click();
  await sees(page, "No record of this node's clients was in them.");
  await page.locator("#search").focus();
  another();
  await page.clock.runFor(10_000);
  await page.waitForFunction(() => document.querySelectorAll(".reorg").length === 3);
  assert.deepEqual(await page.locator(".reorg details").evaluateAll((all) => all.map((one) => one.open)), [false, false, true]);
  await page.finish();
}

export async function aLongListIsShownByParts({ browser, node }) {
  const known = Array.from({ length: 1024 }, (_, at) => ({
    address: `ws://192.0.2.${at % 256}:${7000 + at}`, origin: "learned", linked: false, lastSuccess: null, failures: 3,
    lastError: "failed to lookup address information", nextTry: Date.now() + 60_000,
  }));
  const live = Array.from({ length: 60 }, (_, at) => ({
    address: at % 2 ? `[2001:db8:1234:5678:9abc:def0:1234:${(0x5600 + at).toString(16)}]:7545` : `192.0.2.${at}:7545`, direction: "accepted", agent: at % 3 ? "jenny/0.1.0" : null,
    tip: at % 5 ? { height: 1_234_567, hash: hash(at) } : null, rttMillis: at % 4 ? 1234.5 : null, receivedBytes: 123_456_789, sentBytes: 9_876_543_210, since: Date.now() - 1000 * at,
  }));
  const page = await browser.open(node, "verify");
  await page.route("**/v1/peers/known", (route) => route.fulfill({ json: known }));
  await page.route("**/v1/peers", (route) => route.fulfill({ json: live }));
  await page.goto(`${node.url}/explorer/network`);
  const rows = page.getByRole("table", { name: "Known peers" }).locator("tbody tr");
  await sees(page, "Show all 1,024");
  assert.equal(await rows.count(), 50);
  assert.ok((await page.locator("*").count()) < 5000);
  await isWhole(page, "many-peers");
  await page.getByRole("button", { name: "Show all 1,024" }).click();
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length >= 1024 + 50);
  await page.finish();
}

export async function anAddressThatFailedStaysInTheBox({ browser, node }) {
  const page = await browser.open(node, "network");
  await live(page);
  await page.fill("#peer", "ws://127.0.0.1:1");
  await page.getByRole("button", { name: "Add and dial" }).click();
  await sees(page, "The peer could not be reached");
  assert.equal(await page.inputValue("#peer"), "ws://127.0.0.1:1");
  await page.finish();
}
