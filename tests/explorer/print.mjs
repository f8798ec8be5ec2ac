// Pages on paper.
import assert from "node:assert/strict";

import { live, sees } from "./browser.mjs";

async function onPaper(page) {
  // A sheet of A4 less its margins.
  await page.setViewportSize({ width: 718, height: 1000 });
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
}

/** Runs in the page: what a sheet must not have. */
function faults() {
  const found = [];
  const isShown = (one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !one.closest(".aside");
  for (const one of document.querySelectorAll("main *")) {
    if (isShown(one) && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline") found.push(`cut: ${one.tagName} .${one.className}`);
  }
  for (const one of document.querySelectorAll("main .hash, main .digits")) {
    if (isShown(one) && !/^[0-9a-f]{64}$/.test(one.innerText.replace(/\s/g, ""))) found.push(`a hash: ${one.innerText}`);
  }
  // The end of a page cuts a grid or a row of boxes so that its parts lie over each other.
  for (const one of document.querySelectorAll("main, main *")) {
    const { height } = one.getBoundingClientRect();
    if (isShown(one) && height > 300 && /grid|flex/.test(getComputedStyle(one).display)) found.push(`a grid of ${height.toFixed(0)} px: ${one.tagName} .${one.className}`);
  }
  for (const one of document.querySelectorAll("main .hash span")) {
    if (isShown(one) && parseFloat(getComputedStyle(one).fontSize) < 10) found.push(`small: ${one.textContent}`);
  }
  for (const one of document.querySelectorAll("main, main *")) {
    const { color, backgroundColor } = getComputedStyle(one);
    if (isShown(one) && one.innerText && color !== "rgb(0, 0, 0)") found.push(`${color}: ${one.innerText.slice(0, 20)}`);
    if (isShown(one) && !/, 0\)$/.test(backgroundColor) && backgroundColor !== "rgb(255, 255, 255)") found.push(`on ${backgroundColor}: ${one.tagName} .${one.className}`);
  }
  for (const name of ["#header", "nav", "#footer", "button"]) if (Array.from(document.querySelectorAll(name)).some(isShown)) found.push(name);
  for (const one of document.querySelectorAll("main details")) if (!one.open) found.push("a fold");
  return [...new Set(found)];
}

export async function aBlockIsPrintedInFull({ browser, node, known }) {
  for (const scheme of ["light", "dark"]) {
    const page = await browser.open(node, `block/${known.hostile}`, { scheme });
    await sees(page, "Copy text");
    await onPaper(page);
    assert.deepEqual(await page.evaluate(faults), []);
    assert.ok((await page.locator(".printed").innerText()).startsWith(`${page.url()}, printed 20`));
    const longest = await page.locator("pre").evaluateAll((all) => Math.max(...all.map((one) => one.innerText.length)));
    assert.equal(longest, 65_536);
    await page.evaluate(() => dispatchEvent(new Event("afterprint")));
    assert.equal(await page.locator("main details[open]").count(), 0);
    assert.equal(await page.locator("button[aria-expanded=true]").count(), 0);
    await page.finish();
  }
}

export async function aReceiptIsPrintedWithItsVerdict({ browser, node, known }) {
  const page = await browser.open(node, `record/${known.record}`, { scheme: "dark" });
  await sees(page, "What this shows");
  await live(page);
  await page.evaluate(() => localStorage.setItem("jenny.theme", "dark"));
  await page.reload();
  await sees(page, "What this shows");
  await onPaper(page);
  assert.deepEqual(await page.evaluate(faults), []);
  assert.ok(await page.getByRole("heading", { name: "Verified" }).isVisible());
  assert.equal(await page.locator(".step .numbers").count(), 7);
  const file = await page.pdf({ format: "A4" });
  assert.equal(file.subarray(0, 5).toString(), "%PDF-");
  await page.finish();
}
