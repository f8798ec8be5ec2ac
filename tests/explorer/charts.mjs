// The charts of Overview, with series that a node would need days to make.
import assert from "node:assert/strict";

import { live, sees } from "./browser.mjs";
import { series as blocks } from "./chain.mjs";

/** Notes what is written on each canvas, by the alignment that tells the axes apart. */
function noteLabels() {
  const { fillText, clearRect } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
    (this.canvas.labels ??= []).push([this.textAlign, text]);
    return fillText.call(this, text, ...place);
  };
  CanvasRenderingContext2D.prototype.clearRect = function (...place) {
    this.canvas.labels = [];
    return clearRect.call(this, ...place);
  };
}

const SERIES = {
  none: [], one: blocks([7]), two: blocks([7, 12]), many: blocks(Array.from({ length: 360 }, (_, at) => 2 + (at * 7) % 23)),
  gap: blocks([...Array(200).fill(9), 3 * 3600, ...Array(159).fill(11)]), equal: blocks(Array(360).fill(10)),
  huge: blocks(Array(360).fill(10), { bits: "1c044b82" }), instant: blocks(Array(360).fill(0)),
};

async function open(browser, node, points, options = {}) {
  const page = await browser.open(node, "verify", options);
  await page.addInitScript(noteLabels);
  await page.route("**/v1/series?*", (route) => route.fulfill({ json: { from: 0, to: 1, blocksPerPoint: 1, points } }));
  await page.goto(`${node.url}/explorer/`);
  await live(page);
  await page.locator("figure canvas").nth(2).waitFor();
  return page;
}

export async function everySeriesIsDrawn({ browser, node }) {
  for (const [name, points] of Object.entries(SERIES)) {
    const page = await open(browser, node, points);
    const figures = await page.locator("figure").all();
    assert.equal(figures.length, 3);
    for (const figure of figures) {
      const text = await figure.evaluate((one) => one.textContent);
      assert.ok(!/NaN|undefined|Infinity|null/.test(text), `${name}: ${text}`);
      const labels = await figure.locator("canvas").evaluate((one) => one.labels ?? []);
      for (const axis of ["right", "center"]) {
        const own = labels.filter(([align]) => align === axis).map(([, label]) => label);
        assert.ok(own.length >= 1 && own.length < 12, `${name}: ${own}`);
        assert.equal(new Set(own).size, own.length, `${name}: ${own}`);
        assert.ok(own.every((label) => /^[\d.,: kMGTPEZY-]+$/.test(label)), `${name}: ${own}`);
      }
      assert.equal(await figure.locator(".no-data").isVisible(), points.length === 0, name);
      await figure.locator("summary").click();
      assert.equal(await figure.locator("tbody tr").count() > 0, points.length > 0, name);
    }
    await page.finish();
  }
}

export async function theTableOfAChartHasItsValues({ browser, node }) {
  const page = await open(browser, node, SERIES.many);
  const [first] = await page.locator("figure").all();
  await first.locator("summary").click();
  const rows = await first.locator("tbody tr").evaluateAll((all) => all.map((row) => Array.from(row.children, (cell) => cell.textContent)));
  assert.deepEqual(rows, SERIES.many.slice(-20).reverse().map(({ height, secondsPerBlock }) => [height.toLocaleString("en"), `${secondsPerBlock} s`]));
  // The target may be known only later.
  await sees(page, "Last 360 blocks: median 13 s, nine of ten within 22 s, target 10 s.");
  await page.finish();
}

export async function theArrowKeysReadAChart({ browser, node }) {
  const page = await open(browser, node, SERIES.many);
  const [, figure] = await page.locator("figure").all();
  await figure.locator("[role=img]").focus();
  await page.keyboard.press("Home");
  await figure.locator(".reading", { hasText: "Block 1,000," }).waitFor();
  await page.keyboard.press("ArrowRight");
  await figure.locator(".reading", { hasText: "Block 1,001," }).waitFor();
  assert.match(await figure.locator("[role=img]").getAttribute("aria-label"), /^Difficulty\. A block takes about 65\.5 k attempts/);
  await page.finish();
}

export async function aThemeColoursTheChartsAnew({ browser, node }) {
  const page = await open(browser, node, SERIES.many);
  const picture = () => page.locator("figure canvas").first().evaluate((canvas) => canvas.toDataURL());
  const before = await picture();
  const after = await page.evaluate(() => {
    document.querySelector("input[name=theme][value=dark]").click();
    return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(document.querySelector("figure canvas").toDataURL()))));
  });
  assert.notEqual(after, before);
  await page.finish();
}

export async function chartsAreInTheChosenZone({ browser, node }) {
  const page = await open(browser, node, SERIES.many, { context: { timezoneId: "Asia/Kolkata" } });
  const times = () => page.locator("figure canvas").first().evaluate((one) => one.labels.filter(([align]) => align === "center").map(([, label]) => label));
  assert.match((await times())[0], /^1[12]:/);
  await page.locator(".menu > summary").click();
  await page.getByLabel("UTC").check();
  await page.waitForFunction(() => document.querySelector("figure canvas")?.labels?.some(([, label]) => label.startsWith("06:")));
  await sees(page, "Show as a table");
  await page.finish();
}

export async function theTargetIsDrawnOnceItIsKnown({ browser, node }) {
  const page = await browser.open(node, "verify");
  await page.route("**/v1/series?*", (route) => route.fulfill({ json: { from: 0, to: 1, blocksPerPoint: 1, points: SERIES.many } }));
  // The node tells of its chain after the charts were drawn.
  await page.route("**/v1/chain", async (route) => (await page.getByText(/^Last 360 blocks/).waitFor(), route.continue()));
  await page.goto(`${node.url}/explorer/`);
  await sees(page, "Last 360 blocks: median 13 s, nine of ten within 22 s, target 10 s.");
  await page.finish();
}
