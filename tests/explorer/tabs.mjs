// Many tabs of one browser, which opens at most six connections to a node.
import assert from "node:assert/strict";

import { linked, live } from "./browser.mjs";
import { until } from "./node.mjs";
import { shows } from "./seen.mjs";

/** Lets a check hide a tab: a browser without windows shows all of them. */
function hideable() {
  let isHidden = false;
  Object.defineProperty(document, "hidden", { get: () => isHidden });
  Object.defineProperty(document, "visibilityState", { get: () => (isHidden ? "hidden" : "visible") });
  globalThis.hide = (hidden) => {
    isHidden = hidden;
    document.dispatchEvent(new Event("visibilitychange"));
  };
}

const hide = (page, isHidden) => page.evaluate((hidden) => globalThis.hide(hidden), isHidden);

export async function tabsInTheBackgroundHoldNoConnection({ browser, node }) {
  const page = await browser.open(node, "", { before: (tab) => tab.addInitScript(hideable) });
  const tabs = [page];
  await live(page);
  let took = 0;
  for (const path of ["blocks", "network", "", "blocks", "network", "submit", ""]) {
    await hide(tabs.at(-1), true);
    const tab = await browser.tab(page.context(), node);
    await tab.addInitScript(hideable);
    const began = performance.now();
    await tab.goto(`${node.url}/explorer/${path}`);
    await live(tab);
    took = performance.now() - began;
    tabs.push(tab);
  }
  assert.equal(tabs.length, 8);
  console.log(`        the eighth tab was live after ${took.toFixed(0)} ms`);
  await until("one stream", async () => (await node.streams()) === 1);
  let asked = 0;
  for (const tab of tabs.slice(0, -1)) tab.on("request", () => (asked += 1));
  await node.mine("while seven tabs are hidden");
  await shows(tabs.at(-1), node, 10);
  assert.equal(asked, 0, "hidden tabs ask nothing");
  await hide(tabs.at(-1), true);
  let longest = 0;
  for (const tab of tabs) {
    const began = performance.now();
    await hide(tab, false);
    await live(tab);
    const rows = { "": 10, blocks: 25 }[new URL(tab.url()).pathname.split("/").at(-1)];
    if (rows) await shows(tab, node, rows);
    longest = Math.max(longest, performance.now() - began);
    await until("no stream but that of the tab in sight", async () => (await node.streams()) === 1);
    await hide(tab, true);
  }
  console.log(`        a tab was current at most ${longest.toFixed(0)} ms after it was shown`);
  await until("no stream", async () => (await node.streams()) === 0);
  await page.finish();
}

export async function moreWindowsThanStreamsPoll({ browser, node }) {
  const page = await browser.open(node);
  const windows = [page];
  while (windows.length < 5) {
    const tab = await browser.tab(page.context(), node);
    await tab.goto(page.url());
    windows.push(tab);
  }
  await until("one polls", async () => {
    const words = await Promise.all(windows.map((tab) => tab.locator(".pill").innerText()));
    return words.filter((word) => word === "Live").length === 4 && words.includes("Polling");
  });
  await until("four streams", async () => (await node.streams()) === 4);
  await node.mine("seen by all");
  for (const tab of windows) await shows(tab, node, 10);
  await linked(windows.at(-1), "Polling");
  await page.finish();
}
