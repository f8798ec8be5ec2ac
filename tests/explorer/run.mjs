// Runs every check of the explorer: run.mjs BINARY BROWSER [PART OF A NAME]
import { Browser } from "./browser.mjs";
import * as live from "./live.mjs";
import { Node } from "./node.mjs";
import * as pages from "./pages.mjs";
import * as records from "./records.mjs";
import * as search from "./search.mjs";
import * as stopped from "./stopped.mjs";

const [binary, executable, part = ""] = process.argv.slice(2);
const checks = [pages, search, records, live, stopped].flatMap((file) => Object.entries(file)).filter(([name, check]) => typeof check === "function" && name.includes(part));

const [node, idle] = [new Node(binary), new Node(binary)];
let browser;
let failed = 0;

/** A chain with something of everything on it. Returns the names of what is there. */
async function fill() {
  const text = "the text of a record";
  const lines = "first line\nsecond line\n";
  for (let at = 0; at < 40; at++) await node.mine(`record ${at}`, `{"sensor":${at}}`);
  const block = await node.mine(text, lines);
  const hostile = await node.mine(...records.HOSTILE);
  const [{ id: record }, { id: linesId }] = await node.submit(text, lines);
  return { block: block.hash, height: block.height, hostile: hostile.hash, text, lines, record, linesId };
}

try {
  idle.environment = { JENNY_MINING_ENABLED: "false" };
  await Promise.all([node.start(), idle.start()]);
  const known = await fill();
  browser = await Browser.launch(executable);
  for (const [name, check] of checks) {
    const began = Date.now();
    try {
      await check({ browser, node, idle, binary, known });
      console.log(`ok      ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name}: ${error.stack}`);
      await browser.closeTabs();
    }
  }
} finally {
  await browser?.close();
  await Promise.all([node.remove(), idle.remove()]);
}
console.log(`explorer: ${checks.length - failed} checks passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
