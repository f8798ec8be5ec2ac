// The node under test: a process of its own in a directory of its own.
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const AUTHORIZATION = `Basic ${Buffer.from('jenny:1234').toString('base64')}`

// Waits until it holds; fails after half a minute, saying what never came.
export async function until(what, holds, patience = 120_000) {
  const deadline = Date.now() + patience
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`never: ${typeof what === 'function' ? await what() : what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

export class Node {
  // `spec` is a chain's parameters, `peers` are dialled at start.
  static async start(binary, { spec, peers = [] } = {}) {
    const node = new Node()
    node.binary = binary
    node.directory = await mkdtemp(join(tmpdir(), 'jenny-peer-'))
    node.chain = 'dev'
    if (spec) {
      node.chain = join(node.directory, 'chain.json')
      await writeFile(node.chain, JSON.stringify(spec))
    }
    await writeFile(join(node.directory, 'peers.json'), JSON.stringify(peers))
    node.listen = '127.0.0.1:0'
    await node.run()
    return node
  }

  async run() {
    const { binary, directory, chain, listen } = this
    const flags = ['run', '--chain', chain, '--data-dir', join(directory, 'data')]
    flags.push('--api-listen', '127.0.0.1:0', '--p2p-listen', listen)
    // What a reorg puts back into the pool stays there: a block of it would race with what is checked.
    const env = { JENNY_STORE_MIN_FREE: '0', JENNY_MINING_ENABLED: 'false' }
    this.process = spawn(binary, flags, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.ended = new Promise((resolve) => this.process.once('exit', resolve))
    this.log = ''
    this.process.stderr.on('data', (text) => (this.log += text))
    const lines = createInterface({ input: this.process.stdout })
    const ready = await Promise.race([
      new Promise((resolve) => lines.once('line', resolve)),
      this.ended.then(() => Promise.reject(new Error(`the node ended: ${this.log}`))),
    ])
    this.api = ready.match(/api=(\S+)/)[1]
    this.url = ready.match(/p2p=(\S+)/)[1]
    // A restart listens where it did before.
    this.listen = this.url.replace('ws://', '').replace(/\/$/, '')
  }

  async stop(signal = 'SIGTERM') {
    this.process.kill(signal)
    return this.ended
  }

  async remove() {
    await this.stop('SIGKILL')
    await rm(this.directory, { recursive: true })
  }

  async call(path, body) {
    const method = body === undefined ? 'GET' : 'POST'
    const headers = { Authorization: AUTHORIZATION, 'Content-Type': 'application/json' }
    const response = await fetch(this.api + path, { method, headers, body: body && JSON.stringify(body) })
    const text = await response.text()
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`)
    return JSON.parse(text)
  }

  status() {
    return this.call('/v1/status')
  }

  async tip() {
    return (await this.status()).tip.hash
  }

  mine(...data) {
    return this.call('/mineBlock', { data })
  }

  dial(peer) {
    return this.call('/addToPeer', { peer })
  }
}
