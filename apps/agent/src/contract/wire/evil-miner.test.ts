import { createHmac } from 'node:crypto'
import { DmcError } from '@dmc/core/errors/dmc-error'
import type { PrivateKeyAccount } from 'viem/accounts'
import { describe, expect, it } from 'vitest'
import { newAccount } from '../../../test/support/memory-market.ts'
import { createMemoryRun } from '../../../test/support/memory-run.ts'
import { useMiners } from '../../../test/support/use-miners.ts'
import { seededBytes } from '../../../test/support/volume-bytes.ts'
import type { OrderStore } from '../../sector/types.ts'
import { deliver } from './deliver.ts'

const MIB = 1024 * 1024
const LEAF = 1024
const signal = new AbortController().signal
const givenMiner = useMiners()

type Lie = Partial<Pick<OrderStore, 'readProven' | 'readRoots' | 'leafProof' | 'probe'>>

/** An active order whose miner can be told to lie: the store's answers go through `lie`. */
async function givenLiar(options: { signer?: (honest: PrivateKeyAccount) => PrivateKeyAccount } = {}) {
  let lie: Lie = {}
  const account = newAccount()
  const given = await givenMiner({
    tls: false,
    capacity: 8,
    signer: options.signer?.(account) ?? account,
    server: {
      stores: async () =>
        new Proxy(given.store, {
          get(target, name) {
            const own = lie[name as keyof Lie] ?? Reflect.get(target, name, target)
            return typeof own === 'function' ? own.bind(target) : own
          },
        }),
    },
  })
  given.market.authorise(given.account.address, account.address, 15)
  const log = seededBytes(5 * MIB + 3 * LEAF, 1)
  const run = createMemoryRun(log, 8, null)
  const client = await given.connect()
  await deliver({ client, run, signal })
  given.market.agree(given.orderId, run.commitment)
  await given.store.committed(run.commitment)
  return {
    ...given,
    client,
    log,
    run,
    tell: (next: Lie) => {
      lie = next
    },
  }
}

const flipped = (data: Uint8Array, at: number): Buffer => {
  const copy = Buffer.from(data)
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}

const notProven = expect.objectContaining({ code: expect.stringMatching(/^PROOF_/) })

describe('a miner whose disk has changed a byte', () => {
  it('is asked once more, and looks then: it says so, or its second look is right', async () => {
    const { client, store, log, run, tell } = await givenLiar()
    const { commitment } = run
    const looks: boolean[] = []
    /** Wrong as long as nobody looks; then as `checked` does. */
    const rotten = (then: OrderStore['readProven']): Lie => ({
      async readProven(offset, length, at, checked) {
        looks.push(checked)
        if (checked) return then(offset, length, at, checked)
        const honest = await store.readProven(offset, length, at, checked)
        return { ...honest, data: flipped(honest.data, 5000) }
      },
    })
    const into = [Buffer.alloc(MIB), Buffer.alloc(MIB)]
    const ways = [
      () => client.data(MIB, 2 * MIB, commitment),
      () => client.chunks(1, into, commitment).then(() => Buffer.concat(into)),
    ]
    for (const read of ways) {
      tell(rotten((...asked) => store.readProven(...asked)))
      expect((await read()).equals(log.subarray(MIB, 3 * MIB))).toBe(true)
      tell(rotten(() => Promise.reject(new DmcError('SECTOR_DAMAGED', 'a chunk', { hint: 'Look.' }))))
      await expect(read()).rejects.toMatchObject({ code: 'SECTOR_DAMAGED' })
    }
    expect(looks).toEqual([false, true, false, true, false, true, false, true])
    tell({})
    expect((await ways[0]?.())?.length).toBe(2 * MIB)
  })

  it('that refuses is not asked again', async () => {
    const { client, run, tell } = await givenLiar()
    let asked = 0
    tell({
      readProven: () => {
        asked++
        return Promise.reject(new DmcError('PROOF_INDEX_OUT_OF_RANGE', 'past the data', { hint: 'Look.' }))
      },
    })
    await expect(client.data(0, MIB, run.commitment)).rejects.toMatchObject({
      code: 'PROOF_INDEX_OUT_OF_RANGE',
    })
    expect(asked).toBe(1)
  })
})

