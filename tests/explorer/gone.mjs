// Pages whose node is silent, frozen, gone, or back with another chain.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";

import { linked, live, sees } from "./browser.mjs";
import { Node, until } from "./node.mjs";
import { hashes, heights, isWhole, shows } from "./seen.mjs";

/** Notes every state that the header shows. */
function watchLink() {
  const pill = document.querySelector(".pill");
  globalThis.links = [pill.textContent];
  new MutationObserver(() => globalThis.links.at(-1) === pill.textContent || globalThis.links.push(pill.textContent))
    .observe(pill, { subtree: true, childList: true, characterData: true });
}

export async function aQuietNodeIsLiveAndAFrozenOneIsNot({ browser, binary }) {
  const node = new Node(binary);
  try {
    await node.start();
    const page = await browser.open(node);
    await live(page);
    await page.evaluate(watchLink);
    // Longer than the page waits for a sign of life; the node sends one each 15 s.
    await page.waitForTimeout(60_000);
    assert.deepEqual(await page.evaluate(() => globalThis.links), ["Live"]);
    const before = Date.now();
    node.freeze();
    await linked(page, /^(Reconnecting|Offline)/);
    console.log(`        a frozen node was noticed after ${((Date.now() - before) / 1000).toFixed(1)} s`);
    node.thaw();
    await live(page);
    await node.mine("after the pause");
    await shows(page, node, 2);
    await page.finish();
  } finally {
    await node.remove();
  }
}

export async function theNodeGoesAndComesBack({ browser, binary }) {
  const node = new Node(binary);
  try {
    await node.start();
    await node.grow(30);
    await node.ask("/v1/bans", { method: "POST", body: JSON.stringify({ address: "192.0.2.7", reason: "for the button" }) });
    const [{ id }] = await node.submit("before the node goes");
    const open = (path) => browser.open(node, path);
    const [overview, blocks, network, submit] = [await open(""), await open("blocks"), await open("network"), await open("submit")];
    await Promise.all([overview, blocks, network, submit].map(live));
    await Promise.all([sees(blocks, "Jump to height"), sees(network, "192.0.2.7"), sees(submit, "One record")]);
    await until("the record is in a block", async () => (await node.ask(`/v1/records/${id}`)).state === "included");
    await shows(overview, node, 10);
    await overview.evaluate(() => (globalThis.isSamePage = true));
    const before = await hashes(overview);
    const killed = Date.now();
    await node.stop();
    await linked(overview, /^Offline/);
    console.log(`        a node that is gone was noticed after ${((Date.now() - killed) / 1000).toFixed(1)} s`);
    await overview.locator(".banner", { hasText: "last known" }).waitFor();
    assert.deepEqual(await hashes(overview), before);
    assert.match(await overview.title(), /^Offline/);
    await linked(overview, /try in \d s/);
    await isWhole(overview, "offline");
    for (const page of [network, submit]) {
      await linked(page, /^Offline/);
      const buttons = page.locator("main button").filter({ hasNotText: "Copy" });
      assert.ok((await buttons.count()) > 0);
      assert.deepEqual(await buttons.evaluateAll((all) => all.filter((one) => !one.disabled && !one.className.includes("copy")).map((one) => one.textContent)), []);
    }
    await isWhole(network, "network-offline");
    await blocks.locator("tbody a.height").first().click();
    await sees(blocks, "The node cannot be reached");
    await isWhole(blocks, "block-offline");
    await node.start();
    const ready = Date.now();
    await live(overview);
    console.log(`        a node that is back was noticed after ${((Date.now() - ready) / 1000).toFixed(1)} s`);
    // The page that could not be read reads itself.
    await sees(blocks, "Commits to every block below it.");
    await live(network);
    await network.getByRole("button", { name: "End the ban of 192.0.2.7" }).click();
    await sees(network, "No address is banned.");
    await node.mine("after the restart");
    await shows(overview, node, 10);
    const seen = await heights(overview);
    assert.equal(new Set(seen).size, seen.length);
    assert.equal(await overview.evaluate(() => globalThis.isSamePage), true);
    for (const page of [overview, blocks, network, submit]) await page.finish();
  } finally {
    await node.remove();
  }
}

export async function aNodeThatHasAnotherChainIsReadAnew({ browser, binary }) {
  const [node, other] = [new Node(binary), new Node(binary)];
  try {
    await Promise.all([node.start(), other.start()]);
    await node.grow(12);
    await other.grow(7);
    const [overview, blocks] = [await browser.open(node), await browser.open(node, "blocks")];
    await Promise.all([live(overview), live(blocks)]);
    await Promise.all([shows(overview, node, 10), shows(blocks, node, 13)]);
    await Promise.all([node.stop(), other.stop("SIGTERM")]);
    rmSync(node.data, { recursive: true });
    node.data = other.data;
    await node.start();
    await Promise.all([live(overview), live(blocks)]);
    await Promise.all([shows(overview, node, 8), shows(blocks, node, 8)]);
    for (const page of [overview, blocks]) await page.finish();
  } finally {
    await Promise.all([node.remove(), other.remove()]);
  }
}
