// Pictures of every page and state, for people to look at: screenshots.mjs BINARY BROWSER FOLDER [PART OF A NAME]
// The part `docs` takes those that the documents show.
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { Browser, live, sees } from "./browser.mjs";
import { Chain, attempts, random } from "./chain.mjs";
import { Node, until } from "./node.mjs";
import { CERTIFICATE, LOST, MIXED, MOVED, ordinary } from "./samples.mjs";

const [binary, executable, folder, part = ""] = process.argv.slice(2);

const BLOCKS = 1_284;

/** The pictures in docs/img. */
const SHOWN = `
  overview-live-light-1280 overview-live-dark-1280 overview-live-light-360 overview-syncing-light-1280 overview-refusing-light-1280
  overview-offline-dark-1280 overview-settings-light-1280 blocks-live-light-1280 blocks-live-light-360 block-included-light-1280
  block-displaced-dark-1280 record-verified-light-1280 record-verified-dark-1280 record-pending-light-1280 record-displaced-light-640
  verify-empty-light-1280 verify-unanchored-light-1280 verify-failing-light-1280 verify-failing-dark-1280 network-peers-light-1280
  network-peers-dark-1280 network-peers-light-360 submit-empty-light-1280 search-several-light-1280 search-none-dark-1280`.split(/\s+/);

const isWanted = (file) => (part === "docs" ? SHOWN.includes(file) : file.includes(part));

/** Intervals as a real chain has them: by chance, while the hash rate grows and falls. */
function intervals(chance) {
  const rehearsal = Chain.create("ledger", 0);
  const all = [];
  for (let at = 1, time = 0; at < BLOCKS; at++) {
    const rate = 620 + 180 * Math.sin(at / 210) + (at > 1_100 ? 160 : 0);
    const taken = Math.round((-Math.log(1 - chance()) * attempts(rehearsal.nextBits()) * 1000) / rate);
    all.push(taken);
    rehearsal.push([], (time += taken), rehearsal.nextBits(), (header) => header);
  }
  return all;
}

/** Two chains with the same beginning, of which the first one loses its last two blocks to the second. */
function chains() {
  const chance = random(7);
  const taken = intervals(chance);
  let time = Date.now() - taken.reduce((sum, one) => sum + one, 0) - 60_000;
  const first = Chain.create("ledger", time);
  taken.forEach((one, at) => {
    time += one;
    const records = at === BLOCKS - 9 ? MIXED : ordinary(at, chance, time);
    first.mine(records, time);
  });
  const second = first.branch();
  const lost = [first.mine([...ordinary(BLOCKS, chance, time), LOST, MOVED], time + 9_000), first.mine(ordinary(BLOCKS + 1, chance, time), time + 21_000)];
  for (const [at, records] of [[MOVED, ...ordinary(BLOCKS + 2, chance, time)], ordinary(BLOCKS + 3, chance, time), ordinary(BLOCKS + 4, chance, time)].entries()) second.mine(records, time + 7_000 + at * 13_000);
  return { first, second, lost };
}

const flip = (text, key) => text.replace(new RegExp(`("${key}": ?"[0-9a-f]{20})([0-9a-f])`), (_, before, digit) => before + (digit === "7" ? "8" : "7"));

/** Has a page believe something about its node. */
const tell = (page, change) => page.route("**/v1/status", async (route) => {
  const response = await route.fetch();
  const status = await response.json();
  change(status);
  await route.fulfill({ response, json: status });
});

async function typeReceipt(page, receipt, tip = "") {
  await page.fill("#receipt", receipt);
  await page.fill("#trusted", tip);
  await page.getByRole("button", { name: "Verify", exact: true }).click();
  await page.locator("[data-verdict]").waitFor();
}

async function searchFor(page, text, seen) {
  await page.fill("#search", text);
  await page.press("#search", "Enter");
  await sees(page, seen);
}

