// Measures the explorer on a long chain: speed.mjs BINARY BROWSER DIRECTORY
//
// Every request of the explorer's pages, at heights all over the chain: right after a start, when the
// node has nothing in memory, and again. Then the pages themselves in Chromium, and what a tab
// holds after many blocks came. Prints figures, and fails above LIMIT.
import { Browser, live, sees } from "./browser.mjs";
import { Node, until } from "./node.mjs";

const [binary, executable, kept] = process.argv.slice(2);

/** Longest that a page's requests may take, in milliseconds. */
const LIMIT = Number(process.env.JENNY_TEST_SPEED_LIMIT ?? 300);
const TRIES = 50;
const LIVE_BLOCKS = Number(process.env.JENNY_TEST_SPEED_BLOCKS ?? 1_000);
const REORG_BLOCKS = 100;
const MAX_ELEMENTS = 3_000;
const MAX_GROWTH = 10 * 2 ** 20;

const failures = [];

function check(holds, what) {
  if (!holds) failures.push(what);
}

/** A fixed sequence of numbers below `end`. */
function* choices(end) {
  for (let state = 7; ; ) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    yield Math.floor((state / 2 ** 31) * end);
  }
}

function summary(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  return [at(0.5), at(0.99), sorted.at(-1)].map((time) => time.toFixed(1).padStart(7)).join(" ");
}

/** Names of blocks and records all over the chain, and of a full block. */
async function survey(node) {
  const { tip } = await node.ask("/v1/status");
  const { headers } = await node.ask("/v1/headers?limit=2000");
  const full = headers.reduce((most, header) => (header.recordCount > most.recordCount ? header : most));
  const idIn = async (hash, index) => (await node.ask(`/v1/blocks/${hash}/records?from=${index}&limit=1`))[0].id;
  const some = [];
  const numbers = choices(tip.height - 1);
  while (some.length < TRIES) {
    const height = 1 + numbers.next().value;
    const { hash, recordCount } = await node.ask(`/v1/blocks/${height}/header`);
    if (recordCount === 0) continue;
    some.push({ height, hash, id: await idIn(hash, height % recordCount), fullId: await idIn(full.hash, height % full.recordCount) });
  }
  return { tip, some, full };
}

/** The requests of every page, by name; each takes something that `survey` found. */
function requests({ tip, full, displaced }) {
  const upTo = (height, blocks) => `from=${Math.max(1, Math.max(height, blocks) - blocks + 1)}&to=${Math.max(height, Math.min(blocks, tip.height))}`;
  return {
    "shell": () => "/explorer/",
    "status": () => "/v1/status",
    "chain": () => "/v1/chain",
    "Overview: latest 40 headers": () => "/v1/headers?order=desc&limit=40",
    "Overview: series of 360 blocks, latest": () => `/v1/series?${upTo(tip.height, 360)}&points=360`,
    "Overview: series of 2,160 blocks, latest": () => `/v1/series?${upTo(tip.height, 2160)}&points=360`,
    "series of 2,160 blocks, anywhere": ({ height }) => `/v1/series?${upTo(height, 2160)}&points=360`,
    "series of 10,000 blocks, anywhere": ({ height }) => `/v1/series?${upTo(height, 10_000)}&points=1000`,
    "Blocks: 26 headers": ({ height }) => `/v1/headers?order=desc&limit=26&from=${height}`,
    "Block: header by height": ({ height }) => `/v1/blocks/${height}/header`,
    "Block: header by hash": ({ hash }) => `/v1/blocks/${hash}/header`,
    "Block: header by both": ({ height, hash }) => `/v1/blocks/${height}/${hash}`,
    "Block: displaced": () => `/v1/blocks/${displaced.height}/${displaced.hash}`,
    "Block: 50 records": ({ hash }) => `/v1/blocks/${hash}/records?from=0&limit=50`,
    "Block: 50 records of a full block": ({ height }) => `/v1/blocks/${full.hash}/records?from=${50 * (height % 80)}&limit=50`,
    "Record: state": ({ id }) => `/v1/records/${id}`,
    "Record: receipt": ({ id }) => `/v1/records/${id}/receipt`,
    "Record: receipt, of a full block": ({ fullId }) => `/v1/records/${fullId}/receipt`,
    "Search: height": ({ height }) => `/v1/search?q=${height}`,
    "Search: hash of a block": ({ hash }) => `/v1/search?q=${hash}`,
    "Search: id of a record": ({ id }) => `/v1/search?q=${id}`,
    "Search: 4 digits of an id": ({ id }) => `/v1/search?q=${id.replace(/^0+/, "").slice(0, 4)}`,
    "Search: 8 digits of a hash": ({ hash }) => `/v1/search?q=${hash.slice(0, 16)}`,
    "Search: first and last 8 digits": ({ hash }) => `/v1/search?q=${hash.slice(0, 8)}..${hash.slice(-8)}`,
    "Search: digits of nothing": ({ height }) => `/v1/search?q=f00d${String(height).padStart(12, "0")}`,
    "Search: id of nothing": ({ height }) => `/v1/search?q=f00d${String(height).padStart(60, "0")}`,
    "Network: links": () => "/v1/peers",
    "Network: known peers": () => "/v1/peers/known",
    "Network: bans": () => "/v1/bans",
    "Network: reorgs": () => "/v1/reorgs?limit=20",
    "Network: records of a reorg": () => `/v1/reorgs/${displaced.number}/records?limit=50`,
  };
}

