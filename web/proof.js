// Verifies a receipt by docs/chain.md, section 12, step by step. No node is asked. Pure.

import { hex, leafHash, nodeHash, sha256, unhex } from "./hash.js";

/** Longest receipt: the longest record with every byte escaped, and room for the rest. */
export const MAX_RECEIPT_BYTES = 6 * 2 ** 20 + 2 ** 16;

const MAX_PATH_HASHES = 64;
const MAX_INTEGER = 2 ** 53 - 1;

/** The text is no receipt: nothing about it was checked. */
class NotReadable extends Error {}

/** A step found this wrong. `values` are two hashes, each after its name, that people compare. */
class Wrong extends Error {
  constructor(message, values, levels) {
    super(message);
    Object.assign(this, { values, levels });
  }
}

/** Two hashes that should be one. */
const both = (computed, claimed) => [["Computed here", computed], ["In the receipt", claimed]];

const must = (condition, reason) => {
  if (!condition) throw new NotReadable(reason);
};
const check = (condition, reason, values) => {
  if (!condition) throw new Wrong(reason, values);
};

/**
 * Reads JSON of which nothing may be lost: a number becomes `{ "\0": its text }`, since JSON.parse
 * rounds it, and a repeated key is refused, of which JSON.parse keeps the last one.
 */
function parse(text) {
  try {
    JSON.parse(text);
  } catch {
    throw new NotReadable("the text is not JSON");
  }
  const wrap = (token) => (token[0] === '"' ? token : `{"\\u0000":"${token}"}`);
  const value = JSON.parse(text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, wrap));
  const keys = (item) => {
    if (item === null || typeof item !== "object" || "\0" in item) return 0;
    const below = Object.values(item).reduce((sum, part) => sum + keys(part), 0);
    return below + (Array.isArray(item) ? 0 : Object.keys(item).length);
  };
  const written = [...text.matchAll(/"(?:[^"\\]|\\.)*"(?=([ \t\n\r]*:)?)/g)].filter((token) => token[1]);
  must(written.length === keys(value), "a key is repeated");
  return value;
}

/** A member of an object, which must be there. */
function member(object, key, name) {
  must(object !== null && typeof object === "object" && Object.hasOwn(object, key), `\`${name}\` is missing`);
  return object[key];
}

function integer(value, name, max = MAX_INTEGER) {
  const text = value?.["\0"];
  must(/^(0|[1-9]\d{0,15})$/.test(text ?? "") && Number(text) <= max, `\`${name}\` is no whole number in its range`);
  return BigInt(text);
}

function digits(value, length, name) {
  must(typeof value === "string" && value.length === length && /^[0-9a-f]*$/.test(value), `\`${name}\` does not have ${length} hexadecimal digits`);
  return value;
}

function path(value, name) {
  must(Array.isArray(value) && value.length <= MAX_PATH_HASHES, `\`${name}\` is no list of at most ${MAX_PATH_HASHES} hashes`);
  return value.map((item, at) => digits(item, 64, `${name}[${at}]`));
}

function readHeader(object, name) {
  const get = (key) => member(object, key, `${name}.${key}`);
  const whole = (key, max) => integer(get(key), `${name}.${key}`, max);
  const hash = (key) => digits(get(key), 64, `${name}.${key}`);
  const header = {
    version: whole("version", 2 ** 32 - 1), height: whole("height"), timestamp: whole("timestamp"),
    previousHash: hash("previousHash"), merkleRoot: hash("merkleRoot"), historyRoot: hash("historyRoot"),
    recordCount: whole("recordCount", 2 ** 32 - 1), bits: digits(get("bits"), 8, `${name}.bits`),
    nonce: whole("nonce"), hash: hash("hash"), difficulty: null,
  };
  if (Object.hasOwn(object, "difficulty")) {
    header.difficulty = object.difficulty?.["\0"];
    must(typeof header.difficulty === "string", `\`${name}.difficulty\` is no number`);
  }
  return header;
}

/** Reads a receipt from its text, or the bytes of it. */
export function read(data) {
  const text = typeof data === "string" ? data : new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  const value = parse(text);
  const get = (key) => member(value, key, key);
  must(get("format") === "jenny-receipt-1", "`format` is not jenny-receipt-1");
  const record = get("record");
  must(typeof record === "string" && record.isWellFormed(), "`record` is no text");
  return {
    record,
    recordIndex: integer(get("recordIndex"), "recordIndex"),
    recordPath: path(get("recordPath"), "recordPath"),
    header: readHeader(get("header"), "header"),
    blockPath: path(get("blockPath"), "blockPath"),
    tip: readHeader(get("tip"), "tip"),
    chainId: digits(get("chainId"), 64, "chainId"),
    genesisPath: path(get("genesisPath"), "genesisPath"),
  };
}

