// Every page and every state of it, in both themes and in four widths: nothing is cut, and axe
// finds no fault.
import assert from "node:assert/strict";

import { live, sees } from "./browser.mjs";
import { Node, vectors } from "./node.mjs";
import { charts, isWhole } from "./seen.mjs";

/** The pages, each with a text that shows when it is there. */
export const pages = ({ block, record, hostile }) => [
  ["overview", "", "Latest blocks"],
  ["blocks", "blocks", "Jump to height"],
  ["block", `block/${block}`, "Commits to every block below it."],
  ["hostile", `block/${hostile}`, "Copy text"],
  ["no-block", "block/999999", "There is no block at this height"],
  ["record", `record/${record}`, "What this shows"],
  ["no-record", `record/${"0".repeat(64)}`, "No record that is pending"],
  ["network", "network", "No peer is linked"],
  ["verify", "verify", "Nothing leaves this page"],
  ["submit", "submit", "One record"],
  ["search", "search?q=00001234", "Nothing was found"],
  ["no-page", "nowhere", "The address names no page"],
];

/** Opens what is folded, the settings excepted. */
const unfold = (page) => page.locator("details:not(.menu)").evaluateAll((all) => all.forEach((one) => (one.open = true)));

export async function pagesAreWhole({ browser, node, known }) {
  const page = await browser.open(node);
  const titles = new Set();
  for (const [name, path, text] of pages(known)) {
    await page.goto(`${node.url}/explorer/${path}`);
    await sees(page, text);
    await live(page);
    if (name === "overview") await charts(page);
    await unfold(page);
    titles.add(await page.title());
    await isWhole(page, name, { isThorough: true });
  }
  assert.equal(titles.size, pages(known).length, [...titles].join("; "));
  await page.locator(".menu > summary").click();
  await isWhole(page, "settings");
  await page.finish();
}

export async function namesOfNothingAreNoPages({ browser, node, known }) {
  const page = await browser.open(node, "constructor");
  for (const name of ["constructor", "toString", "__proto__"]) {
    await page.goto(`${node.url}/explorer/${name}`);
    await sees(page, "The address names no page");
  }
  for (const name of ["block/xyz", "block", "block/99999999999999999", "block/12,345"]) {
    await page.goto(`${node.url}/explorer/${name}`);
    await sees(page, "An address names a block by its height");
  }
  for (const name of ["record/xyz", "record"]) {
    await page.goto(`${node.url}/explorer/${name}`);
    await sees(page, "This is no record id");
  }
  // Hashes are read in capital letters, too.
  await page.goto(`${node.url}/explorer/block/${known.block.toUpperCase()}`);
  await sees(page, "Commits to every block below it.");
  await page.goto(`${node.url}/explorer/record/${known.record.toUpperCase()}`);
  await page.locator("[data-verdict=verified]").waitFor();
  await page.finish();
}

export async function longNumbersFit({ browser, node }) {
  const grow = async (route) => {
    const response = await route.fetch();
    const { headers, ...rest } = await response.json();
    const long = headers.map((header) => ({ ...header, height: header.height + 1_234_567, recordCount: 4_096, bits: "1903a30c" }));
    await route.fulfill({ response, json: { ...rest, headers: long } });
  };
  for (const prefs of [{}, { time: "exact" }, { time: "exact", hash: "full" }]) {
    const page = await browser.open(node, "blocks", { prefs, before: (tab) => tab.route("**/v1/headers*", grow) });
    await sees(page, "Jump to height");
    await isWhole(page, "blocks-long");
    await page.goto(`${node.url}/explorer/`);
    await charts(page);
    await isWhole(page, "overview-long");
    await page.finish();
  }
}

/** Checks the states of pages of a node of its own; `visit` shows one after another. */
async function states({ browser, binary }, visit, prepare = () => {}) {
  const node = new Node(binary);
  try {
    await prepare(node);
    await node.start();
    const page = await browser.open(node);
    await visit(page, (path) => page.goto(`${node.url}/explorer/${path}`), node);
    await page.finish();
  } finally {
    await node.remove();
  }
}

