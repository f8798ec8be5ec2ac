// Receipts with one thing changed: the verdict, and the step that finds it, in Node.js and in the page.
import assert from "node:assert/strict";

import { live, sees } from "./browser.mjs";
import { vectors } from "./node.mjs";

/** The steps that may find a change of a field, counted from 1. */
const FOUND_BY = {
  record: [2], recordIndex: [2], recordPath: [2], blockPath: [4], chainId: [5], genesisPath: [5],
  "header.merkleRoot": [2], "header.recordCount": [2, 3], header: [3],
  "tip.historyRoot": [4], "tip.height": [4, 6], tip: [6],
};

const NAMES = ["record", "recordIndex", "recordPath", "blockPath", "chainId", "genesisPath"];

/** Another value of the same kind. */
function flipped(value) {
  if (typeof value === "number") return value + 1;
  return value.slice(0, -1) + (value.at(-1) === "1" ? "2" : "1");
}

/** Every field of a receipt, as the keys that lead to it. */
function* fields(value, keys = []) {
  if (value === null || typeof value !== "object") {
    yield keys;
    return;
  }
  if (Array.isArray(value)) yield keys;
  for (const key of Object.keys(value)) yield* fields(value[key], [...keys, key]);
}

/** Receipts that each differ from `text` in one field: `{ name, text, steps }`, without steps if it is no receipt. */
function spoiled(text, other) {
  const found = [];
  const receipt = JSON.parse(text);
  const at = (root, keys) => keys.reduce((value, key) => value?.[key], root);
  for (const keys of fields(receipt)) {
    const field = NAMES.includes(keys[0]) ? keys[0] : keys.slice(0, 2).join(".");
    const steps = FOUND_BY[field] ?? FOUND_BY[keys[0]] ?? null;
    const add = (kind, change, expected) => {
      const copy = structuredClone(receipt);
      change(at(copy, keys.slice(0, -1)), keys.at(-1));
      const changed = JSON.stringify(copy);
      if (changed !== JSON.stringify(receipt)) found.push({ name: `${keys.join(".")} ${kind}`, text: changed, steps: expected });
    };
    const value = at(receipt, keys);
    const isList = Array.isArray(value);
    const isHashOfList = /Path$/.test(keys.at(-2) ?? "");
    add("removed", (holder, key) => (Array.isArray(holder) ? holder.splice(key, 1) : delete holder[key]), isHashOfList ? steps : keys.at(-1) === "difficulty" ? [6] : null);
    for (const wrong of [null, true, {}, [[]], typeof value === "number" ? String(value) : 7]) {
      add(`as ${JSON.stringify(wrong)}`, (holder, key) => (holder[key] = wrong), null);
    }
    if (!isList) add("flipped", (holder, key) => (holder[key] = flipped(value)), keys.at(-1) === "version" || field === "format" ? (field === "format" ? null : steps) : steps);
    else add("emptied", (holder, key) => (holder[key] = []), steps);
    const swap = at(other, keys);
    if (swap !== undefined) add("of another receipt", (holder, key) => (holder[key] = swap), keys.at(-1) === "difficulty" ? [3, 6] : steps);
  }
  return found;
}

/** What is wrong with a result; nothing if it is as expected. */
function objection({ verdict, steps: states }, steps) {
  if (steps === null) return verdict === "unreadable" ? null : `${verdict}, and not unreadable`;
  if (verdict === "unreadable") return null;
  const bad = states.findIndex(({ state }) => state === "bad");
  if (verdict !== "failed") return verdict;
  if (!steps.includes(bad + 1)) return `step ${bad + 1}, and not ${steps}`;
  const isRight = states.every(({ state }, at) => (at < bad ? state === "ok" : at === bad || state === "skipped"));
  return isRight ? null : `states ${states.map(({ state }) => state)}`;
}

const receiptOf = async (node, id) => (await fetch(`${node.url}/v1/records/${id}/receipt`, { headers: { Authorization: `Basic ${Buffer.from(node.user).toString("base64")}` } })).text();

