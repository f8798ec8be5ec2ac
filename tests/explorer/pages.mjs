// Every page in both themes and in four widths: nothing is cut, and axe finds no fault.
import assert from "node:assert/strict";
import { join } from "node:path";

import { isTooWide, live, sees, violations } from "./browser.mjs";

const WIDTHS = [320, 360, 640, 1280];

/** The pages, each with a text that shows when it is there. */
const pages = ({ block, record, hostile }) => [
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

export async function pagesAreWhole({ browser, node, known }) {
  const pictures = process.env.JENNY_TEST_SCREENSHOTS;
  for (const scheme of ["light", "dark"]) {
    for (const width of WIDTHS) {
      const page = await browser.open(node, "", { width, scheme });
      const titles = new Set();
      for (const [name, path, text] of pages(known)) {
        await page.goto(`${node.url}/explorer/${path}`);
        await sees(page, text);
        await live(page);
        await page.waitForTimeout(name === "overview" ? 500 : 50);
        assert.equal(await isTooWide(page), false, `${name} at ${width}`);
        titles.add(await page.title());
        assert.equal(await page.locator("h1").count(), 1, name);
        if (pictures) await page.screenshot({ path: join(pictures, `${name}-${width}-${scheme}.png`), fullPage: true });
      }
      assert.equal(titles.size, pages(known).length, [...titles].join("; "));
      await page.finish();
    }
  }
}

export async function axeFindsNothing({ browser, node, known }) {
  for (const scheme of ["light", "dark"]) {
    for (const width of [360, 1280]) {
      const page = await browser.open(node, "", { width, scheme, bypassCSP: true });
      for (const [name, path, text] of pages(known)) {
        await page.goto(`${node.url}/explorer/${path}`);
        await sees(page, text);
        await live(page);
        await page.locator("details:not(.menu)").evaluateAll((all) => all.forEach((one) => (one.open = true)));
        assert.deepEqual(await violations(page), [], `${name} at ${width}, ${scheme}`);
      }
      await page.locator(".menu > summary").click();
      assert.deepEqual(await violations(page), [], `the settings at ${width}, ${scheme}`);
      await page.finish();
    }
  }
}

export async function theFirstFrameHasTheChosenColours({ browser, node }) {
  for (const [scheme, choice, isDark] of [["dark", null, true], ["light", "dark", true], ["dark", "light", false], ["light", null, false]]) {
    const page = await browser.open(node, "", { scheme });
    await page.evaluate((value) => (value ? localStorage.setItem("jenny.theme", value) : localStorage.removeItem("jenny.theme")), choice);
    await page.goto(`${node.url}/explorer/blocks`, { waitUntil: "commit" });
    await page.waitForSelector("body", { state: "attached" });
    const shade = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0, 3).map(Number));
    assert.equal(shade.every((part) => part < 64), isDark, `${scheme}, ${choice}: ${shade}`);
    await page.finish();
  }
}

export async function theKeyboardReachesEverything({ browser, node, known }) {
  const page = await browser.open(node, "blocks");
  await sees(page, "Jump to height");
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.id), "search");
  await page.keyboard.type("/1");
  assert.equal(await page.inputValue("#search"), "/1");
  await page.locator(".menu > summary").click();
  await page.getByLabel("Does nothing").check();
  await page.keyboard.press("Escape");
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("/");
  assert.notEqual(await page.evaluate(() => document.activeElement.id), "search");
  const link = page.locator("td a.height").first();
  await link.focus();
  const outline = await link.evaluate((element) => getComputedStyle(element).outlineWidth);
  assert.equal(outline, "2px");
  await page.keyboard.press("Enter");
  await sees(page, "Commits to every block below it.");
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1");
  await page.goBack();
  await sees(page, "Jump to height");
  assert.ok(known);
  await page.finish();
}

export async function backReturnsToThePlace({ browser, node }) {
  const page = await browser.open(node, "blocks", { width: 360 });
  await sees(page, "Jump to height");
  await page.locator("td a.height").nth(15).scrollIntoViewIfNeeded();
  const [before, rows] = [await page.evaluate(() => scrollY), await page.locator("tbody").innerText()];
  assert.ok(before > 200);
  await page.locator("td a.height").nth(15).click();
  await sees(page, "Commits to every block below it.");
  assert.equal(await page.evaluate(() => scrollY), 0);
  await page.goBack();
  await sees(page, "Jump to height");
  assert.ok(Math.abs((await page.evaluate(() => scrollY)) - before) <= 2);
  const hashes = (text) => text.match(/[0-9a-f]{64}/g)?.join() ?? text.length > 0;
  assert.deepEqual(hashes(await page.locator("tbody").innerText()), hashes(rows));
  await page.finish();
}

export async function timesAreInTheChosenZone({ browser, node, known }) {
  const page = await browser.open(node, `block/${known.block}`, { context: { timezoneId: "Asia/Kolkata" } });
  await sees(page, "+05:30");
  await page.locator(".menu > summary").click();
  await page.getByLabel("UTC").check();
  await page.waitForFunction(() => / Z$/.test(document.querySelector('time[data-as="exact"]').textContent));
  await page.reload();
  await page.waitForFunction(() => / Z$/.test(document.querySelector('time[data-as="exact"]')?.textContent));
  await page.finish();
}