function compact(target) {
  let size = BigInt(Math.ceil(target.toString(16).length / 2));
  let mantissa = size >= 3n ? target >> (8n * (size - 3n)) : target << (8n * (3n - size));
  if (mantissa & 0x800000n) [mantissa, size] = [mantissa >> 8n, size + 1n];
  return (size << 24n) | mantissa;
}

function targetOf(bits, name) {
  const [exponent, mantissa] = [bits >> 24n, bits & 0xffffffn];
  const target = exponent >= 3n ? mantissa << (8n * (exponent - 3n)) : mantissa >> (8n * (3n - exponent));
  const isTarget = mantissa < 0x800000n && target > 0n && target < 1n << 256n && compact(target) === bits;
  check(isTarget, `\`${name}\` is no target`);
  return target;
}

/** The hash of a header, from its 132 bytes. */
export async function headerHash(header) {
  const word = (value, size) => value.toString(16).padStart(2 * size, "0");
  const { version, height, timestamp, previousHash, merkleRoot, historyRoot, recordCount, bits, nonce } = header;
  return hex(await sha256(unhex([
    word(version, 4), word(height, 8), word(timestamp, 8), previousHash, merkleRoot, historyRoot,
    word(recordCount, 4), bits, word(nonce, 8),
  ].join(""))));
}

/** Checks a header by itself. Returns what the result says of it. */
async function checkHeader(header, name) {
  check(header.version === 1n, `\`${name}.version\` is not 1`);
  const computed = await headerHash(header);
  check(computed === header.hash, "The header has another hash than the receipt says.", both(computed, header.hash));
  const target = targetOf(BigInt(`0x${header.bits}`), `${name}.bits`);
  const hasWork = header.height === 0n || BigInt(`0x${header.hash}`) <= target;
  check(hasWork, "The hash is above the target: there is no proof of work.", [["Hash", header.hash], ["Target", target.toString(16).padStart(64, "0")]]);
  let easiest = null;
  if (header.difficulty !== null) {
    const ratio = Number(header.difficulty);
    check(ratio > 0 && ratio < 2 ** 256, `\`${name}.difficulty\` is out of range`);
    easiest = targetOf(compact(BigInt(Math.floor(ratio * Number(target) * (1 + 2 ** -40)))), `${name}.difficulty`);
    check(easiest >= target && String(Number(easiest) / Number(target)) === header.difficulty, `\`${name}.difficulty\` does not fit \`bits\`.`);
  }
  return { easiest, attempts: (1n << 256n) / (target + 1n), target: target.toString(16).padStart(64, "0") };
}

/** Walks from a leaf to the root. Returns the levels, and throws unless the walk ends at the root. */
async function checkPath(leaf, index, size, siblings, root, what, end) {
  const levels = [];
  check(index < size, `${what}: place ${index} is outside a list of ${size}.`);
  let [last, result] = [size - 1n, leaf];
  for (const sibling of siblings) {
    check(last > 0n, `${what}: the path has more hashes than the list needs.`);
    const isRight = Boolean(index & 1n) || index === last;
    const other = unhex(sibling);
    result = isRight ? await nodeHash(other, result) : await nodeHash(result, other);
    levels.push({ level: levels.length + 1, side: isRight ? "left" : "right", sibling, result: hex(result) });
    if (isRight) while (!(index & 1n) && index) [index, last] = [index >> 1n, last >> 1n];
    [index, last] = [index >> 1n, last >> 1n];
  }
  check(last === 0n, `${what}: the path has fewer hashes than the list needs.`);
  const computed = hex(result);
  if (computed !== root) {
    throw new Wrong(`${what}: the path does not lead to ${end}.`, both(computed, root), levels);
  }
  return levels;
}

const plain = (value) => value.toLocaleString("en");
const hashes = ({ length }) => (length === 1 ? "1 hash leads" : `${length} hashes lead`);

