// How the explorer comes to the browser: its size, its cache, and no script at all.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request } from "node:http";

import { live, sees } from "./browser.mjs";

const MAX_BYTES = 150 << 10;

export async function theFirstVisitIsSmallAndTheSecondOneSmaller({ browser, node }) {
  // Credentials that Playwright gives on request switch the cache off.
  const Authorization = `Basic ${Buffer.from(node.user).toString("base64")}`;
  const page = await browser.open(node, "verify", { context: { httpCredentials: undefined, extraHTTPHeaders: { Authorization } } });
  await sees(page, "Nothing leaves this page");
  const tools = await page.context().newCDPSession(page);
  await tools.send("Network.enable");
  const [urls, sizes, cached] = [new Map(), new Map(), new Set()];
  tools.on("Network.requestWillBeSent", ({ requestId, request: { url } }) => urls.set(requestId, url));
  tools.on("Network.responseReceived", ({ requestId, response }) => response.fromDiskCache && cached.add(requestId));
  tools.on("Network.requestServedFromCache", ({ requestId }) => cached.add(requestId));
  tools.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => sizes.set(requestId, encodedDataLength));
  const visit = async (path, seen) => {
    for (const map of [urls, sizes, cached]) map.clear();
    await page.goto(`${node.url}/explorer/${path}`);
    await sees(page, seen);
    await live(page);
    const own = [...urls].filter(([, url]) => url.includes("/explorer/"));
    return { own, asked: own.filter(([id]) => !cached.has(id)) };
  };
  await tools.send("Network.clearBrowserCache");
  const first = await visit("", "Show as a table");
  const total = first.own.filter(([, url]) => !url.includes("/vendor/")).reduce((sum, [id]) => sum + (sizes.get(id) ?? 0), 0);
  assert.ok(total > 10_000 && total < MAX_BYTES, `${total} bytes`);
  const missing = await page.evaluate(() => {
    const named = new Set(Array.from(document.querySelectorAll("link[rel=modulepreload], script[src]"), (one) => one.href || one.src));
    return performance.getEntriesByType("resource").map(({ name }) => name).filter((name) => name.endsWith(".js") && !name.includes("/vendor/") && !named.has(name));
  });
  assert.deepEqual(missing, [], "modules that are not preloaded");
  const second = await visit("", "Show as a table");
  assert.deepEqual(second.asked.map(([, url]) => url), [`${node.url}/explorer/`]);
  await page.finish();
}

export async function withoutScriptASentenceIsLeft({ browser, node }) {
  for (const path of ["", "block/1"]) {
    const page = await browser.open(node, path, { context: { javaScriptEnabled: false } });
    assert.equal((await page.locator("main").innerText()).trim(), "The explorer needs JavaScript. The node's API is described at docs.");
    await page.getByRole("link", { name: "docs" }).click();
    await page.waitForURL(`${node.url}/docs/`);
    await page.finish();
  }
}

const PREFIX = "/x/y";

/** A proxy that maps what is below a prefix to a node, and has nothing else. */
async function proxyOf(node) {
  const proxy = createServer((asked, response) => {
    if (!asked.url.startsWith(`${PREFIX}/`)) {
      response.writeHead(404).end();
      return;
    }
    const passed = request(`${node.url}${asked.url.slice(PREFIX.length)}`, { method: asked.method, headers: asked.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    passed.on("error", () => response.destroy());
    response.on("close", () => passed.destroy());
    asked.pipe(passed);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return proxy;
}

export async function everythingWorksBelowAPrefix({ browser, node, known }) {
  const proxy = await proxyOf(node);
  const seen = { url: `http://127.0.0.1:${proxy.address().port}`, user: node.user };
  try {
    const page = await browser.open(seen, "", { address: `${seen.url}${PREFIX}/explorer/` });
    const outside = [];
    page.on("request", (asked) => new URL(asked.url()).pathname.startsWith(`${PREFIX}/`) || outside.push(asked.url()));
    await live(page);
    await sees(page, "Show as a table");
    await page.getByRole("link", { name: "Blocks", exact: true }).click();
    await page.locator("tbody a.hash").first().click();
    await sees(page, "Commits to every block below it.");
    for (const path of [`block/${known.hostile}`, `record/${known.record}`]) {
      await page.goto(`${seen.url}${PREFIX}/explorer/${path}`);
      await live(page);
    }
    await page.locator("[data-verdict=verified]").waitFor();
    await page.getByRole("link", { name: "API" }).click();
    await page.waitForURL(`${seen.url}${PREFIX}/docs/`);
    assert.deepEqual(outside, []);
    await page.finish();
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
}
