// What is measured on every page: contrast, the size of what can be clicked, tables as cards, motion.
import assert from "node:assert/strict";

import { isTooWide, live, sees } from "./browser.mjs";
import { until, vectors } from "./node.mjs";
import { pages } from "./pages.mjs";

/** Opens each page in a tab, and has it measured. */
async function onEveryPage({ browser, node, known }, options, measure) {
  const page = await browser.open(node, "", options);
  for (const [name, path, text] of pages(known)) {
    await page.goto(`${node.url}/explorer/${path}`);
    await sees(page, text);
    await live(page);
    await measure(page, name);
  }
  await page.finish();
}

/** Runs in the page: what has less contrast than it needs, text 4.5 and borders and symbols 3. */
function faint() {
  const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const parts = (colour) => {
    if (!known.has(colour)) {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
      known.set(colour, [...context.getImageData(0, 0, 1, 1).data]);
    }
    return known.get(colour);
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((part, at) => (part * a + below[at] * (255 - a)) / 255);
  const behind = (element) => {
    const colour = element ? parts(getComputedStyle(element).backgroundColor) : parts(getComputedStyle(document.body).backgroundColor);
    return !element || colour[3] === 255 ? colour.slice(0, 3) : over(colour, behind(element.parentElement));
  };
  const light = (colour) => colour.map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)).reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const ratio = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const isSeen = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !element.closest(".aside, noscript");
  const found = [];
  const compare = (element, colour, below, least, what) => {
    const value = ratio(over(parts(colour), below), below);
    if (value < least) found.push(`${what}: ${value.toFixed(2)}`);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const element = text.parentElement;
    if (text.data.trim() && isSeen(element)) compare(element, getComputedStyle(element).color, behind(element), 4.5, `text "${text.data.trim().slice(0, 30)}"`);
  }
  for (const element of document.querySelectorAll("input:not([type=radio]), textarea, .button:not(.is-quiet, :disabled), .icon")) {
    if (!isSeen(element)) continue;
    const [colour, below] = element.matches(".icon") ? [getComputedStyle(element).color, behind(element)] : [getComputedStyle(element).borderTopColor, behind(element.parentElement)];
    if (!element.matches("[type=file], .is-primary")) compare(element, colour, below, 3, `${element.tagName} .${element.getAttribute("class")}`);
  }
  return [...new Set(found)];
}

/** Runs in the page: what can be clicked and is smaller than so many pixels, links within a sentence apart. */
function small(least, selector) {
  const isInSentence = (element) => {
    const block = element.closest("p, li, dd, td, figcaption");
    return block && getComputedStyle(element).display === "inline" && block.innerText.trim() !== element.innerText.trim();
  };
  return Array.from(document.querySelectorAll(selector)).filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.matches(".skip") && !isInSentence(element)).map((element) => {
    const target = element.matches("[type=radio]") ? element.closest("label") : element;
    const { width, height } = target.getBoundingClientRect();
    // What is out of sight has no size yet.
    return width > 0 && Math.min(width, height) < least - 0.01 ? `${element.tagName} .${element.className} "${element.innerText}": ${width} x ${height}` : null;
  }).filter(Boolean);
}

/** Runs in the page: the longest motion, in milliseconds. */
const motion = () => Math.max(...Array.from(document.querySelectorAll("*"), (one) => {
  const { transitionDuration, animationDuration } = getComputedStyle(one);
  return Math.max(...`${transitionDuration},${animationDuration}`.split(",").map((value) => parseFloat(value) * (value.trim().endsWith("ms") ? 1 : 1000)));
}));

const CLICKED = "a[href], button, input, textarea, summary";
const PRIMARY = ".button:not(.is-quiet), .pill, .menu > summary, #nav-list a, #search, main input:not([type=file], [type=radio]), textarea";
const sizes = (page, least, selector) => page.evaluate(`(${small})(${least}, ${JSON.stringify(selector)})`);

export async function everyPageIsReadableAndClickable(given) {
  for (const [scheme, width] of [["light", 1280], ["dark", 360]]) {
    await onEveryPage(given, { scheme, width, context: { reducedMotion: "reduce" } }, async (page, name) => {
      assert.deepEqual(await page.evaluate(faint), [], `${name}, ${scheme}`);
      assert.deepEqual(await sizes(page, 24, CLICKED), [], `${name} at ${width}`);
      assert.ok((await page.evaluate(motion)) <= 1, name);
    });
  }
}