/** The pictures: the page and its state, its address, what is seen when it is there, and what is done then. */
function pictures({ receipt, ids, lost, mixed, reader, fresh }) {
  const failing = flip(receipt, "merkleRoot");
  return [
    ["overview-live", "", "Show as a table"],
    ["overview-syncing", "", "Show as a table", {
      before: (page) => tell(page, (status) => (status.sync = { state: "blocks", at: 812_400, target: 1_204_117, remaining: 391_717, blocksPerSecond: 2_310, bytesPerSecond: 1e6, etaSeconds: 170, peers: [], awaited: null })),
    }],
    ["overview-refusing", "", "Show as a table", {
      before: (page) => tell(page, (status) => Object.assign(status, { refusing: "the disk has 48 MiB left, and 64 MiB must stay free", sync: { state: "behind", remaining: 3 } })),
    }],
    ["overview-offline", "", "Show as a table", {
      after: async (page) => {
        await page.context().setOffline(true);
        // The stream that is open stays so: the page is made to open another one.
        await page.evaluate(() => dispatchEvent(new Event("online")));
        await page.locator(".pill", { hasText: "Offline" }).waitFor({ timeout: 40_000 });
      },
    }],
    ["overview-empty", "", "Submit the first record", { node: fresh }],
    ["overview-settings", "", "Show as a table", { after: (page) => page.locator(".menu > summary").click() }],
    ["blocks-live", "blocks", "Jump to height"],
    ["block-included", `block/${mixed}`, "Copy text"],
    ["block-displaced", `block/${lost}`, "Copy text"],
    ["block-missing", "block/999999", "There is no block"],
    ["record-verified", `record/${ids.certificate}`, "What this shows"],
    ["record-numbers", `record/${ids.certificate}`, "What this shows", { after: (page) => page.locator(".step details").evaluateAll((all) => all.forEach((one) => (one.open = true))) }],
    ["record-failing", `record/${ids.certificate}`, "What this shows", { before: (page) => page.route("**/receipt", (route) => route.fulfill({ body: failing, contentType: "application/json" })) }],
    ["record-pending", `record/${ids.lost}`, "The record waits"],
    ["record-displaced", `record/${ids.moved}`, "What this shows"],
    ["verify-empty", "verify", "Nothing leaves this page"],
    ["verify-verified", "verify", "Nothing leaves this page", { after: (page) => typeReceipt(page, receipt, JSON.parse(receipt).tip.hash) }],
    ["verify-unanchored", "verify", "Nothing leaves this page", { after: (page) => typeReceipt(page, receipt) }],
    ["verify-failing", "verify", "Nothing leaves this page", {
      after: async (page) => {
        await typeReceipt(page, failing);
        await page.locator(".step.is-bad summary").click();
      },
    }],
    ["verify-unreadable", "verify", "Nothing leaves this page", { after: (page) => typeReceipt(page, receipt.replace(/"bits": "\w+",/, "")) }],
    ["network-peers", "network?reorg=1", "displaced above block"],
    ["network-alone", "network", "No peer is linked", { node: fresh }],
    ["submit-empty", "submit", "One record"],
    ["submit-reader", "submit", "takes the role", { user: reader }],
    ["search-several", "", "Latest blocks", { after: (page) => searchFor(page, ids.shared, "Records") }],
    ["search-none", "", "Latest blocks", { after: (page) => searchFor(page, "invoice 4471: paid", "Nothing was found") }],
    ["no-page", "nowhere", "names no page"],
  ];
}

/** Digits with which the ids of several records begin. */
function sharedDigits(chain) {
  const count = new Map();
  for (const id of chain.blocks.flatMap(({ ids }) => ids)) {
    const digits = id.toString("hex").slice(0, 4);
    count.set(digits, (count.get(digits) ?? 0) + 1);
  }
  return [...count].filter(([digits]) => digits[0] !== "0").toSorted(([, one], [, other]) => other - one)[0][0];
}

/** What the pictures need of a node: names of what it has. */
async function names(node, { certificate }) {
  const found = {};
  for (const [name, text] of Object.entries({ certificate, lost: LOST, moved: MOVED })) {
    const [{ id }] = await node.submit(text);
    found[name] = id;
  }
  return found;
}

const peers = [];
try {
  mkdirSync(folder, { recursive: true });
  const { first, second, lost } = chains();
  const [node, other, gone, fresh] = [new Node(binary, first), new Node(binary, second), new Node(binary, second), new Node(binary)];
  peers.push(node, other, gone, fresh);
  for (const one of peers) one.environment = { JENNY_MINING_ENABLED: "false" };
  const reader = node.addUser("rosa", "reader");
  node.user = node.addUser("olaf", "operator");
  await Promise.all(peers.map((one) => one.start()));
  const add = (address) => node.ask("/v1/peers", { method: "POST", body: JSON.stringify({ address }) });
  await add(other.peer);
  await add(gone.peer);
  await until("the reorg", async () => (await node.ask("/v1/reorgs?limit=1")).reorgs.length > 0);
  await gone.stop();
  await node.ask("/v1/bans", { method: "POST", body: JSON.stringify({ address: "203.0.113.77", reason: "sent blocks of another chain" }) });
  const ids = { ...(await names(node, { certificate: CERTIFICATE })), shared: sharedDigits(second) };
  const mixed = (await node.ask(`/v1/records/${ids.certificate}`)).blockHash;
  const receipt = JSON.stringify(await node.ask(`/v1/records/${ids.certificate}/receipt`), null, 1);
  const browser = await Browser.launch(executable);
  for (const [name, path, seen, { before, after, node: at = node, user = at.user } = {}] of pictures({ receipt, ids, lost: lost[0], mixed, reader, fresh })) {
    for (const [scheme, width] of [["light", 1280], ["dark", 1280], ["light", 640], ["light", 360], ["dark", 320]]) {
      const file = `${name}-${scheme}-${width}`;
      if (!isWanted(file)) continue;
      const page = await browser.open(at, "nothing", { width, scheme, user, context: { timezoneId: "Europe/Berlin", reducedMotion: "reduce", hasTouch: width < 640 } });
      await before?.(page);
      await page.goto(`${at.url}/explorer/${path}`);
      await sees(page, seen);
      await live(page);
      await after?.(page);
      await page.waitForTimeout(path === "" ? 700 : 200);
      // What is out of sight is not drawn.
      await page.setViewportSize({ width, height: await page.evaluate(() => document.documentElement.scrollHeight) });
      await page.waitForTimeout(100);
      await page.screenshot({ path: join(folder, `${file}.png`), fullPage: true });
      await page.context().close();
    }
  }
  await browser.close();
} finally {
  await Promise.all(peers.map((one) => one.remove()));
}
