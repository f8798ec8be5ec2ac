// How a reader moves: by keyboard, back and forth, with colours, clocks and time zones of their own.
import assert from "node:assert/strict";

import { live, sees } from "./browser.mjs";
import { charts, hashes, shows } from "./seen.mjs";

export async function theFirstFrameHasTheChosenColours({ browser, node }) {
  for (const [scheme, choice, isDark] of [["dark", null, true], ["light", "dark", true], ["dark", "light", false], ["light", null, false]]) {
    const page = await browser.open(node, "", { scheme, prefs: choice ? { theme: choice } : {} });
    await page.goto(`${node.url}/explorer/blocks`, { waitUntil: "commit" });
    await page.waitForSelector("body", { state: "attached" });
    const shade = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0, 3).map(Number));
    assert.equal(shade.every((part) => part < 64), isDark, `${scheme}, ${choice}: ${shade}`);
    await page.finish();
  }
}

/** What has the focus: its text, and whether a ring of 2 px shows it. */
const focused = (page) => page.evaluate(() => {
  const { activeElement: one } = document;
  const { outlineStyle, outlineWidth } = getComputedStyle(one);
  return { name: one.id || one.textContent.trim() || one.getAttribute("aria-label") || one.tagName, tag: one.tagName, isShown: outlineStyle === "solid" && outlineWidth === "2px" };
});

/** Presses Tab until the focus is on something of that name; everything on the way shows a ring. */
async function tabTo(page, name) {
  const passed = [];
  for (let steps = 0; steps < 200; steps++) {
    await page.keyboard.press("Tab");
    const one = await focused(page);
    passed.push(one.name);
    if (one.tag !== "BODY") assert.ok(one.isShown, `the focus on ${one.name} is not seen`);
    if (one.name === name) return;
  }
  throw new Error(`Tab never reaches ${name}: ${passed.join("; ")}`);
}

export async function theKeyboardReachesEverything({ browser, node, known }) {
  const page = await browser.open(node);
  await live(page);
  await page.keyboard.press("Tab");
  assert.equal((await focused(page)).name, "Skip to the content");
  await page.keyboard.press("Enter");
  assert.equal((await focused(page)).tag, "MAIN");
  await page.reload();
  await live(page);
  await tabTo(page, "Blocks");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/explorer/blocks");
  assert.deepEqual(await focused(page), { name: "Blocks", tag: "H1", isShown: true });
  await shows(page, node, 25);
  await tabTo(page, "search");
  await page.keyboard.type(`${known.height}`);
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/explorer/block/${known.block}`);
  await sees(page, "Copy text");
  const id = await page.locator(".record a.hash").first().textContent();
  await tabTo(page, id);
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/explorer/record/${id}`);
  await sees(page, "What this shows");
  await tabTo(page, "Verify");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/explorer/verify");
  await tabTo(page, "receipt");
  await page.goBack();
  await page.waitForURL(`**/explorer/record/${id}`);
  await page.goBack();
  await page.waitForURL(`**/explorer/block/${known.block}`);
  await sees(page, "Copy text");
  await page.finish();
}

export async function aKeyOpensTheSearch({ browser, node }) {
  const page = await browser.open(node, "blocks");
  await sees(page, "Jump to height");
  await page.keyboard.press("/");
  assert.equal((await focused(page)).name, "search");
  await page.keyboard.type("/1");
  assert.equal(await page.inputValue("#search"), "/1");
  await page.locator(".menu > summary").click();
  await page.getByLabel("Does nothing").check();
  await page.keyboard.press("Escape");
  assert.equal((await focused(page)).name, "Settings");
  await page.keyboard.press("/");
  assert.equal((await focused(page)).name, "Settings");
  await page.finish();
}