/** The steps, in order: a title, and what checks it and returns what it found. */
const STEPS = [
  ["The text has this fingerprint", async ({ receipt, found }) => {
    found.id = await leafHash(new TextEncoder().encode(receipt.record));
    return { text: "The record id is the hash of the text and of nothing else.", hashes: [["Record id", hex(found.id)]] };
  }],
  ["The fingerprint is in the block's record list", async ({ receipt, found }) => {
    const { header, recordIndex, recordPath } = receipt;
    const levels = await checkPath(found.id, recordIndex, header.recordCount, recordPath, header.merkleRoot, "The record list", "the block's record root");
    const text = `Record ${plain(recordIndex)} of ${plain(header.recordCount)}, counted from 0: ${hashes(levels)} up to the record root.`;
    return { text, levels, hashes: [["Record root", header.merkleRoot]] };
  }],
  ["The block's header has this hash and its proof of work", async ({ receipt, found }) => {
    const checked = await checkHeader(receipt.header, "header");
    found.easiest = checked.easiest;
    const { height } = receipt.header;
    return { text: work(height, checked), hashes: [["Block hash", receipt.header.hash], ["Target", checked.target]] };
  }],
  ["The block is in the history of the tip", async ({ receipt }) => {
    const { header, tip, blockPath } = receipt;
    check(header.height <= tip.height, "The tip is below the block.");
    if (header.height === tip.height) {
      check(header.hash === tip.hash && blockPath.length === 0, "The block is as high as the tip, and is not the tip.", [["Block", header.hash], ["Tip", tip.hash]]);
      return { text: "The block is the tip itself.", hashes: [["Tip hash", tip.hash]] };
    }
    const leaf = await leafHash(unhex(header.hash));
    const levels = await checkPath(leaf, header.height, tip.height, blockPath, tip.historyRoot, "The history", "the tip's history root");
    return { text: `Block ${plain(header.height)} of ${plain(tip.height)}: ${hashes(levels)} up to the history root of the tip.`, levels, hashes: [["History root", tip.historyRoot]] };
  }],
  ["That history starts at this chain's first block", async ({ receipt }) => {
    const { tip, chainId, genesisPath } = receipt;
    if (tip.height === 0n) {
      check(chainId === tip.hash && genesisPath.length === 0, "The tip is block 0, and is not the chain's first block.", [["Tip", tip.hash], ["Chain id", chainId]]);
      return { text: "The tip is the first block itself.", hashes: [["Chain id", chainId]] };
    }
    const leaf = await leafHash(unhex(chainId));
    const levels = await checkPath(leaf, 0n, tip.height, genesisPath, tip.historyRoot, "The history", "the tip's history root");
    return { text: "The chain id is the hash of block 0 of that history.", levels, hashes: [["Chain id", chainId]] };
  }],
  ["The tip's header has this hash and its proof of work", async ({ receipt, found }) => {
    const checked = await checkHeader(receipt.tip, "tip");
    check(checked.easiest === found.easiest, "The difficulties of the two headers do not fit each other.");
    return { text: work(receipt.tip.height, checked), hashes: [["Tip hash", receipt.tip.hash], ["Target", checked.target]] };
  }],
];

function work(height, { attempts }) {
  if (height === 0n) return "The first block of a chain needs no proof of work.";
  return `Meeting its target took about ${plain(attempts)} attempts.`;
}

/** The title of the last step, about which the caller decides. */
const ANCHOR = "The tip is one that you trust";

/**
 * Verifies a receipt, its text or the bytes of it. `anchor(tip)` says whether the tip's hash is
 * trusted: `{ isTrusted, text }`, or `null` if nobody said. `onStep` hears of each step.
 *
 * Returns `{ verdict, receipt, steps, reason }`. `verdict` is `verified`, `unanchored`, `failed`
 * or `unreadable`; the state of a step `ok`, `bad`, `open` or `skipped`.
 */
export async function verify(data, anchor = async () => null, onStep = () => {}) {
  let receipt;
  try {
    const size = typeof data === "string" ? new TextEncoder().encode(data).length : data.length;
    must(size <= MAX_RECEIPT_BYTES, `it has ${plain(size)} bytes, and receipts have at most ${plain(MAX_RECEIPT_BYTES)}`);
    receipt = read(data);
  } catch (error) {
    const reason = error instanceof NotReadable ? error.message : "it is not UTF-8 text";
    return { verdict: "unreadable", receipt: null, steps: [], reason };
  }
  const steps = [];
  const add = (step) => (steps.push(step), onStep(step, steps.length - 1));
  const context = { receipt, found: {} };
  let reason = null;
  for (const [title, run] of STEPS) {
    if (reason) {
      add({ title, state: "skipped", text: "Not checked, since a step before it failed." });
      continue;
    }
    try {
      add({ title, state: "ok", ...(await run(context)) });
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      const { message, values, levels } = error;
      reason = `Step ${steps.length + 1} fails: ${message}`;
      add({ title, state: "bad", text: message, values, levels });
    }
  }
  if (reason) {
    add({ title: ANCHOR, state: "skipped", text: "Not checked, since a step before it failed." });
    return { verdict: "failed", receipt, steps, reason };
  }
  const trust = await anchor(receipt.tip);
  if (trust?.isTrusted === false) {
    reason = `Step ${steps.length + 1} fails: ${trust.text}`;
    add({ title: ANCHOR, state: "bad", ...trust });
    return { verdict: "failed", receipt, steps, reason };
  }
  const text = trust?.text ?? "Nobody said which tip to trust.";
  add({ title: ANCHOR, state: trust ? "ok" : "open", ...trust, text, hashes: [["Tip hash", receipt.tip.hash]] });
  return { verdict: trust ? "verified" : "unanchored", receipt, steps, reason };
}
