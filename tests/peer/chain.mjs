// The rules of docs/chain.md once more, written apart from the node's: bytes, trees, difficulty.
import { createHash } from 'node:crypto'

export const DEV = {
  name: 'dev',
  genesis_timestamp: 1655424000000,
  pow_limit_bits: '207fffff',
  target_block_time_ms: 10000,
  retarget_window: 0,
  max_future_ms: 120000,
  max_record_bytes: 65536,
  max_block_records: 4096,
  max_block_bytes: 1048576,
}

const MAX_SAFE = Number.MAX_SAFE_INTEGER
const ZEROS = '0'.repeat(64)
const MAX_TARGET = (1n << 256n) - 1n

const sha256 = (...parts) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
const LEAF = Buffer.of(0)
const NODE = Buffer.of(1)
const leafHash = (bytes) => sha256(LEAF, bytes)
const nodeHash = (left, right) => sha256(NODE, left, right)

// RFC 6962 section 2.1: the roots of the complete subtrees are enough to append.
export class Tree {
  constructor(subtrees = []) {
    this.subtrees = subtrees
  }
  append(leaf) {
    let [hash, size] = [leaf, 1]
    const subtrees = [...this.subtrees]
    while (subtrees.length > 0 && subtrees.at(-1).size === size) {
      hash = nodeHash(subtrees.pop().hash, hash)
      size *= 2
    }
    subtrees.push({ hash, size })
    return new Tree(subtrees)
  }
  root() {
    const { subtrees } = this
    if (subtrees.length === 0) return sha256(Buffer.alloc(0))
    return subtrees.slice(0, -1).reduceRight((right, left) => nodeHash(left.hash, right), subtrees.at(-1).hash)
  }
}

export const merkleRoot = (records) =>
  records.reduce((tree, record) => tree.append(leafHash(Buffer.from(record, 'utf8'))), new Tree()).root()

export function target(bits) {
  const compact = Number.parseInt(bits, 16)
  const [exponent, mantissa] = [compact >>> 24, compact & 0x00ffffff]
  if (mantissa & 0x800000) throw new Error(`bits: ${bits} is negative`)
  const value =
    exponent >= 3 ? BigInt(mantissa) << BigInt(8 * (exponent - 3)) : BigInt(mantissa >>> (8 * (3 - exponent)))
  if (value === 0n || value > MAX_TARGET || toCompact(value) !== bits) throw new Error(`bits: ${bits} is not canonical`)
  return value
}

export function toCompact(value) {
  const digits = value.toString(16)
  let size = Math.ceil(digits.length / 2)
  let mantissa = Number(size >= 3 ? value >> BigInt(8 * (size - 3)) : value << BigInt(8 * (3 - size)))
  if (mantissa & 0x800000) {
    mantissa >>>= 8
    size += 1
  }
  return (size * 0x1000000 + mantissa).toString(16).padStart(8, '0')
}

const work = (bits) => (MAX_TARGET + 1n) / (target(bits) + 1n)

function requiredBits(spec, parent, grandparent) {
  if (!grandparent || spec.retarget_window === 0) return spec.pow_limit_bits
  const [time, window] = [BigInt(spec.target_block_time_ms), BigInt(spec.retarget_window)]
  const longest = 6n * time + BigInt(spec.max_future_ms)
  const took = BigInt(parent.timestamp - grandparent.timestamp)
  const solve = took < longest ? took : longest
  let value = (target(parent.bits) / (window * time)) * (window * time + solve - time)
  const limit = target(spec.pow_limit_bits)
  if (value > limit) value = limit
  return toCompact(value < 1n ? 1n : value)
}

export function header(block) {
  const bytes = Buffer.alloc(132)
  bytes.writeUInt32BE(block.version, 0)
  bytes.writeBigUInt64BE(BigInt(block.height), 4)
  bytes.writeBigUInt64BE(BigInt(block.timestamp), 12)
  bytes.write(block.previousHash, 20, 'hex')
  bytes.write(block.merkleRoot, 52, 'hex')
  bytes.write(block.historyRoot, 84, 'hex')
  bytes.writeUInt32BE(block.data.length, 116)
  bytes.write(block.bits, 120, 'hex')
  bytes.writeBigUInt64BE(BigInt(block.nonce), 124)
  return bytes
}

const blockHash = (block) => sha256(header(block))

