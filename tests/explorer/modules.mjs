// The explorer's pure modules, without a browser.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { EventParser } from "../../web/events.js";
import { age, attempts, bytes, duration, exact, large, sentence } from "../../web/format.js";
import { hex, plainSha256, recordId, sha256 } from "../../web/hash.js";
import { verify } from "../../web/proof.js";
import { hint, recognise, variants } from "../../web/query.js";
import { exactParts, fold, layOut, parts } from "../../web/text.js";

const vectors = JSON.parse(readFileSync(new URL("../vectors/receipts.json", import.meta.url), "utf8"));

test("SHA-256 without WebCrypto is SHA-256", async () => {
  for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 70_000]) {
    const data = randomBytes(length);
    const expected = createHash("sha256").update(data).digest("hex");
    assert.equal(hex(plainSha256(data)), expected);
    assert.equal(hex(await sha256(data)), expected);
  }
});

async function checkVectors() {
  for (const { name, text, tip, recordId: id } of vectors.sound) {
    const anchored = await verify(text, async ({ hash }) => ({ isTrusted: hash === tip, text: "" }));
    assert.equal(anchored.verdict, "verified", name);
    assert.deepEqual(anchored.steps.map(({ state }) => state), Array(7).fill("ok"), name);
    assert.equal(await recordId(anchored.receipt.record), id, name);
    assert.equal((await verify(text)).verdict, "unanchored", name);
    assert.equal((await verify(text, async () => ({ isTrusted: false, text: "" }))).verdict, "failed", name);
  }
  for (const { name, text } of vectors.broken) {
    assert.ok(["failed", "unreadable"].includes((await verify(text)).verdict), name);
  }
}

test("receipts of the vectors are taken and refused as everywhere", checkVectors);

test("receipts are taken and refused alike without WebCrypto", async () => {
  const own = Object.getOwnPropertyDescriptor(globalThis, "crypto");
  Object.defineProperty(globalThis, "crypto", { value: {}, configurable: true });
  try {
    await checkVectors();
  } finally {
    Object.defineProperty(globalThis, "crypto", own);
  }
});

test("no digit of a receipt can be changed unnoticed", async () => {
  const [{ text, tip }] = vectors.sound;
  const anchor = async ({ hash }) => (hash === tip ? { isTrusted: true, text: "" } : { isTrusted: false, text: "" });
  const record = /"record":"(?:[^"\\]|\\.)*"/.exec(text);
  for (let at = 0; at < text.length; at++) {
    if (!/[0-9a-f]/.test(text[at]) || (at >= record.index && at < record.index + 9)) continue;
    const changed = text.slice(0, at) + (text[at] === "1" ? "2" : "1") + text.slice(at + 1);
    const { verdict, steps } = await verify(changed, anchor);
    assert.notEqual(verdict, "verified", changed);
    const bad = steps.findIndex(({ state }) => state === "bad");
    assert.ok(steps.slice(bad + 1).every(({ state }) => verdict === "unreadable" || state === "skipped"), changed);
  }
});

test("what is typed is recognised as what it is", () => {
  const hash = "0123456789abcdef".repeat(4);
  const cases = {
    0: { height: 0 }, 12345: { height: 12345, pattern: "12345" }, "12,345": { height: 12345 }, " 12 345 ": { height: 12345 },
    "#12345": { height: 12345 }, "12'345": { height: 12345 }, "1,2345": {}, "12abc": { pattern: "12abc" }, "1e3": { isShort: true },
    "0x10": { isShort: true }, "007": { isShort: true }, [hash]: { hash }, [hash.toUpperCase()]: { hash }, [`0x${hash}`]: { hash },
    "0000ab12": { pattern: "0000ab12" }, "0000f19c…71be03aa": { pattern: "0000f19c..71be03aa" }, "0000f19c..71be03aa": { pattern: "0000f19c..71be03aa" },
    [`http://node:3000/explorer/block/${hash}/`]: { hash }, '"ABCDEF"': { pattern: "abcdef" }, "some text": {}, [`${hash}0`]: {},
  };
  for (const [text, expected] of Object.entries(cases)) {
    assert.deepEqual(recognise(text), { height: null, hash: null, pattern: null, isShort: false, ...expected }, text);
  }
  assert.equal(hint(""), "");
  assert.deepEqual(variants("a\n").map(({ text }) => text), ["a\n", "a"]);
  assert.deepEqual(variants(" a").map(({ text }) => text), [" a", " a\n", "a"]);
});

