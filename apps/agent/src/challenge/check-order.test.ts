import { createHmac, randomBytes } from 'node:crypto'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { LEAF_SIZE } from '@dmc/core/merkle/constants'
import type { PrivateKeyAccount } from 'viem/accounts'
import { describe, expect, it } from 'vitest'
import { newAccount } from '../../test/support/memory-market.ts'
import { createMemoryRun } from '../../test/support/memory-run.ts'
import { useMiners } from '../../test/support/use-miners.ts'
import { seededBytes } from '../../test/support/volume-bytes.ts'
import { deliver } from '../contract/wire/deliver.ts'
import type { OrderStore } from '../sector/types.ts'
import { type CheckOptions, checkOrder, type Probe, SETTLED_MS } from './check-order.ts'
import { packEvidence, unpackEvidence } from './evidence.ts'

const MIB = 1024 * 1024
const givenMiner = useMiners()

type Lie = Partial<Pick<OrderStore, 'leafProof' | 'probe'>>

/** An active order at a real miner over TLS, whose store can be told to lie. */
async function givenOrder(options: { signer?: (honest: PrivateKeyAccount) => PrivateKeyAccount } = {}) {
  let lie: Lie = {}
  const account = newAccount()
  const given = await givenMiner({
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
  const log = seededBytes(5 * MIB + 3 * LEAF_SIZE, 1)
  const run = createMemoryRun(log, 8, null)
  await deliver({ client: await given.connect(), run, signal: new AbortController().signal })
  given.market.agree(given.orderId, run.commitment)
  await given.store.committed(run.commitment)
  const check = (more: Partial<CheckOptions> = {}) =>
    checkOrder({
      reader: given.market,
      orderId: given.orderId,
      role: 'user',
      signer: given.user,
      question: () => ({ leaves: [0n, 7n, 5122n] }),
      inForceSince: () => Date.now() - 2 * SETTLED_MS,
      allowPrivate: true,
      signal: new AbortController().signal,
      patienceMs: 300,
      ...more,
    })
  const probe = (offset: number, length: number): Probe => {
    const key = randomBytes(32)
    const mac = createHmac('sha256', key)
      .update(log.subarray(offset, offset + length))
      .digest()
    return { offset: BigInt(offset), length: BigInt(length), key, mac }
  }
  return {
    ...given,
    given,
    log,
    run,
    check,
    probe,
    tell: (next: Lie) => {
      lie = next
    },
  }
}

const damaged = () => new DmcError('SECTOR_DAMAGED', 'gone', { hint: 'none' })

describe('a check', () => {
  it('passes with the commitment alone, and keeps the signed exchange', async () => {
    const { check, probe, log, orderId, run } = await givenOrder()
    const leaves = await check()
    expect(leaves).toMatchObject({
      outcome: 'passed',
      kind: 'leaves',
      leaves: 3,
      bytes: 3 * LEAF_SIZE,
      error: null,
      failingLeaf: null,
      lost: false,
    })
    expect(leaves.latencyMs).toBeGreaterThan(0)
    const { evidence } = leaves
    expect(evidence).toMatchObject({
      v: 1,
      orderId: String(orderId),
      root: run.commitment.root,
      leaves: [0, 7, 5122],
    })
    expect(evidence?.answers?.[1]?.leaf).toBe(
      `0x${log.subarray(7 * LEAF_SIZE, 8 * LEAF_SIZE).toString('hex')}`,
    )
    if (evidence) expect(unpackEvidence(packEvidence(evidence))).toEqual(evidence)
    expect(await check({ question: () => ({ probe: probe(MIB, MIB) }) })).toMatchObject({
      outcome: 'passed',
      kind: 'probe',
      bytes: MIB,
      leaves: 0,
    })
  })

  it('is wrong when a signed answer does not prove, and the answer is kept', async () => {
    const { check, tell, store, run } = await givenOrder()
    const honest = await store.leafProof(7, run.commitment)
    const other = await store.leafProof(8, run.commitment)
    for (const answer of [
      { leaf: Buffer.alloc(LEAF_SIZE), path: honest.path },
      { leaf: honest.leaf, path: other.path },
      { leaf: honest.leaf, path: honest.path.slice(1) },
      other,
    ]) {
      tell({ leafProof: async (index, at) => (index === 7 ? answer : store.leafProof(index, at)) })
      const result = await check()
      expect(result).toMatchObject({ outcome: 'wrong', failingLeaf: 7n, suspects: [7n], lost: true })
      expect(result.evidence?.answers).toHaveLength(3)
      expect(result.error?.code).toMatch(/^PROOF_/)
    }
  })

  it('says which leaf is lost when the miner only says that something is', async () => {
    const { check, tell, store } = await givenOrder()
    const gone = [3901]
    tell({
      leafProof: async (index, at) => {
        if (gone.includes(index)) throw damaged()
        return store.leafProof(index, at)
      },
    })
    const leaves = [...Array(40).keys()].map((i) => BigInt(i * 100 + 1))
    expect(await check({ question: () => ({ leaves }) })).toMatchObject({
      outcome: 'refused',
      lost: true,
      failingLeaf: 3901n,
      suspects: [3901n],
    })
    // a leaf that is there is not blamed
    gone.length = 0
    expect(await check({ question: () => ({ leaves }) })).toMatchObject({ outcome: 'passed', lost: false })
  })

  it('finds the leaf behind a wrong probe; if every leaf is there, the probe is what is wrong', async () => {
    const { check, tell, probe, store, log } = await givenOrder()
    tell({
      probe: async () => Buffer.alloc(32, 1),
      leafProof: async (index, at) => {
        const proof = await store.leafProof(index, at)
        return index === 2047 ? { ...proof, leaf: Buffer.alloc(LEAF_SIZE) } : proof
      },
    })
    const question = () => ({ probe: probe(MIB, MIB) })
    expect(await check({ question })).toMatchObject({
      outcome: 'wrong',
      kind: 'probe',
      failingLeaf: 2047n,
      lost: true,
      evidence: { answers: expect.anything() },
    })
    tell({})
    const key = randomBytes(32)
    const mac = createHmac('sha256', key).update('what never was stored').digest()
    const stale = { offset: BigInt(MIB), length: BigInt(MIB), key, mac }
    expect(log).toBeDefined()
    expect(await check({ question: () => ({ probe: stale }) })).toMatchObject({
      outcome: 'unknown',
      lost: false,
      failingLeaf: null,
      evidence: { probe: { mac: `0x${mac.toString('hex')}` } },
    })
  })

  it('is refused, not wrong, when nobody has signed the answer', async () => {
    const stranger = newAccount()
    const { check } = await givenOrder({
      signer: (honest) => ({
        ...honest,
        // of all that a miner's server signs, only answers are signed as a bare hash
        sign: stranger.sign,
      }),
    })
    expect(await check()).toMatchObject({
      outcome: 'refused',
      lost: false,
      evidence: null,
      error: { code: 'PEER_NOT_AUTHORISED' },
    })
  })

  it('is offline when the miner is away and we are not, unknown when our own chain is silent', async () => {
    const { check, given } = await givenOrder()
    await given.miner.server.close()
    expect(await check()).toMatchObject({
      outcome: 'offline',
      lost: false,
      error: { code: 'PEER_UNREACHABLE' },
    })
    const silent = async () => {
      throw new DmcError('RPC_UNREACHABLE', 'No answer.', { hint: 'Wait.' })
    }
    expect(await check({ reader: { ...given.market, chainTime: silent } })).toMatchObject({
      outcome: 'unknown',
    })
    expect(await check({ reader: { ...given.market, order: silent } })).toMatchObject({
      outcome: 'unknown',
      asked: false,
      error: { code: 'RPC_UNREACHABLE' },
    })
  })

  it('is unknown when our own key may not ask, or there is nothing to prove', async () => {
    const { check, given, orderId, market } = await givenOrder()
    expect(await check({ signer: newAccount() })).toMatchObject({
      outcome: 'unknown',
      error: { code: 'NOT_OPERATOR' },
    })
    const order = await market.order(orderId)
    market.orders.set(orderId, { ...order, state: 'ended' })
    expect(await check()).toMatchObject({ outcome: 'unknown', error: { code: 'ORDER_STATE' } })
    expect(given.miner.sealed).toHaveLength(1)
  })

  it('is unknown while a miner has not heard of a commitment, refused when it never does', async () => {
    const { check, market, orderId, run } = await givenOrder()
    const order = await market.order(orderId)
    const later = { root: `0x${'ab'.repeat(32)}` as const, size: run.commitment.size }
    market.orders.set(orderId, { ...order, commitment: later })
    expect(await check({ inForceSince: () => Date.now() })).toMatchObject({
      outcome: 'unknown',
      error: { code: 'COMMITMENT_UNKNOWN' },
    })
    expect(await check()).toMatchObject({ outcome: 'refused', lost: false })
    // replaced on a block that is not confirmed yet
    expect(await check({ newest: async () => order })).toMatchObject({ outcome: 'unknown' })
  })

  it('still passes with the commitment that was just replaced', async () => {
    const { check, run } = await givenOrder()
    expect(await check({ commitment: run.commitment })).toMatchObject({ outcome: 'passed' })
  })

  it('gives up on a miner that is silent, within its patience', async () => {
    const { check } = await givenOrder()
    const started = performance.now()
    const result = await check({
      connect: async ({ signal }) => ({
        askLeaves: () =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () =>
              reject(new DmcError('INTERRUPTED', 'Stopped.', { hint: 'None.' })),
            )
          }),
        askProbe: async () => {
          throw new Error('not asked')
        },
        close: async () => {},
      }),
    })
    expect(result).toMatchObject({ outcome: 'offline', error: { code: 'PEER_UNREACHABLE' } })
    expect(performance.now() - started).toBeLessThan(5000)
  })

  it('is over at once when the agent stops', async () => {
    const { check, given } = await givenOrder()
    await given.miner.server.close()
    const stop = new AbortController()
    const checking = check({ signal: stop.signal, patienceMs: 60_000 })
    setTimeout(() => stop.abort(), 100)
    await expect(checking).rejects.toMatchObject({ code: 'INTERRUPTED' })
  })
})
