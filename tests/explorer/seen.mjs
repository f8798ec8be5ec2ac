// What a tab shows: its rows, and whether nothing is cut or out of reach.
import assert from "node:assert/strict";
import { join } from "node:path";

import { isTooWide, violations } from "./browser.mjs";
import { until } from "./node.mjs";

const WIDTHS = [320, 360, 640, 1280];
/** Axe looks at a page in each theme, on a narrow and on a wide screen. */
const AXE = { light: 320, dark: 1280 };

/** Runs in the page: what sticks out of the box that it is in. */
const outside = () => Array.from(document.querySelectorAll("main :is(.card, .verdict, .steps, .banner, .empty, .data, .state-line), #banner .banner, #header")).flatMap((box) => {
  const { left, right } = box.getBoundingClientRect();
  return Array.from(box.querySelectorAll("*")).filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest(".aside, .panel, thead, .plot")).filter((one) => {
    const { width, left: from, right: to } = one.getBoundingClientRect();
    return width > 0 && (from < left - 1 || to > right + 1);
  }).map((one) => `${one.tagName} .${one.className} in .${box.className}: ${one.textContent.slice(0, 40)}`);
});

/**
 * Checks a tab in both themes and in four widths; `name` is of the pictures, if they are wanted.
 * `isThorough` lets axe look at each theme in both layouts.
 */
export async function isWhole(page, name, { isThorough = false } = {}) {
  const pictures = process.env.JENNY_TEST_SCREENSHOTS;
  assert.equal(await page.locator("h1").count(), 1, name);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      await until(`${name} fits into ${width}`, async () => !(await isTooWide(page)));
      assert.deepEqual(await page.evaluate(outside), [], `${name} at ${width}`);
      if (pictures) await page.screenshot({ path: join(pictures, `${name}-${width}-${colorScheme}.png`), fullPage: true });
      if (width === AXE[colorScheme] || (isThorough && Object.values(AXE).includes(width))) assert.deepEqual(await violations(page), [], `${name} at ${width}, ${colorScheme}`);
    }
  }
}

export const heights = (page) => page.locator("tbody a.height").evaluateAll((all) => all.map((one) => Number(one.textContent)));
export const hashes = (page) => page.locator("tbody a.hash").evaluateAll((all) => all.map((one) => one.textContent));

async function chainOf(node, count) {
  const { headers } = await node.ask(`/v1/headers?order=desc&limit=${count}`);
  return headers.map(({ hash }) => hash);
}

/** Waits until the page lists the newest blocks of the node. */
export const shows = (page, node, count) => until("the chain is shown", async () => JSON.stringify(await hashes(page)) === JSON.stringify(await chainOf(node, count)));

/** Waits until the three charts are drawn. */
export const charts = (page) => until("the charts are drawn", async () => (await page.locator("canvas").count()) === 3);
