// Pages that stay open while blocks come, reorgs happen, and the node goes and comes back.
import assert from "node:assert/strict";

import { live, sees } from "./browser.mjs";
import { Node, until } from "./node.mjs";

const heights = (page) => page.locator("tbody a.height").evaluateAll((all) => all.map((one) => Number(one.textContent)));
const hashes = (page) => page.locator("tbody a.hash").evaluateAll((all) => all.map((one) => one.textContent));

async function chainOf(node, count) {
  const { headers } = await node.ask(`/v1/headers?order=desc&limit=${count}`);
  return headers.map(({ hash }) => hash);
}

const shows = (page, node, count) => until("the chain is shown", async () => JSON.stringify(await hashes(page)) === JSON.stringify(await chainOf(node, count)));

export async function newBlocksAppearByThemselves({ browser, node }) {
  const page = await browser.open(node);
  await live(page);
  await node.mine("comes while the page is open");
  await shows(page, node, 10);
  await page.finish();
}

export async function rowsStayUnderThePointer({ browser, node }) {
  const page = await browser.open(node, "blocks");
  await live(page);
  await sees(page, "Jump to height");
  await page.locator("tbody tr").nth(2).hover();
  const before = await hashes(page);
  for (const text of ["a", "b", "c"]) await node.mine(text);
  await sees(page, "3 new blocks");
  assert.deepEqual(await hashes(page), before);
  await page.getByRole("button", { name: "3 new blocks" }).click();
  await shows(page, node, 25);
  assert.equal(await page.evaluate(() => document.activeElement.className), "height");
  await page.finish();
}

export async function aPausedPageDoesNotChange({ browser, node }) {
  const page = await browser.open(node);
  await live(page);
  await sees(page, "Show as a table");
  await page.getByRole("button", { name: "Pause" }).click();
  await page.waitForTimeout(300);
  await page.evaluate(() => {
    globalThis.changes = 0;
    new MutationObserver((all) => (globalThis.changes += all.length)).observe(document.getElementById("main"), { subtree: true, childList: true, characterData: true, attributes: true });
  });
  await node.mine("while paused");
  await page.waitForTimeout(3000);
  assert.equal(await page.evaluate(() => globalThis.changes), 0);
  await page.getByRole("button", { name: "Resume" }).click();
  await shows(page, node, 10);
  await page.finish();
}

export async function theNodeGoesAndComesBack({ browser, node }) {
  const [page, blocks] = [await browser.open(node), await browser.open(node, "blocks")];
  await Promise.all([live(page), live(blocks), sees(blocks, "Jump to height")]);
  const before = await hashes(page);
  await node.stop();
  await page.locator(".pill", { hasText: /Offline/ }).waitFor({ timeout: 40_000 });
  await page.locator(".banner", { hasText: "last known" }).waitFor();
  assert.deepEqual(await hashes(page), before);
  assert.match(await page.title(), /^Offline/);
  await blocks.locator("tbody a.height").first().click();
  await sees(blocks, "The node cannot be reached");
  await node.start();
  await page.locator(".pill", { hasText: /^Live$/ }).waitFor({ timeout: 15_000 });
  await node.mine("after the restart");
  await shows(page, node, 10);
  const seen = await heights(page);
  assert.equal(new Set(seen).size, seen.length);
  await page.finish();
  await blocks.finish();
}

export async function aReorgIsShown({ browser, binary }) {
  const [first, second] = [new Node(binary), new Node(binary)];
  try {
    await Promise.all([first.start(), second.start()]);
    const { hash: displaced } = await first.mine("only on the losing branch");
    const [{ id }] = await first.submit("only on the losing branch");
    for (const text of ["x", "y", "z"]) await second.mine(text);
    const open = (path) => browser.open(first, path);
    const [overview, blocks, block, record] = await Promise.all([open(""), open("blocks"), open(`block/${displaced}`), open(`record/${id}`)]);
    await Promise.all([overview, blocks, block, record].map(live));
    await sees(record, "What this shows");
    await first.ask("/v1/peers", { method: "POST", body: JSON.stringify({ address: second.peer }) });
    await sees(block, "This block is not on the main chain.");
    await until("a later block has the record", async () => (await first.ask(`/v1/records/${id}`)).height > 3);
    const { height } = await first.ask(`/v1/records/${id}`);
    await record.locator(".state-line", { hasText: `In block ${height}` }).waitFor();
    await record.locator(".state-line", { hasText: "displaced" }).waitFor();
    await record.locator("[data-verdict=verified]").waitFor();
    const all = (await first.ask("/v1/status")).tip.height + 1;
    for (const page of [overview, blocks]) await shows(page, first, all);
    const cold = await browser.open(first, `block/${displaced}`);
    await sees(cold, "This block is not on the main chain.");
    assert.equal(await cold.getByText(/confirmation/).count(), 0);
    const network = await browser.open(first, "network");
    await sees(network, /1 block displaced above block/);
    for (const page of [overview, blocks, block, record, cold, network]) await page.finish();
  } finally {
    await Promise.all([first.remove(), second.remove()]);
  }
}

export async function moreTabsThanStreamsPoll({ browser, node }) {
  const tabs = [];
  for (let count = 0; count < 5; count++) tabs.push(await browser.open(node));
  await until("one polls", async () => {
    const words = await Promise.all(tabs.map((page) => page.locator(".pill").innerText()));
    return words.filter((word) => word === "Live").length === 4 && words.includes("Polling");
  });
  await node.mine("seen by all");
  for (const page of tabs) await shows(page, node, 10);
  for (const page of tabs) await page.finish();
}

export async function aPasswordThatChangedIsSaidOnce({ browser, binary }) {
  const node = new Node(binary);
  try {
    await node.start();
    const page = await browser.open(node);
    await live(page);
    const user = node.addUser("ann", "operator");
    await page.locator(".pill", { hasText: "Signed out" }).waitFor({ timeout: 40_000 });
    await page.getByRole("button", { name: "Sign in again" }).waitFor();
    let asked = 0;
    page.on("request", () => (asked += 1));
    await page.waitForTimeout(6000);
    assert.equal(asked, 0);
    node.user = user;
    await page.finish();
  } finally {
    await node.remove();
  }
}

export async function aReaderIsOfferedNoChanges({ browser, binary }) {
  const node = new Node(binary);
  try {
    const user = node.addUser("rob", "reader");
    await node.start();
    node.user = user;
    const page = await browser.open(node, "network");
    await live(page);
    await sees(page, "No peer is known");
    assert.equal(await page.getByRole("button", { name: /Add|Remove|Ban/ }).count(), 0);
    assert.equal(await page.locator("#submit-link").isVisible(), false);
    await page.goto(`${node.url}/explorer/submit`);
    await sees(page, "takes the role writer or operator");
    assert.equal(await page.locator("main textarea").count(), 0);
    await page.finish();
  } finally {
    await node.remove();
  }
}

export async function credentialsInTheAddressWork({ browser, node, known }) {
  const page = await browser.open(node);
  const url = new URL(`${node.url}/explorer/block/${known.block}`);
  [url.username, url.password] = node.user.split(":");
  await page.goto(url.href);
  await sees(page, "Commits to every block below it.");
  await live(page);
  await page.finish();
}