describe('a miner that lies', () => {
  it('is believed while it tells the truth', async () => {
    const { client, log, run } = await givenLiar()
    const { commitment } = run
    expect(
      (await client.data(3 * LEAF, 2 * MIB, commitment)).equals(log.subarray(3 * LEAF, 3 * LEAF + 2 * MIB)),
    ).toBe(true)
    const into = [Buffer.alloc(MIB), Buffer.alloc(3 * LEAF)]
    await client.chunks(4, into, commitment)
    expect(Buffer.concat(into).equals(log.subarray(4 * MIB))).toBe(true)
    expect(await client.roots(0, 6, commitment)).toHaveLength(192)
    const answers = await client.challenge([0n, 5122n, 1024n, 0n], commitment)
    expect(answers.map(({ index }) => index)).toEqual([0n, 5122n, 1024n, 0n])
    const key = Buffer.alloc(32, 7)
    const hmac = await client.probe({ offset: 100n, length: 3_000_000n, key }, commitment)
    expect(Buffer.from(hmac)).toEqual(createHmac('sha256', key).update(log.subarray(100, 3_000_100)).digest())
    expect((await client.header()).leaf.equals(log.subarray(0, LEAF))).toBe(true)
  })

  it('is caught with wrong data, siblings, roots, leaves and paths', async () => {
    const { client, store, run, tell } = await givenLiar()
    const { commitment } = run
    const chunks = [Buffer.alloc(MIB), Buffer.alloc(MIB)]
    const reads: [string, () => Promise<unknown>][] = [
      ['data', () => client.data(MIB, 2 * MIB, commitment)],
      ['chunks', () => client.chunks(1, chunks, commitment)],
    ]
    const honest = await store.readProven(MIB, 2 * MIB, commitment, true)
    const data = Buffer.from(honest.data)
    const { siblings } = honest
    honest.release()
    const other = await store.readProven(2 * MIB, 2 * MIB, commitment, true)
    const otherData = Buffer.from(other.data)
    other.release()
    const answers: [string, { data: Buffer; siblings: Uint8Array[] }][] = [
      ['first bit', { data: flipped(data, 0), siblings }],
      ['last bit', { data: flipped(data, data.length - 1), siblings }],
      ['zeros', { data: Buffer.alloc(data.length), siblings }],
      ['the neighbours', { data: otherData, siblings: other.siblings }],
      ['swapped', { data: Buffer.concat([data.subarray(MIB), data.subarray(0, MIB)]), siblings }],
      ['a wrong sibling', { data, siblings: siblings.map((s, i) => (i === 1 ? flipped(s, 3) : s)) }],
      ['siblings in another order', { data, siblings: [...siblings].reverse() }],
    ]
    for (const [name, answer] of answers) {
      tell({ readProven: async () => ({ ...answer, release: () => {} }) })
      for (const [way, read] of reads) await expect(read(), `${way}: ${name}`).rejects.toEqual(notProven)
    }
    for (const [name, answer] of [
      ['too short', { data: data.subarray(LEAF), siblings }],
      ['too long', { data: Buffer.concat([data, data.subarray(0, LEAF)]), siblings }],
      ['a sibling less', { data, siblings: siblings.slice(1) }],
      ['a sibling more', { data, siblings: [...siblings, new Uint8Array(32)] }],
      ['siblings without end', { data, siblings: Array(500).fill(new Uint8Array(32)) }],
    ] as const) {
      tell({ readProven: async () => ({ ...answer, siblings: [...answer.siblings], release: () => {} }) })
      for (const [way, read] of reads) {
        await expect(read(), `${way}: ${name}`).rejects.toMatchObject({
          code: expect.stringMatching(/^(PROOF_|PEER_PROTOCOL)/),
        })
      }
    }
    const roots = await store.readRoots(1, 3, commitment)
    for (const wrong of [
      flipped(roots.roots, 40),
      Buffer.alloc(96),
      (await store.readRoots(2, 3, commitment)).roots,
    ]) {
      tell({ readRoots: async () => ({ roots: wrong, siblings: roots.siblings }) })
      await expect(client.roots(1, 3, commitment)).rejects.toEqual(notProven)
    }
    const leaf = await store.leafProof(7, commitment)
    for (const wrong of [
      { ...leaf, leaf: flipped(leaf.leaf, 1) },
      { ...leaf, path: leaf.path.map((node, i) => (i === 12 ? flipped(node, 0) : node)) },
      { ...leaf, path: leaf.path.slice(1) },
      { ...leaf, path: [...leaf.path, new Uint8Array(32)] },
      await store.leafProof(8, commitment),
    ]) {
      tell({ leafProof: async () => wrong })
      await expect(client.challenge([7n], commitment)).rejects.toEqual(notProven)
      await expect(client.header()).rejects.toMatchObject({
        code: expect.stringMatching(/^(PROOF_|PEER_PROTOCOL)/),
      })
    }
    tell({})
    expect(await client.data(MIB, 2 * MIB, commitment)).toHaveLength(2 * MIB)
  })

  it('can’t take back its answers: they are signed by the one who said hello', async () => {
    const stranger = newAccount()
    const { client, run } = await givenLiar({
      // of all that a miner's server signs, only answers are signed as a bare hash
      signer: (account) => ({ ...account, sign: stranger.sign }),
    })
    await expect(client.challenge([1n], run.commitment)).rejects.toMatchObject({
      code: 'PEER_NOT_AUTHORISED',
    })
    const probe = { offset: 0n, length: 1024n, key: new Uint8Array(32) }
    await expect(client.probe(probe, run.commitment)).rejects.toMatchObject({ code: 'PEER_NOT_AUTHORISED' })
  })

  it('gives no proof for another order’s data', async () => {
    const one = await givenLiar()
    const client = await one.connect({ patienceMs: 0 })
    const log = seededBytes(5 * MIB + 3 * LEAF, 2)
    const run = createMemoryRun(log, 8, null)
    await expect(client.data(0, MIB, run.commitment)).rejects.toMatchObject({
      code: 'COMMITMENT_UNKNOWN',
    })
    one.tell({
      readProven: (offset, length) => one.store.readProven(offset, length, one.run.commitment, true),
    })
    await expect(
      client.data(0, MIB, { ...one.run.commitment, root: run.commitment.root }),
    ).rejects.toMatchObject({
      code: 'COMMITMENT_UNKNOWN',
    })
  })
})
