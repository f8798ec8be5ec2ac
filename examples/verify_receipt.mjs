#!/usr/bin/env node
// Verifies a receipt by docs/chain.md, section 12: verify_receipt.mjs FILE [HASH OF THE TRUSTED TIP]
import { createHash } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { pathToFileURL } from "node:url";
const sha = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();
const leafHash = (data) => sha(Buffer.of(0), data);
const nodeHash = (left, right) => sha(Buffer.of(1), left, right);
const check = (condition, reason) => { if (!condition) throw new Error(reason); };

// JSON.parse rounds numbers and keeps the last of repeated keys: numbers become {"\0": text}, and keys are counted.
function parse(text) {
  JSON.parse(text);
  const wrap = (token) => (token[0] === '"' ? token : `{"\\u0000":"${token}"}`);
  const value = JSON.parse(text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, wrap));
  const count = (item) => {
    if (item === null || typeof item !== "object" || "\0" in item) return 0;
    const below = Object.values(item).map(count).reduce((sum, more) => sum + more, 0);
    return below + (Array.isArray(item) ? 0 : Object.keys(item).length);
  };
  const keys = [...text.matchAll(/"(?:[^"\\]|\\.)*"(?=([ \t\n\r]*:)?)/g)].filter((token) => token[1]);
  check(keys.length === count(value), "a key is repeated");
  return value;
}
const fits = (value, max) => /^(0|[1-9]\d{0,15})$/.test(value?.["\0"]) && Number(value["\0"]) <= max;
const integer = (value, max = 2 ** 53 - 1) => (check(fits(value, max), "a number is no integer in range"), BigInt(value["\0"]));
const isHex = (value, count) => typeof value === "string" && value.length === count && /^[0-9a-f]*$/.test(value);
const digits = (value, count) => (check(isHex(value, count), "a text is not hexadecimal"), Buffer.from(value, "hex"));
const isPath = (value) => Array.isArray(value) && value.length <= 64;
const path = (value) => (check(isPath(value), "a path is no list of at most 64 hashes"), value.map((item) => digits(item, 64)));
function compact(target) {
  let size = BigInt(Math.ceil(target.toString(16).length / 2));
  let mantissa = size >= 3n ? target >> (8n * (size - 3n)) : target << (8n * (3n - size));
  if (mantissa & 0x800000n) [mantissa, size] = [mantissa >> 8n, size + 1n];
  return (size << 24n) | mantissa;
}
function targetOf(bits) {
  const [exponent, mantissa] = [bits >> 24n, bits & 0xffffffn];
  const target = exponent >= 3n ? mantissa << (8n * (exponent - 3n)) : mantissa >> (8n * (3n - exponent));
  check(mantissa < 0x800000n && target > 0n && target < 1n << 256n && compact(target) === bits, "bits is no target");
  return target;
}
function readHeader(value) {
  const word = (key, size, max) => Buffer.from(integer(value[key], max).toString(16).padStart(2 * size, "0"), "hex");
  const [previous, merkle, history] = ["previousHash", "merkleRoot", "historyRoot"].map((key) => digits(value[key], 64));
  const data = [word("version", 4, 2 ** 32 - 1), word("height", 8), word("timestamp", 8), previous, merkle, history,
    word("recordCount", 4, 2 ** 32 - 1), digits(value.bits, 8), word("nonce", 8)];
  const [hash, target, height] = [sha(...data), targetOf(BigInt(`0x${value.bits}`)), integer(value.height)];
  check(hash.toString("hex") === value.hash, "hash is not that of the header");
  check(integer(value.version) === 1n, "version is not 1");
  check(height === 0n || BigInt(`0x${value.hash}`) <= target, "there is no proof of work");
  let easiest = null; // The easiest target of the chain, by the difficulty.
  if ("difficulty" in value) {
    const text = value.difficulty?.["\0"];
    check(Number(text) > 0 && Number(text) < 2 ** 256, "difficulty is out of range");
    easiest = targetOf(compact(BigInt(Math.floor(Number(text) * Number(target) * (1 + 2 ** -40)))));
    check(easiest >= target && String(Number(easiest) / Number(target)) === text, "difficulty does not fit bits");
  }
  return { height, hash, easiest, merkle, history, count: integer(value.recordCount) };
}
function verifyPath(leaf, index, size, hashes, root) {
  check(index < size, "the leaf is outside the tree");
  let [last, result] = [size - 1n, leaf];
  for (const sibling of hashes) {
    check(last > 0n, "the path is too long");
    if (index & 1n || index === last) {
      result = nodeHash(sibling, result);
      while (!(index & 1n) && index) [index, last] = [index >> 1n, last >> 1n];
    } else result = nodeHash(result, sibling);
    [index, last] = [index >> 1n, last >> 1n];
  }
  check(last === 0n && result.equals(root), "the path does not lead to the root");
}
/** Throws unless the receipt, a Buffer, is sound and, given a tip, for that tip. */
export function verify(data, trusted) {
  check(data.length <= 6 * 2 ** 20 + 2 ** 16, "the text is too large");
  const value = parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data));
  check(value.format === "jenny-receipt-1", "this is another format");
  const [header, tip, chain] = [readHeader(value.header), readHeader(value.tip), digits(value.chainId, 64)];
  check(header.easiest === tip.easiest, "the difficulties do not fit");
  check(typeof value.record === "string" && value.record.isWellFormed(), "record is no text");
  const record = leafHash(Buffer.from(value.record));
  verifyPath(record, integer(value.recordIndex), header.count, path(value.recordPath), header.merkle);
  const [blocks, genesis] = [path(value.blockPath), path(value.genesisPath)];
  if (header.height === tip.height) check(header.hash.equals(tip.hash) && !blocks.length, "header and tip are not one block");
  else verifyPath(leafHash(header.hash), header.height, tip.height, blocks, tip.history);
  if (tip.height === 0n) check(chain.equals(tip.hash) && !genesis.length, "chainId is not the tip");
  else verifyPath(leafHash(chain), 0n, tip.height, genesis, tip.history);
  const [chainId, recordId, block, end] = [chain, record, header.hash, tip.hash].map((hash) => hash.toString("hex"));
  check(trusted === undefined || trusted === end, `the tip is ${end}, not the trusted one`);
  return { chainId, recordId, block, tip: end };
}
if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  try { console.log(JSON.stringify(verify(readFileSync(process.argv[2]), process.argv[3]))); } catch (error) {
    console.error(`not proven: ${error.message}`);
    process.exitCode = 1;
  }
}