export async function everyFieldOfAReceiptCounts({ browser, node, known }) {
  const [good, other] = [await receiptOf(node, known.record), JSON.parse(await receiptOf(node, known.linesId))];
  // The other record is in the same block: the vectors have another chain.
  const all = [...spoiled(good, JSON.parse(vectors.sound.at(-1).text)), ...spoiled(good, other).filter(({ name }) => name.endsWith("another receipt"))];
  assert.ok(all.length > 200);
  for (const hasWebCrypto of [true, false]) {
    const page = await browser.open(node, "verify");
    if (!hasWebCrypto) {
      await page.addInitScript(() => delete Crypto.prototype.subtle);
      await page.reload();
    }
    await sees(page, "Nothing leaves this page");
    assert.equal(await page.evaluate(() => Boolean(crypto.subtle)), hasWebCrypto);
    const results = await page.evaluate(async ({ texts, sound, tip }) => {
      const files = document.querySelector("script[type=module]").src.replace("app.js", "");
      const { verify } = await import(`${files}proof.js`);
      const anchor = async ({ hash }) => ({ isTrusted: hash === tip, text: "" });
      const own = await Promise.all(texts.map((text) => verify(text, anchor)));
      const theirs = await Promise.all(sound.map(({ text, tip: trusted }) => verify(text, async ({ hash }) => ({ isTrusted: hash === trusted, text: "" }))));
      const plain = ({ verdict, steps }) => ({ verdict, steps: steps.map(({ state }) => ({ state })) });
      return { own: own.map(plain), theirs: theirs.map(({ verdict }) => verdict) };
    }, { texts: [good, ...all.map(({ text }) => text)], sound: vectors.sound, tip: JSON.parse(good).tip.hash });
    assert.equal(results.own[0].verdict, "verified");
    assert.deepEqual([...new Set(results.theirs)], ["verified"]);
    const faults = all.map(({ name, steps }, at) => [name, objection(results.own[at + 1], steps)]).filter(([, fault]) => fault);
    assert.deepEqual(faults, [], `WebCrypto: ${hasWebCrypto}`);
    await page.finish();
  }
}

export async function eachVerdictHasItsWordAndItsShape({ browser, node, known }) {
  const good = await receiptOf(node, known.record);
  const tip = JSON.parse(good).tip.hash;
  const page = await browser.open(node, "verify");
  await sees(page, "Nothing leaves this page");
  const seen = new Map();
  const check = async (text, trusted, word) => {
    await page.fill("#receipt", text);
    await page.fill("#trusted", trusted);
    await page.getByRole("button", { name: "Verify", exact: true }).click();
    await page.locator(".verdict h2", { hasText: word }).waitFor();
    assert.equal(await page.locator("[data-verdict]").count(), 1);
    seen.set(word, await page.locator(".verdict .icon").getAttribute("class"));
  };
  await check(good, tip, "Verified");
  const digit = good.replace(/"merkleRoot":"./, (all) => all.slice(0, -1) + (all.endsWith("1") ? "2" : "1"));
  await check(digit, tip, "Does not verify");
  assert.match(await page.locator(".verdict p").innerText(), /^Step 2 fails: /);
  assert.equal(await page.locator(".verdict .differs").count(), 2);
  const shown = await page.locator(".verdict .digits").allInnerTexts();
  assert.ok(shown.every((text) => /^[0-9a-f]{64}$/.test(text.replace(/\s/g, ""))), shown.join());
  assert.ok(await page.getByText("Nothing: a receipt that does not verify").isVisible());
  await check(good, "", "Sound, not anchored");
  await check(good.replace(/"bits":"\w+",/, ""), "", "Could not be checked");
  await check(good, tip, "Verified");
  assert.equal(new Set(seen.values()).size, 4, [...seen.values()].join());
  await live(page);
  await page.finish();
}
