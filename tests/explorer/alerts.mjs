// The banner: what is wrong or under way, said once, and what else there is.
import assert from "node:assert/strict";

import { linked, live, sees, settle } from "./browser.mjs";
import { isWhole } from "./seen.mjs";

const SYNC = { state: "blocks", at: 100, target: 1_100, remaining: 1_000, blocksPerSecond: 50, bytesPerSecond: 1e5, etaSeconds: 20, peers: [], awaited: null };

/** Has a page believe what `change` makes of its node's status. Returns what sets another change. */
async function tell(page, change) {
  let told = change;
  await page.route("**/v1/status", async (route) => {
    const response = await route.fetch();
    const status = await response.json();
    told(status);
    await route.fulfill({ response, json: status });
  });
  return (next) => (told = next);
}

export async function anUpgradeIsSaidAndLoadsNothingByItself({ browser, node }) {
  const page = await browser.open(node, "submit", { clock: 0 });
  await live(page);
  await page.fill("#record", "not sent yet");
  assert.equal(await page.getByRole("button", { name: "Load the new page" }).count(), 0);
  await tell(page, (status) => (status.explorer = "0123456789abcdef"));
  await page.clock.runFor(60_000);
  await page.getByText("The node was updated while this page was open.").waitFor({ state: "attached" });
  await page.locator(".banner summary").click();
  await settle(page);
  assert.equal(await page.inputValue("#record"), "not sent yet");
  await isWhole(page, "upgraded");
  await page.unroute("**/v1/status");
  await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "Load the new page" }).click()]);
  await live(page);
  assert.equal(await page.getByRole("button", { name: "Load the new page" }).count(), 0);
  await page.finish();
}

export async function theDefaultPasswordIsWarnedOf({ browser, node }) {
  const page = await browser.open(node, "verify");
  await sees(page, "You are signed in with the default name and password, which everybody knows.");
  await tell(page, (status) => (status.you.default = false));
  await page.reload();
  await live(page);
  assert.equal(await page.locator(".banner").count(), 0);
  await page.finish();
}

export async function numbersThatChangeAreSaidOnce({ browser, node }) {
  const page = await browser.open(node, "verify", { clock: 0 });
  const next = await tell(page, (status) => (status.sync = SYNC));
  await page.reload();
  await sees(page, "The node downloads blocks: 1,000 remaining, 50 blocks a second, about 20 s left.");
  const summary = page.locator(".banner summary");
  await summary.click();
  await summary.focus();
  await page.evaluate(() => {
    globalThis.said = [];
    new MutationObserver((all) => globalThis.said.push(...all.filter(({ target }) => (target.parentElement ?? target).closest("[role=status], [role=alert], [aria-live]")).map(({ target }) => target.textContent)))
      .observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  next((status) => (status.sync = { ...SYNC, at: 900, remaining: 200, etaSeconds: 4 }));
  await page.clock.runFor(10_000);
  await sees(page, "The node downloads blocks: 200 remaining, 50 blocks a second, about 4 s left.");
  assert.equal(await page.locator(".banner progress").getAttribute("value"), "900");
  assert.equal(await page.locator(".banner details").getAttribute("open"), "");
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "SUMMARY");
  assert.deepEqual(await page.evaluate(() => globalThis.said), []);
  await page.finish();
}

export async function aNodeThatRefusesRequestsIsNotCalledGone({ browser, node }) {
  const page = await browser.open(node, "verify", { clock: 0 });
  await live(page);
  const problem = { type: "urn:jenny:problem:busy", title: "The node is busy", status: 503, detail: "", requestId: "0123456789abcdef" };
  await page.route("**/v1/status", (route) => route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify(problem) }));
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await page.clock.runFor(10_000);
  await linked(page, /^Offline since/);
  await sees(page, "The node cannot serve: The node is busy.");
  await page.finish();
}
