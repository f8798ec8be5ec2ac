// Who may see what, and what happens when that changes.
import assert from "node:assert/strict";

import { linked, live, sees, settle } from "./browser.mjs";
import { Node } from "./node.mjs";
import { isWhole } from "./seen.mjs";

export async function aPasswordThatChangedIsSaidOnce({ browser, binary }) {
  const node = new Node(binary);
  try {
    await node.start();
    const page = await browser.open(node, "", { clock: 0 });
    await live(page);
    const user = node.addUser("ann", "operator");
    await linked(page, "Signed out");
    await page.getByRole("button", { name: "Sign in again" }).waitFor();
    let asked = 0;
    page.on("request", () => (asked += 1));
    await page.clock.runFor(30_000);
    await settle(page);
    assert.equal(asked, 0);
    await isWhole(page, "signed-out");
    node.user = user;
    await page.finish();
  } finally {
    await node.remove();
  }
}

export async function aReaderIsOfferedNoChanges({ browser, binary }) {
  const node = new Node(binary);
  try {
    const user = node.addUser("rob", "reader");
    await node.start();
    node.user = user;
    const page = await browser.open(node, "network");
    await live(page);
    await sees(page, "No peer is known");
    assert.equal(await page.getByRole("button", { name: /Add|Remove|Ban/ }).count(), 0);
    assert.equal(await page.locator("#submit-link").isVisible(), false);
    await page.goto(`${node.url}/explorer/submit`);
    await sees(page, "takes the role writer or operator");
    assert.equal(await page.locator("main textarea").count(), 0);
    await isWhole(page, "no-submit");
    await page.finish();
  } finally {
    await node.remove();
  }
}

export async function credentialsInTheAddressWork({ browser, node, known }) {
  const page = await browser.open(node);
  const url = new URL(`${node.url}/explorer/block/${known.block}`);
  [url.username, url.password] = node.user.split(":");
  await page.goto(url.href);
  await sees(page, "Commits to every block below it.");
  await live(page);
  // Nothing that leaves the page has the password.
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  const printed = await page.locator(".printed").textContent();
  assert.ok(printed.startsWith(`${node.url}/explorer/block/${known.block}, printed`), printed);
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin: node.url });
  url.pathname = `/explorer/record/${known.record}`;
  await page.goto(url.href);
  await page.getByRole("button", { name: "Copy the link" }).click();
  await sees(page, "Copied the link", { exact: true });
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `${node.url}/explorer/record/${known.record}`);
  await page.finish();
}
