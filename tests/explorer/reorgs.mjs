// Pages that stay open during a reorg.
import assert from "node:assert/strict";

import { linked, live, sees } from "./browser.mjs";
import { Node, until } from "./node.mjs";
import { hashes, heights, isWhole } from "./seen.mjs";

/** What a page says, but for ages and for when it looked. */
const content = (page) => page.locator("main").evaluate((main) => {
  const copy = main.cloneNode(true);
  for (const time of copy.querySelectorAll("time[data-as=age]")) time.textContent = "age";
  for (const one of copy.querySelectorAll("canvas, .u-axis, .loading")) one.remove();
  const lines = [];
  const walker = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) lines.push(walker.currentNode.data);
  return lines.join(" ").replace(/\d\d:\d\d:\d\d(?!\.\d)/g, "clock").replace(/\S+( [kMGT])? hashes a second|not mined yet/g, "rate");
});

/** Waits until a page that was open all the time says what one says that is opened now. */
async function isAsOpenedNow(page, browser, node, options) {
  const path = page.url().slice(`${node.url}/explorer/`.length);
  const fresh = await browser.open(node, path, options);
  let [shown, expected] = ["", ""];
  try {
    await until("a page is as if it was opened now", async () => {
      [shown, expected] = await Promise.all([content(page), content(fresh)]);
      return shown === expected && shown !== "";
    });
  } catch (error) {
    const at = Array.from(shown).findIndex((letter, place) => letter !== expected[place]);
    const part = (text) => text.slice(Math.max(0, at - 100), at + 200);
    throw new Error(`${error.message}: ${path}\nshows    ${part(shown)}\nopened   ${part(expected)}`);
  }
  await fresh.finish();
}

/** A branch of `depth` blocks loses against one that is longer. */
async function aReorg({ browser, binary }, depth) {
  const first = new Node(binary);
  let second;
  try {
    await first.start();
    await first.grow(60);
    await first.stop("SIGTERM");
    second = first.copy();
    // It leaves records, and the end of a tie, to the other one.
    second.environment = { JENNY_MINING_ENABLED: "false" };
    await Promise.all([first.start(), second.start()]);
    const text = "only on the losing branch";
    const { hash: displaced, height } = await first.mine(text);
    const [{ id }] = await first.submit(text);
    for (let block = 1; block < depth; block++) await first.mine(`loses ${block}`);
    for (let block = 0; block < depth + 1; block++) await second.mine(`wins ${block}`);
    const options = { prefs: { time: "exact" } };
    const open = (path) => browser.open(first, path, options);
    const pages = [];
    for (const path of ["", "blocks", `blocks?from=${height}`, `blocks?from=${height - 50}`, `block/${displaced}`, `record/${id}`, `block/${height}`, "network"]) pages.push(await open(path));
    const [overview, blocks, from, , block, record] = pages;
    for (const page of pages) await linked(page, /^(Live|Polling)$/);
    await sees(record, "What this shows");
    await sees(block, "confirmation");
    await until("the rows are there", async () => (await hashes(from)).includes(displaced));
    await first.ask("/v1/peers", { method: "POST", body: JSON.stringify({ address: second.peer }) });
    await sees(block, "This block is not on the main chain.");
    const later = await until("a later block has the record", async () => {
      const { state, height: at } = await first.ask(`/v1/records/${id}`);
      return state === "included" && at > height + depth && at;
    });
    await record.locator(".state-line", { hasText: `In block ${later}` }).waitFor();
    await record.locator(".state-line", { hasText: "displaced" }).waitFor();
    await record.locator("[data-verdict=verified]").waitFor();
    for (const page of pages) await isAsOpenedNow(page, browser, first, options);
    for (const page of [overview, blocks, from]) {
      const seen = await heights(page);
      assert.equal(new Set(seen).size, seen.length);
      assert.equal((await hashes(page)).includes(displaced), false);
    }
    await sees(pages.at(-1), new RegExp(`${depth} blocks? displaced above block`));
    // The browser's cache has what the node said of the block before.
    const cold = await browser.tab(block.context(), first);
    await cold.goto(block.url());
    await sees(cold, "This block is not on the main chain.");
    assert.equal(await cold.getByText(/confirmation/).count(), 0);
    await cold.getByRole("link", { name: "What became of its records" }).click();
    await sees(cold, `now in block ${later}`);
    await live(overview);
    if (depth === 1) await isWhole(block, "displaced");
    for (const page of pages) await page.finish();
  } finally {
    await Promise.all([first.remove(), second?.remove()]);
  }
}

export const aReorgOfOneBlockIsShown = async (given) => aReorg(given, 1);

export const aReorgOfThreeBlocksIsShown = async (given) => aReorg(given, 3);
