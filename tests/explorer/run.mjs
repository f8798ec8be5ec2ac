// Runs every check of the explorer: run.mjs BINARY BROWSER [PARTS OF NAMES]
//
// Some lanes take the checks in turn, each with nodes of its own, so that no check sees what
// another one does.
import * as alerts from "./alerts.mjs";
import { Browser } from "./browser.mjs";
import * as charts from "./charts.mjs";
import * as copying from "./copying.mjs";
import * as gone from "./gone.mjs";
import * as layout from "./layout.mjs";
import * as live from "./live.mjs";
import * as network from "./network.mjs";
import { Node } from "./node.mjs";
import * as pages from "./pages.mjs";
import * as print from "./print.mjs";
import * as reading from "./reading.mjs";
import * as receipts from "./receipts.mjs";
import * as records from "./records.mjs";
import * as reorgs from "./reorgs.mjs";
import * as search from "./search.mjs";
import * as serving from "./serving.mjs";
import * as stopped from "./stopped.mjs";
import * as tabs from "./tabs.mjs";
import * as texts from "./texts.mjs";
import * as users from "./users.mjs";

const LANES = 3;

/** At most this many checks may fail beside others and pass alone: a browser on a busy machine is not always in time. */
const MAX_REPEATED = 3;

const [binary, executable, ...parts] = process.argv.slice(2);
// Those that wait long come first.
const files = [gone, pages, layout, charts, serving, reorgs, stopped, search, records, texts, receipts, print, copying, reading, live, network, alerts, tabs, users];
// Every function that a file exports is a check, but for those that others use.
const all = files.flatMap((file) => Object.entries(file)).filter(([name, check]) => typeof check === "function" && name !== "pages");
const checks = all.filter(([name]) => parts.length === 0 || parts.some((part) => name.includes(part)));
const count = checks.length;
if (count === 0) throw new Error(`no check is called ${parts.join(" or ")}`);

/** A chain with something of everything on it. Returns the names of what is there. */
async function fill(node) {
  const text = "the text of a record";
  const lines = "first line\nsecond line\n";
  for (let at = 0; at < 40; at++) await node.mine(`record ${at}`, `{"sensor":${at}}`);
  const block = await node.mine(text, lines);
  const hostile = await node.mine(...records.HOSTILE);
  const [{ id: record }, { id: linesId }] = await node.submit(text, lines);
  return { block: block.hash, height: block.height, hostile: hostile.hash, text, lines, record, linesId };
}

// The browser's driver would close it and leave the checks to fail one by one.
for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(130));

const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;
const whole = await Browser.launch(executable);
const repeated = [];
let failed = 0;

/** Takes checks until there are no more. The last attempt counts. */
async function lane(checks, isLast) {
  const [node, idle] = [new Node(binary), new Node(binary)];
  idle.environment = { JENNY_MINING_ENABLED: "false" };
  try {
    await Promise.all([node.start(), idle.start()]);
    const known = await fill(node);
    const browser = whole.share();
    while (checks.length) {
      const [name, check] = checks.shift();
      const began = Date.now();
      try {
        await check({ browser, node, idle, binary, known });
        console.log(`ok      ${name} (${seconds(began)})`);
      } catch (error) {
        const isRepeated = !isLast && repeated.length < MAX_REPEATED;
        if (isRepeated) repeated.push([name, check]);
        else failed += 1;
        console.log(`${isRepeated ? "AGAIN " : "FAILED"}  ${name} (${seconds(began)}): ${error.stack}`);
        await browser.closeTabs();
      }
    }
  } finally {
    await Promise.all([node.remove(), idle.remove()]);
  }
}

const began = Date.now();
try {
  await Promise.all(Array.from({ length: LANES }, () => lane(checks, false)));
  if (repeated.length) {
    console.log(`explorer: ${repeated.length} checks failed beside others, and are repeated alone`);
    await lane(repeated.splice(0), true);
  }
} finally {
  await whole.close();
}
console.log(`explorer: ${count - failed} checks passed, ${failed} failed (${seconds(began)})`);
process.exitCode = failed ? 1 : 0;