async function timed(node, path) {
  const began = performance.now();
  const response = await fetch(node.url + path, { headers: { Authorization: `Basic ${Buffer.from(node.user).toString("base64")}` } });
  const body = await response.arrayBuffer();
  const took = performance.now() - began;
  if (!response.ok) throw new Error(`${path}: ${response.status} ${Buffer.from(body)}`);
  return took;
}

/** Times of one request at each place, one after the other. */
async function round(node, path, places) {
  const times = [];
  for (const place of places) times.push(await timed(node, path(place)));
  return times;
}

async function measureRequests(node, known) {
  console.log(`${known.tip.height} blocks; milliseconds as p50, p99 and longest of ${TRIES} requests`);
  console.log(`${"".padEnd(42)} after a start            again`);
  for (const [name, path] of Object.entries(requests(known))) {
    // A start reads every page of the database from the disk, so that nothing is in memory.
    await node.stop("SIGTERM");
    await node.start();
    const cold = await round(node, path, known.some);
    const warm = await round(node, path, known.some);
    console.log(`${name.padEnd(42)} ${summary(cold)} ${summary(warm)}`);
    for (const [when, times] of Object.entries({ "after a start": cold, again: warm })) {
      const most = Math.max(...times);
      check(most < LIMIT, `${name}, ${when}: ${most.toFixed(0)} ms`);
    }
  }
}

const elements = (page) => page.evaluate(() => document.querySelectorAll("*").length);

/** Opens a page in a tab that has its files. Prints the time from its request to its text. */
async function measurePage(browser, node, name, path, text) {
  const page = await browser.open(node, "verify");
  await live(page);
  await page.addInitScript((wanted) => {
    new MutationObserver((_, observer) => {
      if (!document.querySelector("main")?.textContent.includes(wanted)) return;
      observer.disconnect();
      globalThis.seenAt = performance.now();
    }).observe(document, { subtree: true, childList: true, characterData: true });
  }, text);
  await page.goto(`${node.url}/explorer/${path}`);
  await sees(page, text);
  const took = await page.evaluate(() => globalThis.seenAt);
  const count = await elements(page);
  console.log(`${name.padEnd(42)} ${took.toFixed(0)} ms, ${count} elements`);
  check(count < MAX_ELEMENTS, `${name}: ${count} elements`);
  await page.finish();
  return took;
}

/** Jumps from height to height in one tab, and prints the times until the rows are there. */
async function measureJumps(browser, node, places) {
  const page = await browser.open(node, "blocks");
  await live(page);
  const times = [];
  for (const { height } of places) {
    times.push(await page.evaluate((wanted) => new Promise((resolve) => {
      const began = performance.now();
      const isThere = () => document.querySelector("tbody a.height")?.textContent.replace(/\D/g, "") === String(wanted);
      new MutationObserver((_, observer) => isThere() && (observer.disconnect(), resolve(performance.now() - began)))
        .observe(document.querySelector("main"), { subtree: true, childList: true, characterData: true });
      document.querySelector("#jump").value = wanted;
      document.querySelector("form.jump").requestSubmit();
    }), height));
  }
  console.log(`${"Blocks, jumps to a height".padEnd(42)} ${summary(times)}`);
  check(Math.max(...times) < LIMIT, `a jump to a height: ${Math.max(...times).toFixed(0)} ms`);
  await page.finish();
}

