// Pages that stay open while blocks come.
import assert from "node:assert/strict";

import { linked, live, sees, settle } from "./browser.mjs";
import { charts, hashes, shows } from "./seen.mjs";

export async function newBlocksAppearByThemselves({ browser, node }) {
  const page = await browser.open(node);
  await live(page);
  await node.mine("comes while the page is open");
  await shows(page, node, 10);
  await page.finish();
}

export async function rowsStayUnderThePointer({ browser, node }) {
  for (const width of [1280, 450]) {
    const page = await browser.open(node, "blocks", { width });
    await live(page);
    await shows(page, node, 25);
    const row = page.locator("tbody tr").nth(2);
    await row.hover();
    const [before, place] = [await hashes(page), await row.boundingBox()];
    for (const text of ["a", "b", "c"]) await node.mine(text);
    await sees(page, "3 new blocks");
    assert.deepEqual(await hashes(page), before);
    assert.deepEqual(await row.boundingBox(), place);
    await page.getByRole("button", { name: "3 new blocks" }).click();
    await shows(page, node, 25);
    assert.equal(await page.evaluate(() => document.activeElement === document.querySelector("tbody a.height")), true);
    await page.finish();
  }
}

export async function onlyNewRowsAreTinted({ browser, node }) {
  const watch = () => {
    globalThis.tinted = [];
    document.addEventListener("animationstart", ({ target }) => target.matches("tr") && globalThis.tinted.push(target.dataset.key));
  };
  const page = await browser.open(node, "", { before: (tab) => tab.addInitScript(watch) });
  await live(page);
  await shows(page, node, 10);
  const { hash } = await node.mine("a new row");
  await page.waitForFunction(() => globalThis.tinted.length > 0);
  assert.deepEqual(await page.evaluate(() => globalThis.tinted), [hash]);
  await page.finish();
}

export async function aPausedPageDoesNotChange({ browser, node, known }) {
  for (const path of ["", "blocks", "network", `record/${known.record}`, "submit"]) {
    const page = await browser.open(node, path, { clock: 0 });
    await live(page);
    if (path === "") await charts(page);
    else await sees(page, { blocks: "Jump to height", network: "No peer is linked", submit: "One record" }[path] ?? "What this shows");
    if (path === "submit") {
      await page.fill("#record", `watched while paused`);
      await page.getByRole("button", { name: "Submit one record" }).click();
      await sees(page, "durable on the node's disk");
    }
    await page.getByRole("button", { name: "Pause" }).click();
    await linked(page, "Paused");
    await settle(page);
    await page.evaluate(() => {
      globalThis.changes = [];
      const note = (all) => globalThis.changes.push(...all.filter(({ target }) => !target.parentElement?.closest(".pill")).map(({ target, type }) => `${type} in ${target.parentElement?.className}`));
      new MutationObserver(note).observe(document.documentElement, { subtree: true, childList: true, characterData: true, attributes: true });
    });
    let asked = 0;
    page.on("request", () => (asked += 1));
    await node.mine("while paused");
    await page.clock.runFor(15_000);
    await settle(page);
    assert.deepEqual(await page.evaluate(() => globalThis.changes), [], path);
    assert.equal(asked, 0, `${path} asks while it is paused`);
    await page.getByRole("button", { name: "Resume" }).click();
    await live(page);
    if (path === "" || path === "blocks") await shows(page, node, path ? 25 : 10);
    await page.finish();
  }
}

export async function newBlocksAreAnnouncedNowAndThen({ browser, node }) {
  const page = await browser.open(node, "", { clock: 0 });
  await live(page);
  await page.evaluate(() => {
    globalThis.said = [];
    const announcer = document.getElementById("announcer");
    new MutationObserver(() => globalThis.said.push(announcer.textContent)).observe(announcer, { childList: true, characterData: true, subtree: true });
  });
  const said = (count) => page.waitForFunction((count) => globalThis.said.length >= count, count);
  await node.mine("the first one");
  await said(1);
  for (const text of ["one", "two", "three"]) await node.mine(text);
  await shows(page, node, 10);
  assert.equal((await page.evaluate(() => globalThis.said)).length, 1);
  await page.clock.runFor(15_000);
  await said(2);
  const { tip } = await node.ask("/v1/status");
  const grouped = (height) => height.toLocaleString("en");
  assert.deepEqual(await page.evaluate(() => globalThis.said), [`1 new block, tip ${grouped(tip.height - 3)}`, `3 new blocks, tip ${grouped(tip.height)}`]);
  await page.finish();
}