/** A screen of 1,280 by 1,024 that is zoomed, which is touched. */
export async function everyPageWorksAtFourHundredPercent(given) {
  await onEveryPage(given, { width: 320, context: { viewport: { width: 320, height: 256 }, deviceScaleFactor: 4, hasTouch: true, isMobile: true } }, async (page, name) => {
    assert.equal(await isTooWide(page), false, name);
    assert.notEqual(await page.locator("#header").evaluate((one) => getComputedStyle(one).position), "sticky");
    assert.deepEqual(await sizes(page, 44, PRIMARY), [], `${name} on a touch screen`);
  });
}

/** Runs in the page: what people who choose the colours themselves cannot tell apart. */
function alike() {
  const style = (selector) => getComputedStyle(document.querySelector(selector));
  const [canvas, text] = ["Canvas", "CanvasText"].map((name) => {
    const probe = document.body.appendChild(document.createElement("span"));
    probe.style.color = name;
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  });
  const found = [];
  const [current, other] = ["#nav-list a[aria-current]", "#nav-list a:not([aria-current])"].map((selector) => style(selector).borderBottomColor);
  if (current === canvas || other !== canvas) found.push(`the present page: ${current}, and others: ${other}, on ${canvas}`);
  for (const one of document.querySelectorAll(".state > .icon, .verdict .icon, .step > .icon, .pill > .icon")) {
    if (getComputedStyle(one).stroke !== text) found.push(`a symbol: ${getComputedStyle(one).stroke}`);
  }
  for (const one of document.querySelectorAll("pre, .chip, .tag, .pill, .verdict, .code-point")) {
    if (one.checkVisibility() && getComputedStyle(one).borderTopWidth !== "1px") found.push(`no border: ${one.tagName} .${one.className}`);
  }
  const [pressed, free] = ["true", "false"].map((is) => document.querySelector(`[aria-pressed=${is}]`)).map((one) => one && getComputedStyle(one).backgroundColor);
  if (pressed && pressed === free) found.push(`what is pressed: ${pressed}`);
  return found;
}

export async function everyStateIsToldInForcedColours({ browser, node, known }) {
  for (const scheme of ["light", "dark"]) {
    const page = await browser.open(node, "blocks", { scheme, context: { forcedColors: "active" } });
    await sees(page, "Jump to height");
    await live(page);
    assert.deepEqual(await page.evaluate(alike), [], scheme);
    await page.goto(`${node.url}/explorer/block/${known.hostile}`);
    await page.getByRole("button", { name: "Exact view" }).first().click();
    assert.deepEqual(await page.evaluate(alike), [], scheme);
    await page.goto(`${node.url}/explorer/verify`);
    await page.fill("#receipt", vectors.sound[0].text);
    await page.getByRole("button", { name: "Verify", exact: true }).click();
    await page.locator("[data-verdict=unanchored]").waitFor();
    assert.deepEqual(await page.evaluate(alike), [], scheme);
    await page.finish();
  }
}

export async function tablesBecomeCards({ browser, node, known }) {
  const page = await browser.open(node, "blocks", { width: 360 });
  for (const [path, seen] of [["blocks", "Jump to height"], ["", "Latest blocks"], [`block/${known.block}`, "Commits to every block below it."]]) {
    await page.goto(`${node.url}/explorer/${path}`);
    await sees(page, seen);
    const tools = await page.context().newCDPSession(page);
    let [count, rows] = [() => 0, 0];
    // The tree follows the page a moment later.
    await until(`the rows of ${path} are rows to a reader`, async () => {
      const { nodes } = await tools.send("Accessibility.getFullAXTree");
      count = (role) => nodes.filter((one) => !one.ignored && one.role?.value === role).length;
      rows = await page.locator("main tr").evaluateAll((all) => all.filter((one) => one.checkVisibility()).length);
      return rows > 1 && count("row") === rows;
    });
    const row = page.locator("table.data tbody tr").first();
    // The height and the age are named by what they are.
    for (const cell of await row.locator("td:not(.lead-cell)").all()) assert.ok(await cell.locator(".label").isVisible(), path);
    assert.ok(count("table") >= 1, path);
    assert.ok(count("cell") >= rows - 1, path);
  }
  const first = page.locator(".header-table tr").first();
  assert.equal(await first.evaluate((row) => getComputedStyle(row).display), "block");
  await page.finish();
}