async function heap(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return usedSize;
}

async function measureTab(browser, node) {
  const pages = [["Overview", await browser.open(node)], ["Blocks", await browser.open(node, "blocks")]];
  for (const [, page] of pages) await live(page);
  const mine = async (count) => {
    for (let at = 0; at < count; at++) await node.mine(`while a tab follows ${at}`);
    const { tip } = await node.ask("/v1/status");
    for (const [, page] of pages) {
      await until("the tip is shown", async () => (await page.locator("tbody a.hash").first().textContent()) === tip.hash);
    }
  };
  // What is made once is there before the first look.
  await mine(50);
  const before = await Promise.all(pages.map(([, page]) => heap(page)));
  await mine(LIVE_BLOCKS);
  for (const [index, [name, page]] of pages.entries()) {
    const grown = (await heap(page)) - before[index];
    const count = await elements(page);
    console.log(`${name}, after ${LIVE_BLOCKS} live blocks`.padEnd(42), `heap grew by ${(grown / 2 ** 20).toFixed(2)} MiB, ${count} elements`);
    check(grown < MAX_GROWTH, `${name}: the heap grew by ${grown} bytes`);
    check(count < MAX_ELEMENTS, `${name}: ${count} elements`);
    await page.finish();
  }
}

async function measurePages(browser, node, { tip, some, full }) {
  console.log("\nin Chromium, until the page is there");
  const overview = await measurePage(browser, node, "Overview", "", "Show as a table");
  check(overview < 1_000, `Overview: ${overview.toFixed(0)} ms`);
  for (const height of [tip.height, Math.floor(tip.height / 2), 10]) {
    await measurePage(browser, node, `Blocks from ${height}`, `blocks?from=${height}`, "Jump to height");
  }
  const [{ hash, id }] = some;
  await measurePage(browser, node, "Block", `block/${hash}`, "Commits to every block below it.");
  await measurePage(browser, node, "Block that is full", `block/${full.hash}?page=${Math.ceil(full.recordCount / 50)}`, "counted from 0");
  await measurePage(browser, node, "Record with its proof", `record/${id}`, "What this shows");
  await measurePage(browser, node, "Search by digits", `search?q=${id.slice(0, 16)}`, "What this shows");
  await measurePage(browser, node, "Network", "network", "No peer is known");
  await measureJumps(browser, node, some);
}

/** Both mine on copies of the chain, so that one of them disconnects blocks when they meet. */
async function reorg(node, other) {
  await Promise.all([node.start(), other.start()]);
  const { height, hash } = await node.mine("disconnected");
  for (let at = 1; at < REORG_BLOCKS; at++) await node.mine(`disconnected ${at}`);
  for (let at = 0; at <= REORG_BLOCKS; at++) await other.mine(`stays ${at}`);
  await node.ask("/v1/peers", { method: "POST", body: JSON.stringify({ address: other.peer }) });
  const { number } = await until("the reorg", async () => (await node.ask("/v1/reorgs?limit=1")).reorgs[0]);
  await other.remove();
  await node.ask(`/v1/peers/${encodeURIComponent(other.peer)}`, { method: "DELETE" });
  return { number, height, hash };
}

const [node, other] = [new Node(binary, kept), new Node(binary, kept)];
let browser;
try {
  node.environment = { JENNY_LOG: "info", JENNY_P2P_MAX_DIALLED: "1" };
  const displaced = await reorg(node, other);
  const known = { ...(await survey(node)), displaced };
  await measureRequests(node, known);
  browser = await Browser.launch(executable);
  await measurePages(browser, node, known);
  await measureTab(browser, node);
} finally {
  await browser?.close();
  await Promise.all([node.remove(), other.remove()]);
}
for (const failure of failures) console.log(`FAILED  ${failure}`);
process.exitCode = failures.length ? 1 : 0;
