import type { Commitment } from '@dmc/core/chain/types'
import { seededRandom } from '@dmc/testkit/seeded-random'
import { describe, expect, it } from 'vitest'
import { deliver } from '../../src/contract/wire/deliver.ts'
import { connectMiner } from '../../src/contract/wire/miner-client.ts'
import { createMemoryRun } from '../support/memory-run.ts'
import { givenOrder } from '../support/start-miner.ts'
import { useMiners } from '../support/use-miners.ts'
import { seededBytes } from '../support/volume-bytes.ts'

/** The short form of `npm run bench -- challenge`, with limits for a busy machine: client and miner share this process. */
const MIB = 1 << 20
const signal = new AbortController().signal
const givenMiner = useMiners()

describe('a miner', () => {
  it('answers ten challenges a second beside an upload, each proven, and the upload goes on', async () => {
    const given = await givenMiner({ tls: false, capacity: 32, size: 512 })
    const client = await given.connect()
    const run = createMemoryRun(seededBytes(32 * MIB, 1), 32, null)
    await deliver({ client, run, signal })
    given.market.agree(given.orderId, run.commitment)
    await given.store.committed(run.commitment)

    const other = await givenOrder(given.miner, given.market, given.account, 256)
    const uploader = await connectMiner({
      endpoint: null,
      reader: given.market,
      orderId: other.orderId,
      role: 'user',
      signer: other.user,
      allowPrivate: true,
      signal,
    })
    try {
      let over = false
      const log = seededBytes(256 * MIB, 2)
      const sending = deliver({ client: uploader, run: createMemoryRun(log, 256, null), signal }).finally(
        () => {
          over = true
        },
      )
      const latencies = await ask(
        run.commitment,
        (leaf) => client.challenge([leaf], run.commitment),
        () => over,
      )
      await sending
      const p = (share: number) => latencies.sort((a, b) => a - b)[Math.floor(latencies.length * share)] ?? 0
      expect(latencies.length).toBeGreaterThan(5)
      expect(p(0.5)).toBeLessThan(100)
      expect(p(0.99)).toBeLessThan(1_000)
    } finally {
      await uploader.close()
    }
  })
})

async function ask(
  { size }: Commitment,
  challenge: (leaf: bigint) => Promise<unknown>,
  isOver: () => boolean,
): Promise<number[]> {
  const random = seededRandom(3)
  const latencies: number[] = []
  const open: Promise<unknown>[] = []
  while (!isOver()) {
    const started = performance.now()
    const leaf = BigInt(Math.floor(random() * Number(size / 1024n)))
    open.push(challenge(leaf).then(() => latencies.push(performance.now() - started)))
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await Promise.all(open)
  return latencies
}
