// Chromium, and what must be true of every page whatever a check does with it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What a browser says of a response that the page expects, or of a node that is gone. */
const EXPECTED = /Failed to load resource/;

export class Browser {
  static async launch(executablePath) {
    const self = new Browser();
    self.browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    return self;
  }

  /** A tab at a page of the node; its faults are gathered. */
  async open(node, path = "", { width = 1280, scheme = "light", user = node.user, context = {}, bypassCSP = false, address = `${node.url}/explorer/${path}` } = {}) {
    const [username, password] = user.split(":");
    const own = await this.browser.newContext({
      viewport: { width, height: 900 }, colorScheme: scheme, httpCredentials: { username, password }, bypassCSP, ...context,
    });
    const page = await own.newPage();
    const faults = [];
    page.on("pageerror", (error) => faults.push(error.stack));
    page.on("console", (message) => message.type() === "error" && !EXPECTED.test(message.text()) && faults.push(message.text()));
    page.on("request", (request) => new URL(request.url()).origin !== node.url && !request.url().startsWith("data:") && faults.push(`asks ${request.url()}`));
    page.on("dialog", (dialog) => (faults.push(`a dialog: ${dialog.message()}`), dialog.dismiss()));
    await page.addInitScript(() => document.addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.sample}`)));
    await page.goto(address);
    page.finish = async () => {
      assert.deepEqual(faults, []);
      await own.close();
    };
    return page;
  }

  /** Closes what a check that failed left open. */
  async closeTabs() {
    await Promise.all(this.browser.contexts().map((context) => context.close()));
  }

  close() {
    return this.browser.close();
  }
}

/** Waits for a text in the page. */
export const sees = (page, text, options) => page.getByText(text, options).first().waitFor();

/** Waits until the page is live. */
export const live = (page) => page.locator(".pill", { hasText: /^Live$/ }).waitFor();

/** A hash is read aloud by its kind and its last digits: nobody could follow all 64. */
const RULES = { "label-content-name-mismatch": { enabled: false } };

/** The violations that axe finds, one line each. */
export async function violations(page) {
  await page.evaluate(axe);
  const { violations: found } = await page.evaluate((rules) => globalThis.axe.run(document, { resultTypes: ["violations"], rules }), RULES);
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(", ")}`);
}

/** Whether the page is wider than the window. */
export const isTooWide = (page) => page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