export async function backReturnsToThePlace({ browser, node }) {
  for (const width of [360, 1280]) {
    const page = await browser.open(node, "blocks", { width });
    await live(page);
    await shows(page, node, 25);
    const link = page.locator("td a.height").nth(20);
    await link.scrollIntoViewIfNeeded();
    const [before, rows] = [await page.evaluate(() => scrollY), await hashes(page)];
    assert.ok(before > 50, `${before}`);
    const titles = [await page.title(), await page.locator("h1").innerText()];
    await link.click();
    await sees(page, "Commits to every block below it.");
    assert.equal(await page.evaluate(() => scrollY), 0);
    for (const [at, text] of [await page.title(), await page.locator("h1").innerText()].entries()) assert.notEqual(text, titles[at]);
    await node.mine("while the reader is away");
    await page.goBack();
    await sees(page, "1 new block");
    assert.ok(Math.abs((await page.evaluate(() => scrollY)) - before) <= 2);
    assert.deepEqual(await hashes(page), rows);
    assert.match(await page.title(), /^Blocks/);
    await page.finish();
  }
}

export async function agesGoByTheClockOfTheNode({ browser, node }) {
  const { timestamp, height } = await node.mine("just now");
  for (const minutes of [10, -10]) {
    const page = await browser.open(node, "", { clock: minutes * 60_000 });
    await page.locator(".banner", { hasText: `This browser's clock is 10 min ${minutes > 0 ? "ahead of" : "behind"} the node's` }).waitFor();
    await shows(page, node, 10);
    // Each age is compared with the moment at which it was read.
    const shown = await page.locator("tbody tr time").first().innerText();
    const age = (Date.now() - timestamp) / 1000;
    const seconds = shown === "now" ? 0 : Number(/^(\d+) sec ago$/.exec(shown)?.[1] ?? /^(\d+) min ago$/.exec(shown)[1] * 60);
    assert.ok(seconds - 2 <= age && age <= seconds + (shown.includes("min") ? 62 : 4), `${shown} of ${age} s`);
    await page.finish();
  }
  const ahead = async (route) => {
    const response = await route.fetch();
    const page = await response.json();
    for (const header of page.headers) if (header.height === height) header.timestamp = Date.now() + 90_000;
    await route.fulfill({ response, json: page });
  };
  const page = await browser.open(node, "blocks", { before: (tab) => tab.route("**/v1/headers*", ahead) });
  await sees(page, /^(8\d|90) s ahead of this node's clock$/);
  assert.doesNotMatch(await page.locator("tbody time").allInnerTexts().then((all) => all.join()), /-\d/);
  await page.finish();
}

export async function timesAreInTheChosenZone({ browser, node, known }) {
  const page = await browser.open(node, `block/${known.block}`, { context: { timezoneId: "Asia/Kolkata" } });
  await sees(page, "+05:30");
  const choose = async (zone) => {
    await page.locator(".menu > summary").click();
    await page.getByLabel(zone).check();
    await page.keyboard.press("Escape");
  };
  await choose("UTC");
  await page.waitForFunction(() => / Z$/.test(document.querySelector('time[data-as="exact"]').textContent));
  await page.reload();
  await page.waitForFunction(() => / Z$/.test(document.querySelector('time[data-as="exact"]')?.textContent));
  await page.goto(`${node.url}/explorer/`);
  await charts(page);
  // The chart says when the block under the pointer was mined.
  await page.locator(".u-over").first().hover();
  const reading = page.locator(".reading").first();
  await reading.filter({ hasText: /Block/ }).waitFor();
  const [, height] = /^Block ([\d,]+), /.exec(await reading.innerText());
  const { timestamp } = await node.ask(`/v1/blocks/${height.replaceAll(",", "")}/header`);
  const clock = (timeZone) => new Intl.DateTimeFormat("en-GB", { timeZone, timeStyle: "medium" }).format(timestamp);
  await reading.filter({ hasText: clock("UTC") }).waitFor();
  await page.evaluate(() => document.querySelector("input[name=zone][value=local]").click());
  await reading.filter({ hasText: clock("Asia/Kolkata") }).waitFor();
  await page.finish();
}
