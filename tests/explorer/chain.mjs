// Chains that are made here: blocks of any time and any records, in a chain file for `jenny import`
// (docs/chain.md, docs/archive.md).
import { createHash, hash } from "node:crypto";
import { crc32 } from "node:zlib";

const sha256 = (...parts) => {
  const state = createHash("sha256");
  for (const part of parts) state.update(part);
  return state.digest();
};
const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);
const leafHash = (data) => sha256(LEAF, data);

/** The root over hashes of leaves that are added one by one. */
class Frontier {
  constructor(trees = []) {
    this.trees = trees;
  }

  add(leaf) {
    let tree = { size: 1, root: leaf };
    while (this.trees.at(-1)?.size === tree.size) {
      const left = this.trees.pop();
      tree = { size: 2 * tree.size, root: sha256(NODE, left.root, tree.root) };
    }
    this.trees.push(tree);
  }

  root() {
    if (!this.trees.length) return sha256();
    return this.trees.map(({ root }) => root).reduceRight((right, left) => sha256(NODE, left, right));
  }
}

const number = (value, size) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes.subarray(8 - size);
};

function varint(value) {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}

const targetOf = (bits) => (BigInt(bits) & 0xffffffn) << (8n * ((BigInt(bits) >> 24n) - 3n));

function compact(target) {
  let size = BigInt(Math.ceil(target.toString(16).length / 2));
  let mantissa = target >> (8n * (size - 3n));
  if (mantissa & 0x800000n) [mantissa, size] = [mantissa >> 8n, size + 1n];
  return Number((size << 24n) | mantissa);
}

/** Attempts that a block of such bits takes on average. */
export const attempts = (bits) => Number((1n << 256n) / (targetOf(bits) + 1n));

/** A frame of a chain file. */
function frame(kind, contents) {
  const head = Buffer.concat([Buffer.from(kind), Buffer.of(0), number(contents.length, 4), number(contents.length, 4)]);
  const sum = crc32(contents, crc32(head));
  return Buffer.concat([head, number(sum, 4), contents]);
}

export class Chain {
  /** A chain of its own, whose first block has that time. */
  static create(name, begin, { limit = "1f0fffff", interval = 10_000, window = 60 } = {}) {
    const self = new Chain();
    self.spec = JSON.stringify({
      name, genesis_timestamp: begin, pow_limit_bits: limit, target_block_time_ms: interval, retarget_window: window,
      max_future_ms: 120_000, max_record_bytes: 65_536, max_block_records: 4096, max_block_bytes: 1_048_576,
    });
    Object.assign(self, { limit: parseInt(limit, 16), interval, window, blocks: [], history: new Frontier() });
    self.push([self.spec], begin, self.limit, (header) => header);
    return self;
  }

  /** The same chain, to which other blocks are added. */
  branch() {
    const copy = Object.assign(new Chain(), this);
    return Object.assign(copy, { blocks: [...this.blocks], history: new Frontier([...this.history.trees]) });
  }

  get tip() {
    return this.blocks.at(-1);
  }

  /** The target of the next block, in its compact form. */
  nextBits() {
    const [before, last] = this.blocks.slice(-2);
    if (!last || this.window === 0) return this.limit;
    const span = BigInt(this.window * this.interval);
    const taken = BigInt(Math.min(last.time - before.time, 6 * this.interval + 120_000));
    const next = (targetOf(last.bits) / span) * (span + taken - BigInt(this.interval));
    const limit = targetOf(this.limit);
    return compact(next > limit ? limit : next);
  }

  /** Mines a block on the last one. Returns its hash. */
  mine(records, time) {
    const bits = this.nextBits();
    const most = targetOf(bits).toString(16).padStart(64, "0");
    return this.push(records, time, bits, (header) => {
      for (let nonce = 0; hash("sha256", header, "hex") > most; nonce += 1) header.writeUInt32BE(nonce, 128);
      return header;
    });
  }

  push(records, time, bits, work) {
    const bodies = records.map((text) => Buffer.from(text));
    const ids = bodies.map(leafHash);
    const list = new Frontier();
    ids.forEach((id) => list.add(id));
    const header = work(Buffer.concat([
      number(1, 4), number(this.blocks.length, 8), number(time, 8), this.tip?.hash ?? Buffer.alloc(32),
      list.root(), this.history.root(), number(records.length, 4), number(bits, 4), number(0, 8),
    ]));
    const body = Buffer.concat([varint(bodies.length), ...bodies.flatMap((one) => [varint(one.length), one])]);
    const block = { hash: sha256(header), time, bits, ids, bytes: Buffer.concat([header, number(body.length, 4), body]) };
    this.history.add(leafHash(block.hash));
    this.blocks.push(block);
    return block.hash.toString("hex");
  }

  /** The chain file. All records are the node's own ones. */
  file() {
    const id = this.blocks[0].hash;
    const frames = [frame("a", Buffer.concat([Buffer.of(1), id, number(0, 8), Buffer.alloc(32), Buffer.from(this.spec)]))];
    let [waiting, size] = [[], 0];
    const flush = () => {
      if (waiting.length) frames.push(frame("b", Buffer.concat(waiting)));
      [waiting, size] = [[], 0];
    };
    for (const { bytes } of this.blocks) {
      if (size + bytes.length > 256 << 10) flush();
      waiting.push(bytes);
      size += bytes.length;
    }
    flush();
    frames.push(frame("m", Buffer.concat([Buffer.from("m"), number(this.blocks.length - 1, 8)])));
    const end = Buffer.concat([Buffer.from("e"), number(this.blocks.length, 8), this.tip.hash]);
    const all = Buffer.concat([Buffer.of(0x89), Buffer.from("JCF\r\n\x1a\n"), number(1, 2), ...frames, end]);
    return Buffer.concat([all, sha256(all)]);
  }
}

/** Numbers from 0 to 1, the same ones in every run. */
export function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export const SERIES_START = Date.UTC(2026, 10, 27, 6, 0, 0);

/** Points of `GET /v1/series`: blocks one after another with such intervals in seconds. */
export function series(intervals, { bits = "1f00ffff", records = 2, from = 1000 } = {}) {
  let time = SERIES_START;
  return intervals.map((seconds, at) => ({ height: from + at, blocks: 1, timestamp: (time += 1000 * seconds), secondsPerBlock: seconds, bits, difficulty: 1, records }));
}
