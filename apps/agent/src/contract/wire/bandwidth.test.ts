import { setTimeout as sleep } from 'node:timers/promises'
import { WIRE_LIMITS } from '@dmc/core/protocol/limits'
import { describe, expect, it } from 'vitest'
import { createMemoryRun } from '../../../test/support/memory-run.ts'
import { useMiners } from '../../../test/support/use-miners.ts'
import { seededBytes } from '../../../test/support/volume-bytes.ts'
import { Bandwidth, type Bandwidths, SLICE, UNLIMITED } from './bandwidth.ts'
import { deliver } from './deliver.ts'
import type { MinerClient } from './miner-client.ts'
import { OrderTurns } from './order-turns.ts'

const KIB = 1024
const MIB = 1024 * KIB
const givenMiner = useMiners()
const signal = new AbortController().signal

/** Seconds of `work`. */
async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1000
}

const limited = (limits: { up?: number; down?: number }): Bandwidths => ({
  up: new Bandwidth(limits.up ?? null),
  down: new Bandwidth(limits.down ?? null),
})

describe('a bandwidth limit', () => {
  it('holds over all orders together, whatever the size of what passes', async () => {
    const line = new Bandwidth(10 * MIB)
    const lane = async (order: string) => {
      for (let left = 2 * MIB; left > 0; left -= SLICE) await line.pass(order, Math.min(left, SLICE))
    }
    const took = await seconds(() => Promise.all(['1', '2', '3'].map(lane)))
    // 6 MiB at 10 MiB/s, less what may burst and the last slice, which does not wait for its own time
    expect(took).toBeGreaterThan(0.6 - 0.05)
    expect(took).toBeLessThan(1.2)
  })

  it('is shared by order: one that has sixteen transfers gets no more than one that has one', async () => {
    const line = new Bandwidth(8 * MIB)
    const passed = new Map<string, number>()
    let going = true
    const transfer = async (order: string) => {
      while (going) {
        await line.pass(order, SLICE)
        passed.set(order, (passed.get(order) ?? 0) + SLICE)
      }
    }
    const all = [...Array.from({ length: 16 }, () => transfer('greedy')), transfer('modest')]
    await sleep(1000)
    going = false
    await Promise.all(all)
    expect((passed.get('modest') ?? 0) / (passed.get('greedy') ?? 1)).toBeGreaterThan(0.7)
  })

  it('lets a line that was quiet burst for 20 ms only', async () => {
    const line = new Bandwidth(10 * MIB)
    await sleep(300)
    expect(
      await seconds(async () => {
        for (let left = 3 * MIB; left > 0; left -= SLICE) await line.pass('1', SLICE)
      }),
    ).toBeGreaterThan(0.25)
  })

  it('gives a turn to only as many transfers as can each keep the rate below which a miner cuts them off', async () => {
    const limit = 256 * KIB
    const line = new Bandwidth(limit)
    let inTurn = 0
    let most = 0
    const done: string[] = []
    const transfer = (order: string) =>
      line.turn(order, async () => {
        inTurn++
        most = Math.max(most, inTurn)
        await sleep(10)
        inTurn--
        done.push(order)
      })
    const greedy = Array.from({ length: 12 }, () => transfer('greedy'))
    await sleep(1)
    await Promise.all([...greedy, transfer('modest')])
    expect(most).toBe(4)
    expect(limit / most).toBeGreaterThanOrEqual(2 * WIRE_LIMITS.minRate)
    // the modest one waits behind one of the greedy one's, not behind all
    expect(done.indexOf('modest')).toBeLessThan(8)
    expect(done).toHaveLength(13)
  })

  it('passes a turn on when a transfer fails', async () => {
    const line = new Bandwidth(1)
    await expect(line.turn('1', () => Promise.reject(new Error('cut')))).rejects.toThrow('cut')
    expect(await line.turn('2', async () => 'went')).toBe('went')
  })

  it('costs nothing where there is none', async () => {
    expect(
      await seconds(async () => {
        for (let i = 0; i < 10_000; i++) await UNLIMITED.up.pass('1', MIB)
      }),
    ).toBeLessThan(0.5)
  })
})

