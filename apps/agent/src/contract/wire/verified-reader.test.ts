import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { DmcError } from '@dmc/core/errors/dmc-error'
import * as fc from 'fast-check'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { describe, expect, it } from 'vitest'
import { createMemoryRun } from '../../../test/support/memory-run.ts'
import { useMiners } from '../../../test/support/use-miners.ts'
import { seededBytes } from '../../../test/support/volume-bytes.ts'
import { deliver } from './deliver.ts'
import { openVerifiedReader } from './verified-reader.ts'

const MIB = 1024 * 1024
const givenMiner = useMiners()
const signal = new AbortController().signal

/** Chunks from memory, as a client gives them: what was asked for, and when. */
function memoryClient(log: Buffer, delay: () => Promise<void> = async () => {}) {
  const asked: [first: number, count: number][] = []
  let open = 0
  let most = 0
  return {
    asked,
    get mostAtOnce() {
      return most
    },
    async chunks(first: number, into: readonly Buffer[]) {
      asked.push([first, into.length])
      most = Math.max(most, ++open)
      try {
        await delay()
        into.forEach((chunk, i) => {
          log.copy(chunk, 0, (first + i) * MIB, (first + i) * MIB + chunk.length)
        })
      } finally {
        open--
      }
    },
  }
}

const volumeOf = (client: ReturnType<typeof memoryClient>, log: Buffer, volumeId = 'aa') => ({
  volumeId,
  client,
  commitment: { root: `0x${'11'.repeat(32)}` as const, size: BigInt(log.length) },
})

const tick = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('verified reader', () => {
  const log = seededBytes(40 * MIB + 5 * 1024, 1)

  it('gives the bytes of any ranges, in any order, many at once, in bounded memory', async () => {
    const range = fc.record({ at: fc.nat(log.length), length: fc.nat(5 * MIB) })
    await fc.assert(
      fc.asyncProperty(
        fc.array(range, { minLength: 1, maxLength: 25 }),
        fc.boolean(),
        async (ranges, together) => {
          const client = memoryClient(log, tick)
          const reader = openVerifiedReader({
            volumes: [volumeOf(client, log)],
            cacheBytes: 6 * MIB,
            runChunks: 3,
            ahead: 3,
          })
          const read = async ({ at, length }: { at: number; length: number }) => {
            const end = Math.min(log.length, at + length)
            const found = await reader.read('aa', at, end - at)
            expect(found.equals(log.subarray(at, end))).toBe(true)
          }
          if (together) await Promise.all(ranges.map(read))
          else for (const one of ranges) await read(one)
          reader.close()
        },
      ),
      { numRuns: 40 },
    )
  })

  it('asks for neighbours together, ahead of a reader that goes forward, and for nothing twice', async () => {
    const client = memoryClient(log, tick)
    const reader = openVerifiedReader({ volumes: [volumeOf(client, log)], cacheBytes: 48 * MIB })
    for (let at = 0; at < log.length; at += 900_000) {
      const length = Math.min(900_000, log.length - at)
      expect((await reader.read('aa', at, length)).equals(log.subarray(at, at + length))).toBe(true)
    }
    const chunks = client.asked.flatMap(([first, count]) =>
      Array.from({ length: count }, (_, i) => first + i),
    )
    expect([...chunks].sort((a, b) => a - b)).toEqual(Array.from({ length: 41 }, (_, i) => i))
    expect(client.asked.length).toBeLessThan(16)
    expect(client.mostAtOnce).toBeGreaterThan(1)
    // all of it fits the cache: no further question
    const before = client.asked.length
    await reader.read('aa', 0, 10 * MIB)
    expect(client.asked.length).toBe(before)
    reader.close()
  })

  it('fetches one chunk for a small read, nothing ahead of a jump', async () => {
    const client = memoryClient(log)
    const reader = openVerifiedReader({ volumes: [volumeOf(client, log)] })
    await reader.read('aa', 20 * MIB + 5, 100)
    await reader.read('aa', 3 * MIB + 5, 100)
    await tick()
    expect(client.asked).toEqual([
      [20, 1],
      [3, 1],
    ])
    reader.close()
  })

  it('passes a failure on to everyone who waits, and asks again the next time', async () => {
    let failures = 1
    const honest = memoryClient(log, tick)
    const client = {
      ...honest,
      async chunks(first: number, into: readonly Buffer[]) {
        if (failures-- > 0) {
          await tick()
          throw new DmcError('PROOF_INVALID', 'wrong', { hint: 'none' })
        }
        return honest.chunks(first, into)
      },
    }
    const reader = openVerifiedReader({ volumes: [volumeOf(client, log)] })
    const both = await Promise.allSettled([reader.read('aa', 0, 10), reader.read('aa', 20, 10)])
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect((await reader.read('aa', 0, 10)).equals(log.subarray(0, 10))).toBe(true)
    reader.close()
  })

  it('gives its memory back when it closes, but for what somebody is reading', async () => {
    const lent: Buffer[] = []
    const gate = Promise.withResolvers<void>()
    const honest = memoryClient(log)
    const client = {
      ...honest,
      async chunks(first: number, into: readonly Buffer[]) {
        lent.push(...into)
        if (first >= 20) await gate.promise
        return honest.chunks(first, into)
      },
    }
    const reader = openVerifiedReader({ volumes: [volumeOf(client, log)], ahead: 0 })
    const early = await reader.read('aa', 0, 2 * MIB)
    const read = [...lent]
    const late = reader.read('aa', 20 * MIB, MIB)
    await tick()
    reader.close()
    expect(read.map(({ length }) => length)).toEqual([0, 0])
    gate.resolve()
    expect((await late).equals(log.subarray(20 * MIB, 21 * MIB))).toBe(true)
    expect(early.equals(log.subarray(0, 2 * MIB))).toBe(true)
  })

  it('knows only its volumes and their sizes', async () => {
    const reader = openVerifiedReader({ volumes: [volumeOf(memoryClient(log), log)] })
    await expect(reader.read('bb', 0, 1)).rejects.toMatchObject({ code: 'LOG_CORRUPT' })
    await expect(reader.read('aa', log.length, 1)).rejects.toMatchObject({ code: 'LOG_CORRUPT' })
    await expect(reader.read('aa', -1, 1)).rejects.toMatchObject({ code: 'LOG_CORRUPT' })
    expect(await reader.read('aa', log.length, 0)).toHaveLength(0)
    const stopped = AbortSignal.abort()
    await expect(reader.read('aa', 0, 1, stopped)).rejects.toThrow()
    reader.close()
  })

  it('reads a delivered volume from a worker thread, over TLS', async () => {
    const given = await givenMiner({ tls: true, capacity: 16 })
    const key = generatePrivateKey()
    const order = await given.market.order(given.orderId)
    given.market.orders.set(given.orderId, { ...order, user: privateKeyToAccount(key).address })
    const volume = log.subarray(0, 12 * MIB + 1024)
    const run = createMemoryRun(volume, 16, null)
    const client = await given.connect({ signer: privateKeyToAccount(key) })
    await deliver({ client, run, signal })
    given.market.agree(given.orderId, run.commitment)
    const worker = new Worker(new URL('../../../test/support/read-in-worker.ts', import.meta.url), {
      workerData: {
        order: await given.market.order(given.orderId),
        endpoint: given.miner.endpoint,
        key,
        volumeId: 'ab',
      },
    })
    const [found] = await once(worker, 'message')
    expect(found).toBe(createHash('sha256').update(volume).digest('hex'))
    await worker.terminate()
  })
})
