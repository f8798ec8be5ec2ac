// The explorer over the directory of a stopped node: the same pages, and nothing that changes.
import assert from "node:assert/strict";

import { sees, settle } from "./browser.mjs";
import { Node, View } from "./node.mjs";
import { charts, isWhole } from "./seen.mjs";

const showsStopped = (page) => page.locator(".pill", { hasText: /^Stopped node$/ }).waitFor();

/** Shows what a node held, with a block, a pending record and a text that is no markup. */
async function withView({ binary }, check) {
  const node = new Node(binary);
  node.environment = { JENNY_MINING_ENABLED: "false" };
  const view = new View(node);
  try {
    await node.start();
    for (let at = 0; at < 12; at++) await node.mine(`record ${at}`, `{"sensor":${at}}`);
    const { hash: block } = await node.mine("proven", "<b>no markup</b>");
    const [{ id: record }] = await node.submit("proven");
    const [{ id: pending }] = await node.submit("waits for ever");
    await node.stop("SIGTERM");
    await view.start();
    await check({ view, node, block, record, pending });
    assert.equal(await view.stop(), 0);
  } finally {
    view.process?.kill("SIGKILL");
    await node.remove();
  }
}

const pages = ({ block, record, pending }) => [
  ["overview", "", "Latest blocks"],
  ["blocks", "blocks", "Jump to height"],
  ["block", `block/${block}`, "Commits to every block below it."],
  ["record", `record/${record}`, "What this shows"],
  ["pending", `record/${pending}`, "The record waited for a block when the node was stopped."],
  ["network", "network", "No peer is linked: the node is stopped."],
  ["verify", "verify", "Nothing leaves this page"],
  ["submit", "submit", "Nothing can be submitted"],
  ["search", "search?q=proven", "Record"],
];

export async function aStoppedNodeIsWholeAndOffersNoChanges({ browser, binary }) {
  await withView({ binary }, async ({ view, ...known }) => {
    const page = await browser.open(view);
    for (const [name, path, text] of pages(known)) {
      await page.goto(`${view.url}/explorer/${path}`);
      await sees(page, text);
      await showsStopped(page);
      await sees(page, /^Stopped node: this is what .* held at/);
      if (name === "overview") await charts(page);
      assert.match(await page.title(), /^Stopped node · /);
      assert.equal(await page.getByRole("button", { name: /^(Pause|Add|Remove|Ban|End|Take it back|Submit)/ }).count(), 0, name);
      assert.equal(await page.locator("#submit-link").isVisible(), false);
      await isWhole(page, `stopped-${name}`);
    }
    await page.finish();
  });
}

export async function theAddressOfAStoppedNodeIsEnough({ browser, binary }) {
  await withView({ binary }, async ({ view, node, record }) => {
    const page = await browser.open(view, "", { address: view.address, context: { httpCredentials: undefined } });
    await showsStopped(page);
    await sees(page, node.data);
    await page.fill("#search", "proven");
    await page.keyboard.press("Enter");
    await page.waitForURL(new RegExp(record));
    await page.locator("[data-verdict=verified]").waitFor();
    const receipt = await page.evaluate(async (path) => (await fetch(location.origin + path)).text(), `/v1/records/${record}/receipt`);
    await page.getByRole("link", { name: "Verify" }).click();
    await page.fill("#receipt", receipt);
    await page.getByRole("button", { name: "Ask this node about the tip" }).click();
    await sees(page, "The node has the tip on its main chain");
    await page.locator("[data-verdict=verified]").waitFor();
    await page.finish();
  });
}

export async function aStoppedNodeIsAskedNothingInVain({ browser, binary }) {
  await withView({ binary }, async ({ view }) => {
    const page = await browser.open(view, "network", { clock: 0 });
    await showsStopped(page);
    await sees(page, "No peer is linked: the node is stopped.");
    await sees(page, "The chain was never reorganised.");
    await page.goto(`${view.url}/explorer/`);
    await showsStopped(page);
    await sees(page, "all checked");
    await charts(page);
    // Charts are drawn anew once, a while after the first blocks came.
    await page.clock.runFor(10_000);
    await page.waitForLoadState("networkidle");
    let asked = 0;
    page.on("request", () => (asked += 1));
    await page.clock.runFor(30_000);
    await settle(page);
    assert.equal(asked, 0);
    await page.finish();
  });
}
