// Peers a running node with a peer of the seed's kind, in both directions. One argument: the node's
// binary. JENNY_TEST_PEER_BLOCKS is how long the long chains are.
import assert from 'node:assert/strict'
import { Chain, DEV } from './chain.mjs'
import { Node, until } from './node.mjs'
import { SeedPeer } from './seed-peer.mjs'

const [binary] = process.argv.slice(2)
const LONG = Number(process.env.JENNY_TEST_PEER_BLOCKS ?? 2_000)

// Difficulty follows the timestamps, so that a shorter chain can have more work.
const HEAVY = { ...DEV, name: 'heavy', retarget_window: 10 }

const tests = []
const test = (name, run) => tests.push({ name, run })

function grown(blocks, name, { spec = DEV, from, step = 1_000 } = {}) {
  const chain = from ? from.chain.until(from.height) : new Chain(spec)
  for (let count = 0; count < blocks; count += 1) {
    chain.mine([`${name} ${chain.tip.height + 1}`], chain.tip.timestamp + step)
  }
  return chain
}

// What a test started, ended with it.
class Stage {
  #things = []
  async node(options) {
    const node = await Node.start(binary, options)
    this.#things.push(() => node.remove())
    return node
  }
  async seed(chain, port = 0) {
    const seed = await new SeedPeer(chain).start(0, port)
    this.#things.push(() => seed.stop())
    return seed
  }
  // The node takes over this chain from a peer that leaves again.
  async teach(node, chain) {
    const teacher = await new SeedPeer(chain).start()
    await teacher.dial(node.url)
    await agree(node, teacher)
    await teacher.stop()
    await until('the teacher is gone', async () => (await node.status()).links === 0)
  }
  async end() {
    for (const end of this.#things.reverse()) await end()
  }
}

const agree = (node, ...seeds) =>
  until(
    async () => `one chain: ${JSON.stringify(await node.status())}, ${seeds.map((seed) => `${seed.chain.tip.height} ${seed.chain.tip.hash}; sent ${JSON.stringify(seed.sent.slice(-9))} received ${JSON.stringify(seed.received.slice(-9))}`)}`,
    async () => {
      const tip = await node.tip()
      return seeds.every((seed) => seed.chain.tip.hash === tip)
    },
    120_000,
  )

const linked = (node, count) => until(`${count} links`, async () => (await node.status()).links === count)
const quiet = (time) => new Promise((resolve) => setTimeout(resolve, time))
const count = (messages, type) => messages.filter(([kind]) => kind === type).length

for (const way of ['the seed dials', 'the node dials']) {
  const link = (node, seed) => (way === 'the seed dials' ? seed.dial(node.url) : node.dial(seed.url))

  test(`${way}: at genesis both are quiet`, async (stage) => {
    const [node, seed] = [await stage.node(), await stage.seed()]
    await link(node, seed)
    await until('the tips are exchanged', () => count(seed.received, 1) > 0)
    await quiet(1_000)
    assert.equal(count(seed.received, 0), 1)
    assert.equal(count(seed.received, 1), 1)
    assert.equal(count(seed.received, 2), 0)
  })

  test(`${way}: a block mined on either side reaches the other`, async (stage) => {
    const [node, seed] = [await stage.node(), await stage.seed()]
    await link(node, seed)
    for (let number = 0; number < 10; number += 1) {
      await node.mine(`node ${number}`, 'two records')
      await agree(node, seed)
      seed.mine([`seed ${number}`, 'ünï ☃ 𝄞', ''])
      await agree(node, seed)
    }
    assert.equal(seed.chain.tip.height, 20)
    assert.deepEqual(await node.call('/chains'), seed.chain.blocks)
    assert.equal((await node.status()).swaps.count, 0)
  })

  test(`${way}: a seed that is behind is caught up oldest first, without a whole chain`, async (stage) => {
    const node = await stage.node()
    await stage.teach(node, grown(LONG, 'long'))
    const seed = await stage.seed(grown(7, 'long'))
    await link(node, seed)
    await agree(node, seed)
    assert.equal(count(seed.sent, 2), 0, 'the seed sent its whole chain')
    assert.equal(count(seed.received, 2), 0, 'the seed was sent a whole chain')
    const heights = seed.received.filter(([type]) => type === 1).map(([, height]) => height)
    assert.deepEqual(heights, Array.from({ length: LONG - 7 }, (_, index) => index + 8))
  })

  test(`${way}: a seed that is ahead is followed in one swap`, async (stage) => {
    const node = await stage.node()
    for (const record of ['a', 'b', 'c']) await node.mine(record)
    const seed = await stage.seed(grown(LONG, 'other'))
    await link(node, seed)
    await agree(node, seed)
    assert.equal(seed.chain.tip.height, LONG)
    assert.equal((await node.status()).swaps.count, 1)
    assert.ok(count(seed.sent, 2) <= 2, `${count(seed.sent, 2)} whole chains were drawn`)
  })

  test(`${way}: a seed that is ahead on the same branch is followed without a swap`, async (stage) => {
    const node = await stage.node()
    const chain = grown(LONG, 'long')
    await stage.teach(node, chain.until(20))
    const seed = await stage.seed(chain)
    await link(node, seed)
    await agree(node, seed)
    assert.equal((await node.status()).swaps.count, 0)
  })

  test(`${way}: a seed on a lower branch moves to ours`, async (stage) => {
    const node = await stage.node()
    const chain = grown(20, 'ours')
    await stage.teach(node, chain)
    const seed = await stage.seed(grown(6, 'theirs', { from: { chain, height: 4 } }))
    await link(node, seed)
    await agree(node, seed)
    assert.equal(seed.chain.tip.height, 20)
    assert.equal((await node.status()).swaps.count, 0)
  })
}

test('a seed of equal height and more work is followed', async (stage) => {
  const node = await stage.node({ spec: HEAVY })
  const light = grown(40, 'light', { spec: HEAVY, step: 10_000 })
  const heavy = grown(40, 'heavy', { spec: HEAVY, step: 0 })
  assert.ok(heavy.work > light.work)
  await stage.teach(node, light)
  const seed = await stage.seed(heavy)
  await seed.dial(node.url)
  await agree(node, seed)
  assert.equal(await node.tip(), heavy.tip.hash)
  assert.equal((await node.status()).swaps.count, 1)
})

test('a lower seed moves to our higher chain even from one with more work', async (stage) => {
  const node = await stage.node({ spec: HEAVY })
  const light = grown(40, 'light', { spec: HEAVY, step: 10_000 })
  const heavy = grown(30, 'heavy', { spec: HEAVY, step: 0 })
  assert.ok(heavy.work > light.work)
  await stage.teach(node, light)
  const seed = await stage.seed(heavy)
  await seed.dial(node.url)
  // Its tip alone does not tell its work, and it goes by height.
  await agree(node, seed)
  assert.equal(await node.tip(), light.tip.hash)
})

test('a higher seed with less work keeps its chain until ours is higher', async (stage) => {
  const node = await stage.node({ spec: HEAVY })
  const heavy = grown(30, 'heavy', { spec: HEAVY, step: 0 })
  await stage.teach(node, heavy)
  const seed = await stage.seed(grown(33, 'light', { spec: HEAVY, step: 10_000 }))
  await seed.dial(node.url)
  await quiet(3_000)
  assert.equal(await node.tip(), heavy.tip.hash)
  assert.equal(seed.chain.tip.height, 33)
  assert.equal((await node.status()).links, 1, 'the link stays')
  // The seed follows the height, so that our growing higher is what ends it.
  for (let number = 0; number < 4; number += 1) await node.mine(`more ${number}`)
  await agree(node, seed)
  assert.equal(seed.chain.tip.height, 34)
})

test('what one seed mines reaches another through the node', async (stage) => {
  const node = await stage.node()
  const seeds = [await stage.seed(), await stage.seed(), await stage.seed()]
  await seeds[0].dial(node.url)
  await node.dial(seeds[1].url)
  await node.dial(seeds[2].url)
  await linked(node, 3)
  for (let number = 0; number < 9; number += 1) {
    seeds[number % 3].mine([`number ${number}`])
    await agree(node, ...seeds)
  }
  assert.equal(seeds[0].chain.tip.height, 9)
})

test('two seeds on branches of their own agree through the node', async (stage) => {
  const node = await stage.node()
  const one = await stage.seed(grown(15, 'one'))
  const two = await stage.seed(grown(25, 'two'))
  await one.dial(node.url)
  await agree(node, one)
  await two.dial(node.url)
  await agree(node, one, two)
  assert.equal(one.chain.tip.height, 25)
})

test('a node that restarts dials its peers again and misses nothing', async (stage) => {
  const seed = await stage.seed()
  const node = await stage.node({ peers: [seed.url] })
  await linked(node, 1)
  await node.mine('before')
  await agree(node, seed)
  assert.equal(await node.stop(), 0)
  seed.mine(['meanwhile'])
  seed.mine(['meanwhile too'])
  await node.run()
  await agree(node, seed)
  await node.mine('after')
  await agree(node, seed)
  assert.equal(seed.chain.tip.height, 4)
})

test('a node that was killed is dialled again by an operator, and the seed outlives it', async (stage) => {
  const [node, seed] = [await stage.node(), await stage.seed()]
  await seed.dial(node.url)
  await node.mine('before')
  await agree(node, seed)
  await node.stop('SIGKILL')
  await until('the seed forgets the link', () => seed.sockets.length === 0)
  seed.mine(['meanwhile'])
  await node.run()
  await seed.dial(node.url)
  await agree(node, seed)
  assert.equal(seed.chain.tip.height, 2)
})

test('a seed that lost its memory is dialled again and caught up', async (stage) => {
  let seed = await new SeedPeer().start()
  const port = seed.server.address().port
  const node = await stage.node({ peers: [seed.url] })
  await linked(node, 1)
  for (const record of ['a', 'b', 'c', 'd']) await node.mine(record)
  await agree(node, seed)
  await seed.stop()
  await linked(node, 0)
  seed = await stage.seed(new Chain(DEV), port)
  await agree(node, seed)
  assert.equal(seed.chain.tip.height, 4)
  assert.equal(count(seed.received, 2), 0)
})

test('the routes of both give the same answers', async (stage) => {
  const [node, seed] = [await stage.node(), await stage.seed()]
  await seed.dial(node.url)
  await linked(node, 1)
  const headers = { Authorization: `Basic ${btoa('jenny:1234')}`, 'Content-Type': 'application/json' }
  const post = (url, path, body) => fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
  const mined = await (await post(seed.apiUrl, '/mineBlock', { data: ['over REST'] })).json()
  await until('it arrives', async () => (await node.tip()) === mined.hash)
  for (const url of [node.api, seed.apiUrl]) {
    assert.equal((await fetch(`${url}/`)).status, 401)
    assert.equal((await (await fetch(`${url}/chains`, { headers })).json()).length, 2)
    const peers = await (await fetch(`${url}/peers`, { headers })).json()
    assert.match(peers[0], /^127\.0\.0\.1:\d+$/)
  }
})

const wanted = process.env.JENNY_TEST_PEER_ONLY ?? ''
let [passed, failed] = [0, 0]
// A peer of the seed's kind does not survive what it cannot read, and neither does this run.
process.on('uncaughtException', (error) => {
  console.log(`FAILED: the seed died: ${error.stack}\n${passed} passed, ${failed + 1} failed`)
  process.exit(1)
})
for (const { name, run } of tests.filter(({ name }) => name.includes(wanted))) {
  const stage = new Stage()
  const started = Date.now()
  try {
    await run(stage)
    passed += 1
    console.log(`ok: ${name} (${Date.now() - started} ms)`)
  } catch (error) {
    failed += 1
    console.log(`FAILED: ${name}: ${error.stack}`)
  }
  await stage.end()
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