const hidden = (text) => parts(text).filter((part) => part.hidden !== undefined).map((part) => part.hidden);

test("what is hidden in a text is named, and writing is left alone", () => {
  assert.deepEqual(hidden("a\u202eb\u0000c\u200bd\ufeff"), ["\u202e", "\u0000", "\u200b", "\ufeff"]);
  for (const text of ["中文", "Русский «текст»", "العربية", "می‌خواهم", "क्‍ष", "👩‍👩‍👧 ❤️ 👨🏽‍💻", "a\tb\nc", "naïve “quotes”"]) {
    assert.deepEqual(hidden(text), [], text);
  }
  assert.deepEqual(hidden("a\u200d"), ["\u200d"]);
  const all = (text, list) => list.map((part) => part.text ?? part.hidden ?? part.mark).join("");
  assert.equal(all("", parts("x\u202ey\r\n")), "x\u202ey\r\n");
  assert.deepEqual(exactParts(" a\n").map((part) => part.mark ?? part.text), ["·", "a", "⏎\n"]);
});

test("a long text is folded between characters", () => {
  assert.deepEqual(fold("short"), { start: "short", isWhole: true });
  assert.equal(fold("1\n2\n3\n4\n5").start, "1\n2\n3\n4");
  const long = fold("x".repeat(599) + "👩".repeat(10));
  assert.equal(long.start, "x".repeat(599));
  assert.equal(long.isWhole, false);
});

test("JSON that is laid out keeps every character but blanks", () => {
  const text = '{"a":12345678901234567890,"a":1,"2":0,"1":[ ],"s":"x, {y}: \\" z"}';
  const bare = (json) => json.replace(/"(?:[^"\\]|\\.)*"|\s+/g, (token) => (token[0] === '"' ? token : ""));
  assert.equal(bare(layOut(text)), bare(text));
  for (const no of ["1", '"a"', "{", "text", "[".repeat(70) + "]".repeat(70)]) assert.equal(layOut(no), null, no);
});

test("times, sizes and counts read well", () => {
  assert.equal(age(1000, 13_400), "12 sec ago");
  assert.equal(age(0, 3 * 60_000), "3 min ago");
  assert.equal(age(0, 125 * 60_000), "2 hr 5 min ago");
  assert.equal(age(0, 3 * 86_400_000), null);
  assert.equal(age(4000, 0), "now");
  assert.equal(age(12_000, 0), "12 s ahead of this node's clock");
  assert.equal(exact(1_700_000_000_512, "utc"), "2023-11-14 22:13:20.512 Z");
  assert.match(exact(1_700_000_000_512, "local"), /^2023-11-1\d \d\d:\d\d:\d\d\.512 [+-]\d\d:\d\d$/);
  assert.equal(bytes(62_464), "61 KiB");
  assert.equal(duration(90_000), "1 min");
  assert.equal(large(65_537n), "65.5 k");
  assert.equal(attempts("1f00ffff"), 65_537n);
  assert.equal(attempts("00000000"), 0n);
});

test("what the node says becomes a sentence", () => {
  assert.equal(sentence("identify a block by its height, or by `tip`"), "Identify a block by its height, or by `tip`.");
  for (const text of ["", "A sentence.", "`q` must be a height.", "ws://192.0.2.1 is banned."]) assert.equal(sentence(text), text);
});

const stream = "retry: 2000\r\nid: 7-ab-1\r\n\r\n:\n\nevent: block.connected\rid: 8-é-1\rdata: {\"a\":\rdata: 1}\r\rdata:x\n\n";
const expected = [
  { type: "message", data: "", id: "7-ab-1" },
  { type: "block.connected", data: '{"a":\n1}', id: "8-é-1" },
  { type: "message", data: "x", id: null },
];

test("a stream is read however it is cut", () => {
  const all = new TextEncoder().encode(stream);
  for (let size = 1; size <= all.length; size++) {
    const parser = new EventParser();
    const events = [];
    for (let at = 0; at < all.length; at += size) events.push(...parser.feed(all.slice(at, at + size)));
    assert.deepEqual(events, expected, `in chunks of ${size}`);
  }
});

test("a line without end ends the stream", () => {
  const parser = new EventParser();
  const chunk = new Uint8Array(1 << 20).fill(97);
  assert.throws(() => [0, 1, 2].forEach(() => parser.feed(chunk)), /too long/);
});
