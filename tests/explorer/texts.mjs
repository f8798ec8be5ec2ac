// Texts in every script, and texts that take long to show.
import assert from "node:assert/strict";

import { isTooWide, live, sees } from "./browser.mjs";

const LANGUAGES = ["中文区块", "Русский «текст»", "العربية ١٢٣", "می\u200cخواهم", "क्\u200dष हिन्दी", "👩\u200d👩\u200d👧 👨🏽\u200d💻 ❤️", "naïve “quotes”"];

/** Longest time for which a page may leave its reader alone, in milliseconds. */
const LONGEST_TASK = 200;

export async function everyScriptIsShownAsItIs({ browser, node }) {
  const { hash } = await node.mine(...LANGUAGES);
  for (const width of [320, 1280]) {
    const page = await browser.open(node, `block/${hash}`, { width });
    await sees(page, LANGUAGES[0]);
    assert.equal(await page.locator(".code-point").count(), 0);
    assert.deepEqual(await page.locator(".record pre").allTextContents(), LANGUAGES);
    // A text from right to left turns nothing but itself.
    const [tops, lefts] = await page.locator(".record").evaluateAll((all) => [
      all.map((one) => one.getBoundingClientRect().top), all.map((one) => [one, one.querySelector("h3"), one.querySelector("h3 a"), one.querySelector(".buttons")].map((part) => part.getBoundingClientRect().left).join()),
    ]);
    assert.deepEqual(tops, tops.toSorted((a, b) => a - b));
    assert.equal(new Set(lefts).size, 1);
    await page.finish();
  }
}

export async function longAndManyTextsHoldNothingUp({ browser, node }) {
  const { hash } = await node.mine(...Array.from({ length: 4_096 }, (_, at) => (at === 7 ? "x".repeat(65_536) : at === 8 ? "\u202e".repeat(10_000) : `full ${at}`)));
  const watch = () => {
    globalThis.tasks = [];
    new PerformanceObserver((list) => globalThis.tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask", buffered: true });
  };
  const page = await browser.open(node, `block/${hash}`, { before: (tab) => tab.addInitScript(watch) });
  await sees(page, "Page 1 of 82");
  await live(page);
  await page.getByRole("button", { name: /^Show all 64/ }).click();
  await page.waitForFunction(() => Array.from(document.querySelectorAll("pre")).some((one) => one.textContent.length === 65_536));
  assert.equal(await isTooWide(page), false);
  const longest = Math.max(0, ...(await page.evaluate(() => globalThis.tasks)));
  console.log(`        the longest task took ${longest.toFixed(0)} ms (${LONGEST_TASK} ms are meant)`);
  await page.finish();
}