export const pagesOfAnEmptyChainAreWhole = async (given) => states(given, async (page, go, node) => {
  for (const [name, path, text] of [
    ["empty-overview", "", "The chain has only its first block"], ["empty-blocks", "blocks", "The first block is on this page"],
    ["empty-block", "block/0", "Commits to every block below it."], ["empty-network", "network", "The chain was never reorganised"],
    ["empty-search", "search", "Type a height"], ["pending", `record/${(await node.submit("never mined"))[0].id}`, "A receipt proves"],
  ]) {
    await go(path);
    await sees(page, text);
    await live(page);
    await isWhole(page, name);
  }
}, (node) => (node.environment = { JENNY_MINING_ENABLED: "false" }));

const PROBLEM = { type: "urn:jenny:problem:busy", title: "Too busy", status: 503, detail: "Too many clients are reading the chain.", requestId: "0123456789abcdef" };

/** Answers the requests for a path with a problem. */
const fails = (page, path) => page.route(path, (route) => route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify(PROBLEM) }));

export const pagesThatFailAreWhole = async (given) => states(given, async (page, go) => {
  await fails(page, "**/v1/headers*");
  await go("blocks");
  await sees(page, "0123456789abcdef");
  await isWhole(page, "error-blocks");
  await page.unroute("**/v1/headers*");
  await page.getByRole("button", { name: "Try again" }).click();
  await sees(page, "Jump to height");
  await fails(page, "**/v1/status");
  await go("");
  await sees(page, "Too many clients");
  await isWhole(page, "error-overview");
  await page.unroute("**/v1/status");
  await sees(page, "Latest blocks");
  await fails(page, "**/v1/series*");
  await go("");
  await sees(page, "The charts cannot be drawn: Too busy.");
  await isWhole(page, "error-charts");
  await fails(page, "**/v1/peers/known");
  await go("network");
  await sees(page, "Too many clients");
  await isWhole(page, "error-network");
  await fails(page, "**/v1/search*");
  await go("search?q=1234abcd");
  await sees(page, "Too many clients");
  await isWhole(page, "error-search");
});

export const pagesThatLoadAreWhole = async (given) => states(given, async (page, go) => {
  await page.clock.install();
  // The page gives up after 20 s, by a clock that cannot be turned.
  await page.addInitScript(() => (AbortSignal.timeout = () => new AbortController().signal));
  for (const [name, path, waits, request] of [
    ["loading-overview", "", "Loading the node's state", "**/v1/status"], ["loading-blocks", "blocks", "Loading blocks", "**/v1/headers*"],
    ["loading-block", "block/0", "Loading the block", "**/v1/blocks/**"], ["loading-record", `record/${"1".repeat(64)}`, "Loading the record", "**/v1/records/**"],
    ["loading-network", "network", "Loading the list", "**/v1/peers"],
  ]) {
    let isHeld = true;
    await page.route(request, (route) => isHeld || route.continue());
    await go(path);
    await sees(page, waits);
    await page.clock.runFor(10_000);
    await sees(page, "Still waiting for the node");
    await isWhole(page, name);
    isHeld = false;
    await page.getByRole("button", { name: "Try again" }).first().click();
    await page.getByText(waits).first().waitFor({ state: "hidden" });
    await page.unroute(request);
  }
});

export const everyVerdictIsWhole = async (given) => states(given, async (page, go) => {
  await go("verify");
  const { text, tip } = vectors.sound[0];
  for (const [verdict, receipt, trusted] of [
    ["verified", text, tip], ["unanchored", text, ""], ["failed", text, "0".repeat(64)],
    ["failed", text.replace(/("merkleRoot":")./, (all, before) => before + (all.endsWith("1") ? "2" : "1")), tip], ["unreadable", "{}", ""],
  ]) {
    await page.fill("#receipt", receipt);
    await page.fill("#trusted", trusted);
    await page.getByRole("button", { name: "Verify", exact: true }).click();
    await page.locator(`[data-verdict=${verdict}]`).waitFor();
    await unfold(page);
    await isWhole(page, `verdict-${verdict}`);
  }
});