describe('bandwidth limits hold on the wire (flow 11)', () => {
  it.each([
    ['over TLS', true],
    ['over loopback http', false],
  ])('what a user sends, of all its orders together, %s', async (_name, tls) => {
    const given = await givenMiner({ tls })
    const other = await given.another()
    const bandwidth = limited({ up: 4 * MIB })
    const logs = [seededBytes(4 * MIB, 1), seededBytes(4 * MIB + 5 * KIB, 2)]
    const clients = [await given.connect({ bandwidth }), await other.connect({ bandwidth })]
    const took = await seconds(() =>
      Promise.all(
        clients.map((client, i) =>
          deliver({ client, run: createMemoryRun(logs[i] as Buffer, 64, null), signal, mostOfPiece: MIB }),
        ),
      ),
    )
    expect(took).toBeGreaterThan(1.9)
    expect(took).toBeLessThan(4)
    expect((await given.store.read(0, 4 * MIB)).equals(logs[0] as Buffer)).toBe(true)
  })

  it('what a miner takes: it reads no faster, and does not blame the sender for it', async () => {
    const bandwidth = limited({ down: 2 * MIB })
    // with limits as strict as this a sender that were blamed would be cut off
    const limits = { minRate: 16 * MIB, slowAfterMs: 300 }
    const given = await givenMiner({ tls: false, server: { bandwidth }, limits })
    const log = seededBytes(4 * MIB, 3)
    const client = await given.connect()
    const run = createMemoryRun(log, 64, null)
    const took = await seconds(() => deliver({ client, run, signal, mostOfPiece: 2 * MIB }))
    expect(took).toBeGreaterThan(1.8)
    expect(took).toBeLessThan(4)
    expect(given.miner.lent).toBe(0)
  })

  it.each([
    ['a user takes', 'user'],
    ['a miner sends', 'miner'],
  ])('what %s', async (_name, side) => {
    const bandwidth = limited(side === 'user' ? { down: 4 * MIB } : { up: 4 * MIB })
    const given = await givenMiner({ tls: false, ...(side === 'miner' ? { server: { bandwidth } } : {}) })
    const log = seededBytes(8 * MIB, 4)
    const run = createMemoryRun(log, 64, null)
    const sender = await given.connect()
    await deliver({ client: sender, run, signal })
    given.market.agree(given.orderId, run.commitment)
    await given.store.committed(run.commitment)
    const client = await given.connect(side === 'user' ? { bandwidth } : {})
    const into = Array.from({ length: 8 }, () => Buffer.alloc(MIB))
    const took = await seconds(() =>
      Promise.all([0, 4].map((first) => client.chunks(first, into.slice(first, first + 4), run.commitment))),
    )
    expect(took).toBeGreaterThan(1.9)
    expect(took).toBeLessThan(4)
    expect(Buffer.concat(into).equals(log)).toBe(true)
    await expect.poll(() => given.miner.lent).toBe(0)
  })
})

describe('many users share a miner', () => {
  it('more connections and larger requests bring an order no larger share', async () => {
    const given = await givenMiner({ tls: false, size: 8192, capacity: 3072 })
    const other = await given.another()
    const data = seededBytes(8 * MIB, 5)
    let going = true
    /** Sends one piece after another in each of `parallel` ways; returns how to ask for the bytes that arrived. */
    const push = async (clients: MinerClient[], parallel: number, size: number) => {
      const session = 'aa'.repeat(16)
      await clients[0]?.append(session, null)
      let piece = 0
      let arrived = 0
      const way = async (i: number) => {
        while (going && (piece + 1) * size <= 3072 * MIB) {
          const first = (piece++ * size) / KIB
          await clients[i % clients.length]?.putLeaves(session, first, data.subarray(0, size))
          arrived += size
        }
      }
      const ways = Promise.all(Array.from({ length: parallel }, (_, i) => way(i)))
      return { arrived: () => arrived, ways }
    }
    // sixteen connections, each with as much on its way as the protocol allows; the other one as an agent does it
    const eight = { connections: 8 }
    const greedy = await push([await given.connect(eight), await given.connect(eight)], 16, 8 * MIB)
    const modest = await push([await other.connect()], 4, 4 * MIB)
    await expect.poll(() => Math.min(greedy.arrived(), modest.arrived()) > 0).toBe(true)
    const before = [greedy.arrived(), modest.arrived()] as const
    await sleep(1500)
    const shares = [greedy.arrived() - before[0], modest.arrived() - before[1]] as const
    going = false
    await Promise.all([greedy.ways, modest.ways])
    expect(shares[1] / shares[0], `${shares[0] / MIB} and ${shares[1] / MIB} MiB`).toBeGreaterThan(0.6)
  })

  it('so much of an order is in work at once; the rest follows in order, and other orders go on beside it', async () => {
    const turns = new OrderTurns(16)
    const started: string[] = []
    const take = (name: string, orderId: bigint, bytes: number) =>
      turns.take(orderId, bytes).then((end) => {
        started.push(name)
        return end
      })
    const a = await take('a', 1n, 8)
    const b = await take('b', 1n, 8)
    const rest = [take('c', 1n, 12), take('d', 1n, 1), take('whole', 1n, 100)]
    ;(await take('other', 2n, 100))()
    expect(started).toEqual(['a', 'b', 'other'])
    a()
    a()
    await sleep(1)
    expect(started).toEqual(['a', 'b', 'other'])
    b()
    const [c, d] = [await rest[0], await rest[1]]
    await sleep(1)
    expect(started.slice(3)).toEqual(['c', 'd'])
    c?.()
    d?.()
    ;(await rest[2])?.()
    expect(started.at(-1)).toBe('whole')
  })
})
