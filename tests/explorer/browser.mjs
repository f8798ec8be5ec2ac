// Chromium, and what must be true of every page whatever a check does with it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { chromium } from "playwright-core";

import { PATIENCE, until } from "./node.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What a browser says of a response that the page expects, of a node that is gone, and of plain HTTP. */
const EXPECTED = /Failed to load resource|The Cross-Origin-Opener-Policy header has been ignored/;

/** Serves the files of `web/` as they are now, in place of those that the program carries. */
async function fromSource(route) {
  const name = new URL(route.request().url()).pathname.replace(/.*\/explorer\/a\/[^/]+\//, "");
  const type = { js: "text/javascript", css: "text/css", svg: "image/svg+xml" }[name.split(".").at(-1)];
  await route.fulfill({ body: readFileSync(new URL(`../../web/${name}`, import.meta.url)), contentType: type });
}

/** What the reader chose in the settings before; an empty page has no storage. */
function choose(prefs) {
  if (!location.protocol.startsWith("http")) return;
  for (const [key, value] of Object.entries(prefs)) {
    if (localStorage.getItem(`jenny.${key}`) === null) localStorage.setItem(`jenny.${key}`, value);
  }
}

/** A browser, or one of several users of the same one, with tabs of its own. */
export class Browser {
  #contexts = new Set();

  constructor(browser, executable) {
    Object.assign(this, { browser, executable });
  }

  static async launch(executablePath, args = []) {
    return new Browser(await chromium.launch({ executablePath, args: ["--no-sandbox", ...args] }), executablePath);
  }

  /** A further user, who closes no tabs but their own. */
  share() {
    return new Browser(this.browser, this.executable);
  }

  /**
   * A tab at a page of the node; its faults are gathered. `clock` is how far the browser's clock
   * is ahead, in milliseconds; with it the check turns the page's timers.
   */
  async open(node, path = "", { width = 1280, scheme = "light", user = node.user, context = {}, clock, prefs = {}, before, address = `${node.url}/explorer/${path}` } = {}) {
    const [username, password] = user.split(":");
    const own = await this.browser.newContext({
      viewport: { width, height: 900 }, colorScheme: scheme, httpCredentials: { username, password }, ...context,
    });
    own.setDefaultTimeout(PATIENCE);
    own.setDefaultNavigationTimeout(PATIENCE);
    this.#contexts.add(own);
    await own.addInitScript(choose, prefs);
    if (process.env.JENNY_TEST_WEB) await own.route("**/explorer/a/*/**", fromSource);
    const page = await this.tab(own, node);
    if (clock !== undefined) await page.clock.install({ time: Date.now() + clock });
    await before?.(page);
    await page.goto(address);
    page.finish = async () => {
      for (const tab of own.pages()) assert.deepEqual(tab.faults, []);
      this.#contexts.delete(own);
      await own.close();
    };
    return page;
  }

  /** An empty tab of a context. */
  async tab(context, node) {
    const page = await context.newPage();
    page.faults = [];
    page.on("pageerror", (error) => page.faults.push(error.stack));
    page.on("console", (message) => message.type() === "error" && !EXPECTED.test(message.text()) && page.faults.push(message.text()));
    page.on("request", (request) => new URL(request.url()).origin !== node.url && !request.url().startsWith("data:") && page.faults.push(`asks ${request.url()}`));
    page.on("dialog", (dialog) => (page.faults.push(`a dialog: ${dialog.message()}`), dialog.dismiss()));
    await page.addInitScript(() => document.addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.sample}`)));
    return page;
  }

  /** Closes what a check that failed left open. */
  async closeTabs() {
    await Promise.all(Array.from(this.#contexts, (context) => context.close()));
    this.#contexts.clear();
  }

  close() {
    return this.browser.close();
  }
}

/** Waits for a text in the page. */
export const sees = (page, text, options) => page.getByText(text, options).first().waitFor();

/** Waits until the header says that. */
export const linked = (page, words, options) => page.locator(".pill", { hasText: words }).waitFor(options);

/** Waits until the page is live. */
export const live = (page) => linked(page, /^Live$/);

/** Waits until what the page has begun within this frame is done. */
export const settle = (page) => page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));

/** A hash is read aloud by its kind and its last digits: nobody could follow all 64. */
const RULES = { "label-content-name-mismatch": { enabled: false } };

/** It sees no colour behind a text that lies over a chart, is cut by a scroll, or is beside a hidden one. */
const OBSCURED = /overlap|obscured|image node/;

/** Runs in the page: whether all is shown as it stays. What turns for ever is no part of that. */
const isAtRest = () => document.getAnimations().every(({ effect, playState }) => playState === "finished" || effect.getComputedTiming().endTime === Infinity);

/** The violations that axe finds and what it cannot decide, one line each. */
export async function violations(page) {
  if (!(await page.evaluate(() => Boolean(globalThis.axe)))) await page.evaluate(axe);
  // A text that is just appearing has too little contrast.
  await until("the page is at rest", () => page.evaluate(isAtRest));
  const { violations: found, incomplete } = await page.evaluate((rules) => globalThis.axe.run(document, { resultTypes: ["violations", "incomplete"], rules }), RULES);
  const isOpen = ({ id, nodes }) => id !== "color-contrast" || !nodes.every(({ any }) => any.every(({ message }) => OBSCURED.test(message)));
  const line = (kind) => ({ id, nodes }) => `${kind}${id}: ${nodes.map(({ target, any }) => `${target} (${any.map(({ message }) => message).join("; ")})`).join(", ")}`;
  return [...found.map(line("")), ...incomplete.filter(isOpen).map(line("undecided: "))];
}

/** Whether the page is wider than the window. */
export const isTooWide = (page) => page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