export function genesis(spec) {
  const text = JSON.stringify(spec)
  const block = {
    version: 1,
    height: 0,
    timestamp: spec.genesis_timestamp,
    previousHash: ZEROS,
    merkleRoot: merkleRoot([text]).toString('hex'),
    historyRoot: new Tree().root().toString('hex'),
    bits: spec.pow_limit_bits,
    difficulty: 1,
    nonce: 0,
    hash: '',
    data: [text],
  }
  block.hash = blockHash(block).toString('hex')
  return block
}

const check = (holds, field) => {
  if (!holds) throw new Error(`block: ${field}`)
}
const isHash = (text) => typeof text === 'string' && /^[0-9a-f]{64}$/.test(text)
const isNumber = (value) => Number.isInteger(value) && value >= 0 && value <= MAX_SAFE

// A chain of valid blocks, which can be copied and extended.
export class Chain {
  constructor(spec) {
    this.spec = spec
    this.blocks = [genesis(spec)]
    this.work = work(spec.pow_limit_bits)
    this.history = new Tree().append(leafHash(Buffer.from(this.tip.hash, 'hex')))
  }

  static from(spec, blocks, now = Date.now()) {
    const chain = new Chain(spec)
    check(JSON.stringify(bare(blocks[0])) === JSON.stringify(bare(chain.tip)), 'another genesis')
    for (const block of blocks.slice(1)) chain.append(block, now)
    return chain
  }

  get tip() {
    return this.blocks.at(-1)
  }

  // Every rule, in the order of docs/chain.md; throws at the first that is broken.
  append(block, now = Date.now()) {
    const { spec, tip } = this
    check(block.version === 1, 'version')
    check(isNumber(block.height) && isNumber(block.timestamp) && isNumber(block.nonce), 'a number')
    check([block.previousHash, block.merkleRoot, block.historyRoot].every(isHash), 'a hash')
    check(Array.isArray(block.data) && block.data.every((record) => typeof record === 'string'), 'data')
    check(block.data.length <= spec.max_block_records, 'too many records')
    const hash = blockHash(block)
    check(hash.toString('hex') === block.hash, 'hash')
    check(BigInt(`0x${block.hash}`) <= target(block.bits), 'proof of work')
    check(block.previousHash === tip.hash && block.height === tip.height + 1, 'parent')
    check(block.bits === requiredBits(spec, tip, this.blocks.at(-2)), 'bits')
    check(block.timestamp >= tip.timestamp && block.timestamp <= now + spec.max_future_ms, 'timestamp')
    check(block.historyRoot === this.history.root().toString('hex'), 'history root')
    const sizes = block.data.map((record) => Buffer.byteLength(record))
    check(sizes.every((size) => size <= spec.max_record_bytes), 'a large record')
    check(sizes.reduce((sum, size) => sum + size, 0) <= spec.max_block_bytes, 'a large block')
    check(block.merkleRoot === merkleRoot(block.data).toString('hex'), 'merkle root')
    this.blocks.push(block)
    this.work += work(block.bits)
    this.history = this.history.append(leafHash(hash))
  }

  // The next block, `timestamp` milliseconds after the epoch or as soon as the parent allows.
  mine(data, timestamp = Date.now()) {
    const { spec, tip } = this
    const bits = requiredBits(spec, tip, this.blocks.at(-2))
    const block = {
      version: 1,
      height: tip.height + 1,
      timestamp: Math.max(timestamp, tip.timestamp),
      previousHash: tip.hash,
      merkleRoot: merkleRoot(data).toString('hex'),
      historyRoot: this.history.root().toString('hex'),
      bits,
      difficulty: Number(target(spec.pow_limit_bits)) / Number(target(bits)),
      nonce: 0,
      hash: '',
      data,
    }
    const limit = target(bits)
    const bytes = header(block)
    for (; ; block.nonce += 1) {
      bytes.writeBigUInt64BE(BigInt(block.nonce), 124)
      block.hash = sha256(bytes).toString('hex')
      if (BigInt(`0x${block.hash}`) <= limit) break
    }
    this.append(block, block.timestamp)
    return block
  }

  // The same chain up to a height.
  until(height) {
    return Chain.from(this.spec, this.blocks.slice(0, height + 1), MAX_SAFE - this.spec.max_future_ms)
  }
}

const bare = ({ version, height, timestamp, previousHash, merkleRoot, historyRoot, bits, nonce, hash, data }) => ({
  version, height, timestamp, previousHash, merkleRoot, historyRoot, bits, nonce, hash, data,
})
