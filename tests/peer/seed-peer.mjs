// A node of the seed's kind, written for tests: Express routes, ws, three messages, a chain in
// memory. It has the habits that were seen of the seed, the bad ones too: it dies of a frame that
// it cannot read and of a port where nobody listens, follows only a chain that is higher, relays
// no block, and never dials again.
//
//   node seed-peer.mjs [API-PORT] [PEER-PORT]
import { pathToFileURL } from 'node:url'
import express from 'express'
import { WebSocket, WebSocketServer } from 'ws'
import { Chain, DEV } from './chain.mjs'

const ASK = 0
const BLOCK = 1
const CHAIN = 2

const once = (emitter, name) => new Promise((resolve) => emitter.once(name, resolve))

export class SeedPeer {
  constructor(chain = new Chain(DEV)) {
    this.chain = chain
    this.sockets = []
    // Those too that it forgot.
    this.everySocket = new Set()
    // What went over the wire, for tests: [type, heights] of every message.
    this.sent = []
    this.received = []
    this.adopted = 0
    this.opened = 0
  }

  async start(apiPort = 0, peerPort = 0) {
    this.server = new WebSocketServer({ host: '127.0.0.1', port: peerPort })
    await once(this.server, 'listening')
    this.server.on('connection', (socket) => this.#connect(socket))
    this.api = this.#routes().listen(apiPort, '127.0.0.1')
    await once(this.api, 'listening')
    this.url = `ws://127.0.0.1:${this.server.address().port}`
    this.apiUrl = `http://127.0.0.1:${this.api.address().port}`
    return this
  }

  // Ends it and all its links.
  async stop() {
    for (const socket of this.everySocket) socket.terminate()
    this.api.closeAllConnections()
    await Promise.all([
      new Promise((resolve) => this.server.close(resolve)),
      new Promise((resolve) => this.api.close(resolve)),
    ])
  }

  // A failed dial is nobody's to handle: the process dies of it.
  dial(url) {
    const socket = new WebSocket(url)
    socket.on('open', () => this.#connect(socket))
    return once(socket, 'open')
  }

  mine(data) {
    const block = this.chain.mine(data)
    this.#broadcast({ type: ASK, payload: {} })
    return block
  }

  #routes() {
    const app = express()
    app.use(express.json())
    app.use((request, response, next) => {
      const [, encoded = ''] = (request.headers.authorization ?? '').split(' ')
      const isKnown = Buffer.from(encoded, 'base64').toString() === 'jenny:1234'
      return isKnown ? next() : response.status(401).send()
    })
    app.get('/', (_, response) => response.send('jenny chain'))
    app.get('/chains', (_, response) => response.json(this.chain.blocks))
    app.post('/mineBlock', (request, response) => response.json(this.mine(request.body.data)))
    app.post('/addToPeer', (request, response) => {
      this.dial(request.body.peer)
      response.json(request.body.peer)
    })
    app.get('/peers', (_, response) => {
      response.json(this.sockets.map(({ _socket: end }) => `${end.remoteAddress}:${end.remotePort}`))
    })
    return app
  }

  #connect(socket) {
    this.opened += 1
    this.sockets.push(socket)
    this.everySocket.add(socket)
    socket.on('message', (data) => this.#receive(socket, JSON.parse(data.toString())))
    // An error is followed by the end, and then another link is forgotten too.
    const forget = () => this.sockets.splice(this.sockets.indexOf(socket), 1)
    socket.on('close', forget)
    socket.on('error', forget)
    this.#send(socket, { type: ASK, payload: {} })
  }

  #receive(socket, message) {
    this.received.push(summary(message))
    switch (message.type) {
      case ASK:
        this.#send(socket, { type: BLOCK, payload: [this.chain.tip] })
        break
      case BLOCK: {
        const [block] = message.payload
        if (!this.#append(block)) this.#send(socket, { type: CHAIN, payload: this.chain.blocks })
        break
      }
      case CHAIN:
        this.#follow(message.payload)
        break
    }
  }

  #append(block) {
    // What is no block at all is nobody's to handle.
    if (block.previousHash !== this.chain.tip.hash) return false
    try {
      this.chain.append(block)
      return true
    } catch {
      return false
    }
  }

  // Takes a chain that is higher, whatever its work; one that is a single block longer is not
  // thought to be worth it.
  #follow(blocks) {
    const { tip, spec } = this.chain
    const last = blocks.at(-1)
    if (last.height <= tip.height || last.previousHash === tip.hash) return
    try {
      this.chain = Chain.from(spec, blocks)
    } catch {
      return
    }
    this.adopted += 1
    this.#broadcast({ type: CHAIN, payload: blocks })
  }

  #broadcast(message) {
    for (const socket of this.sockets) this.#send(socket, message)
  }

  #send(socket, message) {
    this.sent.push(summary(message))
    socket.send(JSON.stringify(message))
  }
}

const summary = ({ type, payload }) => (type === ASK ? [ASK] : [type, payload.at(0).height, payload.at(-1).height])

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [apiPort = 3000, peerPort = 7545] = process.argv.slice(2).map(Number)
  const peer = await new SeedPeer().start(apiPort, peerPort)
  console.log(`ready api=${peer.apiUrl} p2p=${peer.url}`)
}
