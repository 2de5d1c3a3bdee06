import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { chunkRoot } from '@dmc/core/merkle/chunk-root'
import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import { type Fault, type FaultProxy, startFaultProxy } from '@dmc/testkit/fault-proxy'
import { afterEach, describe, expect, it } from 'vitest'
import { createMemoryRun, type MemoryRun } from '../../../test/support/memory-run.ts'
import { type GivenMiner, useMiners } from '../../../test/support/use-miners.ts'
import { seededBytes, seededRandom } from '../../../test/support/volume-bytes.ts'
import { type DeliverProgress, type DeliverSource, deliver } from './deliver.ts'
import type { MinerClient } from './miner-client.ts'
import { pieceSize } from './piece-size.ts'

const MIB = 1024 * 1024
const LONG = process.env.DMC_TEST_LONG === '1'
const givenMiner = useMiners()
const signal = new AbortController().signal
const proxies: FaultProxy[] = []

afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.close()
})

/** The miner's endpoint, reached through a proxy that breaks connections as planned. */
async function behindProxy(given: GivenMiner, plan: (connection: number) => Fault): Promise<FaultProxy> {
  const proxy = await startFaultProxy(() => given.miner.server.port, plan)
  proxies.push(proxy)
  const endpoint = given.miner.endpoint.replace(/:\d+(#|$)/, `:${proxy.port}$1`)
  given.market.endpoints.set(1n, endpoint)
  return proxy
}

async function expectHeld({ store }: GivenMiner, run: MemoryRun, log: Buffer): Promise<void> {
  expect(store.sealed).toEqual(run.commitment)
  expect(store.durableSize).toBe(log.length)
  expect((await store.read(0, log.length)).equals(log)).toBe(true)
}

const code = (expected: string) => expect.objectContaining({ code: expected })

/** A miner that says another root for one chunk, every time. */
const wrongChunk = (client: MinerClient, wrong: number): MinerClient =>
  ({
    orderId: client.orderId,
    append: (...args) => client.append(...args),
    seal: (...args) => client.seal(...args),
    async putLeaves(...args) {
      const { durableSize, chunks } = await client.putLeaves(...args)
      return {
        durableSize,
        chunks: chunks.map(([index, root]) => [index, index === wrong ? `0x${'0'.repeat(64)}` : root]),
      }
    },
  }) satisfies Partial<MinerClient> as MinerClient

describe('delivery (flows 11 and 13)', () => {
  it.each([
    ['over TLS', true],
    ['over loopback http', false],
  ])('brings a log to the miner, tells how far it is, and seals it %s', async (_name, tls) => {
    const given = await givenMiner({ tls })
    const log = seededBytes(19 * MIB + 5 * 1024, 1)
    const run = createMemoryRun(log, 64, null)
    const progress: DeliverProgress[] = []
    const client = await given.connect()
    const done = await deliver({ client, run, signal, onProgress: (step) => progress.push(step) })
    expect(done).toEqual({ sentBytes: log.length, durableSize: log.length })
    await expectHeld(given, run, log)
    expect(given.miner.sealed).toEqual([[given.orderId, run.commitment]])
    expect(run.released).toBe(log.length)
    expect(progress.at(-1)).toEqual({ durableSize: log.length, sentBytes: log.length, totalSize: log.length })
    for (const [i, step] of progress.entries()) {
      expect(step.durableSize).toBeGreaterThanOrEqual(progress[i - 1]?.durableSize ?? 0)
    }
    // the same delivery again finds everything there
    expect(await deliver({ client, run, signal })).toEqual({ sentBytes: 0, durableSize: log.length })
  })

  it('sends what appears while it runs, whole chunks first, and the growing end last', async () => {
    const given = await givenMiner({ tls: false })
    const log = seededBytes(6 * MIB + 3 * 1024, 2)
    const whole = createMemoryRun(log, 64, null)
    let spooled = 0
    let wake: (() => void)[] = []
    let finish = () => {}
    const done = new Promise<void>((resolve) => {
      finish = resolve
    })
    const grow = async () => {
      const random = seededRandom(2)
      while (spooled < log.length) {
        await new Promise((resolve) => setTimeout(resolve, 2))
        spooled = Math.min(log.length, spooled + Math.ceil(random() * 400) * 1024)
        for (const resolve of wake.splice(0)) resolve()
      }
      finish()
      for (const resolve of wake.splice(0)) resolve()
    }
    let over = false
    done.then(() => {
      over = true
    })
    const sent: [number, number][] = []
    const run: DeliverSource = {
      ...whole,
      async waitSpooled(size) {
        while (spooled <= size && !over) await new Promise<void>((resolve) => wake.push(resolve))
        return spooled
      },
      readSpool(offset, length) {
        expect(offset + length).toBeLessThanOrEqual(spooled)
        sent.push([offset, offset + length])
        return whole.readSpool(offset, length)
      },
      encoded: done.then(() => whole.encoded),
    }
    const client = await given.connect()
    await Promise.all([grow(), deliver({ client, run, signal })])
    await expectHeld(given, whole, log)
    for (const [first, end] of sent) {
      expect(first % MIB).toBe(0)
      if (end !== log.length) expect(end % MIB).toBe(0)
    }
    wake = []
  })

  it('appends to a commitment in force that ends inside a chunk', async () => {
    const given = await givenMiner({ tls: false })
    const log = seededBytes(7 * MIB + 9 * 1024, 3)
    const first = createMemoryRun(log.subarray(0, 2 * MIB + 700 * 1024), 64, null)
    const client = await given.connect()
    await deliver({ client, run: first, signal })
    given.market.agree(given.orderId, first.commitment)
    const second = createMemoryRun(log, 64, first.commitment)
    const reads: number[] = []
    const run = {
      ...second,
      readSpool(offset: number, length: number) {
        reads.push(offset)
        return second.readSpool(offset, length)
      },
    }
    // the miner learns of the agreement from the chain when the append names it
    const done = await deliver({ client, run, signal })
    expect(done.sentBytes).toBe(log.length - Number(first.commitment.size))
    expect(Math.min(...reads)).toBe(Number(first.commitment.size))
    await expectHeld(given, second, log)
    expect(given.store.commitment).toEqual(first.commitment)
  })

  it('resumes where the miner’s durable data ends, after either side was stopped', async () => {
    const given = await givenMiner({ tls: false })
    const log = seededBytes(24 * MIB, 4)
    const run = createMemoryRun(log, 64, null)
    const stop = new AbortController()
    const client = await given.connect({ signal: stop.signal })
    const first = deliver({
      client,
      run,
      signal: stop.signal,
      parallel: 1,
      mostOfPiece: MIB,
      onProgress: ({ durableSize }) => durableSize >= 5 * MIB && stop.abort(),
    })
    await expect(first).rejects.toEqual(code('INTERRUPTED'))
    await given.restart()
    const held = given.store.durableSize
    expect(held).toBeGreaterThanOrEqual(5 * MIB)
    const again = createMemoryRun(log, 64, null, run.session)
    const done = await deliver({ client: await given.connect(), run: again, signal })
    expect(done.sentBytes).toBe(log.length - held)
    await expectHeld(given, again, log)
  })

  it('sends small pieces over a slow line, where a broken connection takes much with it', async () => {
    const given = await givenMiner({ tls: false })
    const run = createMemoryRun(seededBytes(8 * MIB, 8), 64, null)
    const client = await given.connect()
    const sizes: number[] = []
    const slow: MinerClient = Object.create(client, {
      putLeaves: {
        value: async (...args: Parameters<MinerClient['putLeaves']>) => {
          sizes.push(args[2].length)
          // 1.5 MiB a second and connection
          await pause((args[2].length / MIB) * 667)
          return client.putLeaves(...args)
        },
      },
      append: { value: client.append.bind(client) },
      seal: { value: client.seal.bind(client) },
    })
    await deliver({ client: slow, run, signal })
    expect(sizes).toEqual(Array.from({ length: 8 }, () => MIB))
    expect(given.store.sealed).toEqual(run.commitment)
  })

  it('sends pieces as large as what goes through in a second, and grows to them by steps', () => {
    const most = 4 * MIB
    expect(pieceSize(MIB, MIB, 5, most)).toBe(2 * MIB)
    // the encoder had no more: that says nothing of the line
    expect(pieceSize(2 * MIB, MIB, 5, most)).toBe(most)
    expect(pieceSize(most, most, 5, most)).toBe(most)
    expect(pieceSize(most, most, 1500, most)).toBe(2 * MIB)
    expect(pieceSize(most, most, 60_000, most)).toBe(MIB)
    expect(pieceSize(2 * MIB, 5 * 1024, 500, most)).toBe(2 * MIB)
    expect(pieceSize(MIB, MIB, 0, MIB)).toBe(MIB)
  })

  it('goes on by itself while the miner is away', async () => {
    const given = await givenMiner({ tls: true })
    const log = seededBytes(20 * MIB, 5)
    const run = createMemoryRun(log, 64, null)
    const retries: string[] = []
    const client = await given.connect({ onRetry: (error) => retries.push(error.code) })
    let restarted: Promise<void> | null = null
    await deliver({
      client,
      run,
      signal,
      parallel: 2,
      mostOfPiece: MIB,
      onProgress({ durableSize }) {
        if (durableSize > 6 * MIB) restarted ??= given.restart({}, 1000)
      },
    })
    await restarted
    await expectHeld(given, run, log)
    expect(new Set(retries)).toEqual(new Set(['PEER_UNREACHABLE']))
  })

  it('stops when the miner has refused the order meanwhile', async () => {
    const given = await givenMiner({ tls: false })
    const run = createMemoryRun(seededBytes(4 * MIB, 6), 64, null)
    const client = await given.connect()
    const order = await given.market.order(given.orderId)
    given.market.orders.set(given.orderId, { ...order, state: 'refused' })
    await expect(deliver({ client, run, signal })).rejects.toEqual(code('ORDER_STATE'))
    await given.miner.server.close()
    await expect(deliver({ client, run, signal })).rejects.toEqual(code('ORDER_REFUSED'))
  })

  it('tells a fenced session so, and opens no second one by itself', async () => {
    const given = await givenMiner({ tls: false })
    const log = seededBytes(6 * MIB, 7)
    const older = createMemoryRun(log, 64, null)
    const client = await given.connect()
    await client.append(older.session, null)
    await client.putLeaves(older.session, 0, log.subarray(0, MIB))
    const newer = createMemoryRun(log, 64, null)
    expect(await client.append(newer.session, null)).toEqual({ durableSize: 0 })
    await expect(client.putLeaves(older.session, 1024, log.subarray(MIB, 2 * MIB))).rejects.toEqual(
      code('SESSION_FENCED'),
    )
    await expect(deliver({ client, run: older, signal })).rejects.toEqual(code('SESSION_FENCED'))
    await deliver({ client, run: newer, signal })
    await expectHeld(given, newer, log)
  })

  it('waits while the miner withdraws its statement, then opens the new session (decision 1)', async () => {
    let asked = 0
    const given = await givenMiner({
      tls: false,
      server: { withdrawStatement: async () => ++asked >= 3 },
    })
    const log = seededBytes(2 * MIB, 8)
    const first = createMemoryRun(log, 64, null)
    const client = await given.connect()
    await deliver({ client, run: first, signal })
    const other = seededBytes(3 * MIB, 9)
    const second = createMemoryRun(other, 64, null)
    await deliver({ client, run: second, signal })
    expect(asked).toBe(3)
    await expectHeld(given, second, other)
  })

  it('does not drop a statement that came into force while it was withdrawn (decision 1)', async () => {
    let given: GivenMiner | null = null
    const first = createMemoryRun(seededBytes(2 * MIB, 8), 64, null)
    const opened = await givenMiner({
      tls: false,
      server: {
        async withdrawStatement(orderId, sealed) {
          given?.market.agree(orderId, sealed)
          return true
        },
      },
    })
    given = opened
    const client = await opened.connect()
    await deliver({ client, run: first, signal })
    await expect(client.append('ab'.repeat(16), null)).rejects.toEqual(code('SESSION_BASE_MISMATCH'))
    expect(opened.store.commitment).toEqual(first.commitment)
  })

  it('keeps to the capacity', async () => {
    const given = await givenMiner({ tls: false, capacity: 2 })
    const client = await given.connect()
    await client.append('aa'.repeat(16), null)
    await expect(client.putLeaves('aa'.repeat(16), 2047, Buffer.alloc(2048))).rejects.toEqual(
      code('CAPACITY_EXCEEDED'),
    )
    await expect(client.putLeaves('aa'.repeat(16), 2 ** 40, Buffer.alloc(1024))).rejects.toEqual(
      code('CAPACITY_EXCEEDED'),
    )
    expect((await client.putLeaves('aa'.repeat(16), 2047, Buffer.alloc(1024))).durableSize).toBe(0)
  })

  it('compares chunk roots: sends a chunk again that is wrong, gives up when it stays wrong', async () => {
    const given = await givenMiner({ tls: false })
    const log = seededBytes(3 * MIB, 10)
    const honest = createMemoryRun(log, 64, null)
    const client = await given.connect()
    const damaged = Buffer.from(log)
    damaged[MIB + 77] = (damaged[MIB + 77] ?? 0) ^ 4
    let lies = 1
    const run = {
      ...honest,
      readSpool: async (offset: number, length: number) =>
        (lies-- > 0 ? damaged : log).subarray(offset, offset + length),
    }
    const done = await deliver({ client, run, signal })
    expect(done.durableSize).toBe(3 * MIB)
    await expectHeld(given, honest, log)

    const other = await givenMiner({ tls: false })
    const lying = await other.connect()
    const failing = deliver({ client: wrongChunk(lying, 1), run: honest, signal })
    await expect(failing).rejects.toMatchObject({
      code: 'CHUNK_ROOT_MISMATCH',
      message: expect.stringContaining('chunk 1 '),
    })
    expect(other.store.sealed).toBe(null)
    // nothing that could not be sent again was let go
    expect(other.miner.sealed).toEqual([])
  })

  it('ends a session whose own spool gives back other bytes than were encoded', async () => {
    const given = await givenMiner({ tls: false })
    const log = seededBytes(3 * MIB, 10)
    const damaged = Buffer.from(log)
    damaged[2 * MIB + 77] = (damaged[2 * MIB + 77] ?? 0) ^ 4
    const run = {
      ...createMemoryRun(log, 64, null),
      readSpool: async (offset: number, length: number) => damaged.subarray(offset, offset + length),
    }
    const failing = deliver({ client: await given.connect(), run, signal })
    await expect(failing).rejects.toThrow('the spool does not hold what was encoded as chunk 2')
    await expect(failing).rejects.toBeInstanceOf(RangeError)
    expect(given.store.sealed).toBe(null)
  })

  it('goes on from what a power cut left of the spool: the miner takes other bytes from there', async () => {
    const given = await givenMiner({ tls: false })
    const before = seededBytes(9 * MIB, 12)
    const client = await given.connect()
    const first = createMemoryRun(before, 64, null)
    await client.append(first.session, null)
    await client.putLeaves(first.session, 0, before.subarray(0, 6 * MIB))
    await client.putLeaves(first.session, 6 * 1024, before.subarray(6 * MIB, 8 * MIB + 9 * 1024))
    // three chunks are left here; what is encoded again is other bytes, and fewer
    const log = Buffer.concat([before.subarray(0, 3 * MIB), seededBytes(5 * MIB + 2 * 1024, 13)])
    const again = createMemoryRun(log, 64, null, first.session)
    const reads: number[] = []
    const run = {
      ...again,
      spooledSize: 3 * MIB,
      readSpool(offset: number, length: number) {
        reads.push(offset)
        return again.readSpool(offset, length)
      },
    }
    const done = await deliver({ client, run, signal })
    expect(Math.min(...reads)).toBe(3 * MIB)
    expect(done).toEqual({ sentBytes: log.length - 3 * MIB, durableSize: log.length })
    await expectHeld(given, again, log)
  })

  it('seals only what is really there', async () => {
    const given = await givenMiner({ tls: false })
    const log = seededBytes(2 * MIB, 11)
    const run = createMemoryRun(log, 64, null)
    const client = await given.connect()
    await client.append(run.session, null)
    await expect(client.seal(run.session, run.commitment)).rejects.toEqual(code('COMMITMENT_MISMATCH'))
    await client.putLeaves(run.session, 0, log)
    const wrong = { ...run.commitment, root: `0x${'12'.repeat(32)}` } as const
    await expect(client.seal(run.session, wrong)).rejects.toEqual(code('COMMITMENT_MISMATCH'))
    await expect(client.seal('ff'.repeat(16), run.commitment)).rejects.toEqual(code('SESSION_UNKNOWN'))
    expect(given.miner.sealed).toEqual([])
    await client.seal(run.session, run.commitment)
  })
})

describe('delivery over connections that break', () => {
  it.each(Array.from({ length: LONG ? 100 : 6 }, (_, seed) => seed))(
    'completes, byte by byte equal, with cuts of seed %i',
    async (seed) => {
      const given = await givenMiner({ tls: seed % 2 === 0 })
      const random = seededRandom(seed + 1)
      const log = seededBytes(5 * MIB + 4096, seed)
      let cuts = 0
      const proxy = await behindProxy(given, () => {
        // handshakes and hellos are cut too; after a while the network heals
        if (cuts >= 25) return {}
        cuts++
        const small = random() < 0.4
        return { cutAfter: Math.floor(random() * (small ? 6000 : 3 * MIB)) }
      })
      const run = createMemoryRun(log, 64, null)
      let client: Awaited<ReturnType<typeof given.connect>> | null = null
      for (let attempt = 0; client === null; attempt++) {
        client = await given.connect({ mostWaitMs: 250 }).catch((error) => {
          expect(error).toMatchObject({ code: 'PEER_UNREACHABLE', retryable: true })
          expect(attempt).toBeLessThan(40)
          return null
        })
      }
      await deliver({ client, run, signal, parallel: 3, mostOfPiece: 2 * MIB })
      await expectHeld(given, run, log)
      expect(proxy.accepted).toBeGreaterThan(3)
    },
  )

  it('completes when everything comes in tiny pieces', async () => {
    const given = await givenMiner({ tls: true })
    await behindProxy(given, () => ({ slice: 37 }))
    const log = seededBytes(MIB, 20)
    const run = createMemoryRun(log, 64, null)
    await deliver({ client: await given.connect(), run, signal })
    await expectHeld(given, run, log)
  })

  it('stops at once when it is told to, also while nothing answers', async () => {
    const given = await givenMiner({ tls: false })
    const stop = new AbortController()
    const client = await given.connect({ signal: stop.signal })
    await given.restart({ port: 0 })
    await behindProxy(given, () => ({ stallAfter: 0 }))
    const run = createMemoryRun(seededBytes(MIB, 21), 64, null)
    const delivery = deliver({ client, run, signal: stop.signal })
    setTimeout(() => stop.abort(), 300)
    const started = performance.now()
    await expect(delivery).rejects.toEqual(code('INTERRUPTED'))
    expect(performance.now() - started).toBeLessThan(20_000)
  })
})

it('our own chunk roots in these tests are those of the tree', async () => {
  const log = randomBytes(2048)
  const run = createMemoryRun(log, 1, null)
  expect(await run.chunkRoot(0)).toEqual(chunkRoot(createNodeHasher(), log))
})
