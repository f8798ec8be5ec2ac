// Copying: a hash is always whole, also where the browser has no clipboard for pages.
import assert from "node:assert/strict";

import { Browser, live, sees } from "./browser.mjs";
import { Node } from "./node.mjs";

const CLIPBOARD = { permissions: ["clipboard-read", "clipboard-write"] };
const clipboard = (page) => page.evaluate(() => navigator.clipboard.readText());

export async function hashesAreCopiedInFull({ browser, node }) {
  const page = await browser.open(node, "blocks", { context: CLIPBOARD });
  await sees(page, "Jump to height");
  const row = page.locator("tbody tr").last();
  const hash = await row.getAttribute("data-key");
  await row.getByRole("button", { name: "Copy block hash" }).click();
  await page.waitForFunction(() => document.getElementById("announcer").textContent === "Copied block hash");
  assert.equal(await clipboard(page), hash);
  await page.evaluate(() => navigator.clipboard.writeText(""));
  await row.evaluate((element) => getSelection().selectAllChildren(element));
  await page.keyboard.press("Control+C");
  assert.equal(/[0-9a-f]{20,}/.exec(await clipboard(page))[0], hash);
  await page.finish();
}

export async function aNodeOfTheNetworkIsUsedOverPlainHttp({ browser, binary }) {
  const node = new Node(binary);
  const name = "ledger.example";
  let own;
  try {
    const user = node.addUser("ann", "operator");
    node.environment = { JENNY_API_HOSTS: name };
    await node.start();
    node.user = user;
    await node.mine("read from another machine");
    const [{ id }] = await node.submit("read from another machine");
    own = await Browser.launch(browser.executable, [`--host-resolver-rules=MAP ${name} 127.0.0.1`]);
    const page = await own.open({ url: `http://${name}:${node.port}`, user }, `record/${id}`);
    await live(page);
    assert.equal(await page.evaluate(() => isSecureContext), false);
    await page.locator("[data-verdict=verified]").waitFor();
    await sees(page, "over an open line, by plain HTTP from another machine");
    await page.getByRole("button", { name: "Copy record id" }).first().click();
    await page.waitForFunction(() => document.getElementById("announcer").textContent === "Copied record id");
    // What was copied is what is pasted.
    await page.locator("#search").focus();
    await page.keyboard.press("Control+V");
    assert.equal(await page.inputValue("#search"), id);
    await page.fill("#search", "read from another machine");
    await page.keyboard.press("Enter");
    await page.locator("[data-verdict=verified]").waitFor();
    await page.finish();
  } finally {
    await own?.close();
    await node.remove();
  }
}
