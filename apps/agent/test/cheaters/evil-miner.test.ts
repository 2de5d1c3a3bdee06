import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pickLeaves } from '@dmc/core/challenge/pick-leaves'
import type { SignedLeaves } from '@dmc/core/evidence/bundle'
import { parseEvidence, printEvidence } from '@dmc/core/evidence/bundle'
import { collectEvidence } from '@dmc/core/evidence/collect-evidence'
import { verifyEvidence } from '@dmc/core/evidence/verify-evidence'
import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import { EvilMiner } from '@dmc/testkit/cheaters/evil-miner'
import type { MinerCheat } from '@dmc/testkit/cheaters/evil-store'
import { EvilUser } from '@dmc/testkit/cheaters/evil-user'
import { only } from '@dmc/testkit/cheaters/market-hand'
import { type Devnet, startDevnet } from '@dmc/testkit/devnet'
import { seededRandom } from '@dmc/testkit/seeded-random'
import type { Hex } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CheckResult, checkOrder } from '../../src/challenge/check-order.ts'
import { seededBytes } from '../support/volume-bytes.ts'

/** Each way in which a miner may cheat, on a real chain, over the real wire: found, and what the user loses by it is gas. */
let devnet: Devnet
const folder = mkdtempSync(join(tmpdir(), 'dmc-evil-'))
const CAPACITY = 4
const LEAVES = 3 * 1024 + 5
const LEAVES_A_CHECK = 20
const PATIENCE_MS = 2_000

beforeAll(async () => {
  devnet = await startDevnet({ blockTime: 'auto' })
})
afterAll(async () => {
  await devnet?.stop()
  rmSync(folder, { recursive: true, force: true })
})

interface Given {
  miner: EvilMiner
  user: EvilUser
  orderId: bigint
  check(random: () => number): Promise<CheckResult>
  close(): Promise<void>
}

/** The chain's time runs ahead when a deadline is waited for; both sides' clocks go with it. */
let ahead = 0n
const now = () => Date.now() + Number(ahead) * 1000
async function pass(seconds: bigint): Promise<void> {
  ahead += seconds
  await devnet.anvil.increaseTime(seconds)
}

let count = 0
/** An active order with data of its own at a miner that begins to cheat now. */
async function given(
  cheat: MinerCheat,
  signer?: (wallet: PrivateKeyAccount) => PrivateKeyAccount,
): Promise<Given> {
  const seed = ++count
  const miner = await EvilMiner.start({
    devnet,
    folder: join(folder, String(seed)),
    cheat: { kind: 'honest' },
    now,
    ...(signer ? { signer } : {}),
  })
  const user = await EvilUser.open(devnet)
  const orderId = await user.order(miner.billId, { capacity: CAPACITY, challenges: 3 })
  await miner.accept(orderId, CAPACITY)
  await user.store(orderId, seededBytes(LEAVES * 1024, seed), CAPACITY)
  miner.cheat = cheat
  return {
    miner,
    user,
    orderId,
    check: (random) =>
      checkOrder({
        reader: user.reader,
        orderId,
        role: 'user',
        signer: user.hand.account,
        question: ({ size }) => ({ leaves: pickLeaves(size / 1024n, LEAVES_A_CHECK, random) }),
        // the commitment has been in force for a day: no lagging
        inForceSince: () => now() - 86_400_000,
        now,
        allowPrivate: true,
        signal: new AbortController().signal,
        patienceMs: PATIENCE_MS,
      }),
    async close() {
      await user.close()
      await miner.close()
    },
  }
}

/** Checks until one does not pass. */
async function untilNoticed(story: Given, most: number): Promise<{ checks: number; found: CheckResult }> {
  const random = seededRandom(Number(story.orderId))
  for (let checks = 1; ; checks++) {
    const found = await story.check(random)
    if (found.outcome !== 'passed') return { checks, found }
    if (checks >= most) throw new Error(`not noticed in ${checks} checks`)
  }
}

/** On chain it can't answer either: slashed after the deadline, everything that was the user's is back, and a share of the pledge. */
async function mustBeSlashed({ miner, user, orderId }: Given, leaf: bigint): Promise<void> {
  const { hand } = user
  const order = await user.reader.order(orderId)
  const before = await hand.balance()
  const minerBefore = await miner.hand.balance()
  await hand.act('challenge', [orderId, leaf])
  await expect(miner.answer(orderId, leaf)).rejects.toThrow()
  // an invalid answer changes nothing, and nobody is slashed in time
  expect((await user.reader.order(orderId)).state).toBe('active')
  await expect(hand.act('slash', [orderId, hand.address])).rejects.toThrow()
  await pass(86_401n)
  const slashed = only(await hand.act('slash', [orderId, hand.address]), 'OrderSlashed').args
  expect(slashed.toUser + slashed.reward + slashed.burned).toBe(order.escrow + order.reserve + order.pledge)
  // nothing was claimed: all that it paid, its reserve, half of the pledge, and the reporter's share
  expect(slashed.toUser).toBe(order.escrow + order.reserve + order.pledge / 2n)
  expect(slashed.reward).toBe((order.pledge * 500n) / 10_000n)
  expect((await hand.balance()) - before).toBe(slashed.toUser + slashed.reward)
  expect(await hand.balance()).toBeGreaterThan(0n)
  // the miner was paid nothing and its pledge is gone
  expect(await miner.hand.balance()).toBe(minerBefore)
}

/** Found by checks, with a signed answer that stands against the miner for everybody. */
async function mustStandInEvidence(
  { orderId }: Given,
  { evidence, outcome, atMs }: CheckResult,
): Promise<void> {
  expect(outcome).toBe('wrong')
  const { client, market, anvil } = devnet
  const text = JSON.stringify(evidence, (key, value) =>
    typeof value === 'number' && key !== 'v' ? String(value) : value,
  )
  const bundle = await collectEvidence(client, {
    chainId: anvil.chainId,
    market,
    orderId,
    to: await client.getBlockNumber({ cacheTime: 0 }),
    now: Math.floor(Date.now() / 1000),
    answers: [{ askedMs: atMs, outcome, exchange: JSON.parse(text) as SignedLeaves }],
  })
  const read = parseEvidence(new TextEncoder().encode(printEvidence(bundle)))
  const report = await verifyEvidence(client, read, { hasher: createNodeHasher() })
  expect(report.claims.filter(({ result }) => result !== 'true')).toEqual([])
  return void expect(report.answers.map(({ verdict, reason }) => [verdict, reason])).toEqual([
    ['wrong', expect.any(String)],
  ])
}

describe('a miner that cheats', () => {
  it.each<[string, MinerCheat, number]>([
    ['dropped 50 %', { kind: 'drops', share: 0.5 }, 1],
    ['dropped 5 %', { kind: 'drops', share: 0.05 }, 15],
    ['dropped 1 %', { kind: 'drops', share: 0.01 }, 60],
    ['keeps only hashes', { kind: 'hashes-only' }, 1],
    ['says what it said before', { kind: 'old-answers' }, 1],
    ['answers with garbage', { kind: 'garbage' }, 1],
    ['echoed the user’s root without the data', { kind: 'echo' }, 1],
  ])('and %s is found, stands in evidence, and is slashed', async (_name, cheat, most) => {
    const story = await given(cheat)
    try {
      const { found } = await untilNoticed(story, most)
      await mustStandInEvidence(story, found)
      await mustBeSlashed(story, found.failingLeaf as bigint)
    } finally {
      await story.close()
    }
  })

  it('and says itself that it lost data is found at the leaf, and slashed', async () => {
    const story = await given({ kind: 'drops', share: 0.05, tells: true })
    try {
      const { found } = await untilNoticed(story, 15)
      // a refusal is signed by nobody: it is the challenge on chain that counts
      expect(found).toMatchObject({ outcome: 'refused', lost: true, evidence: null })
      await mustBeSlashed(story, found.failingLeaf as bigint)
    } finally {
      await story.close()
    }
  })

  it('and proves another order’s data is found, and slashed', async () => {
    const other = await given({ kind: 'honest' })
    expect(await other.check(seededRandom(1))).toMatchObject({ outcome: 'passed' })
    const story = await given({ kind: 'other-order', store: await other.miner.honestStore(other.orderId) })
    try {
      const { found } = await untilNoticed(story, 1)
      await mustStandInEvidence(story, found)
      await mustBeSlashed(story, found.failingLeaf as bigint)
      // the one it borrowed from has nothing to do with it
      expect(await other.check(seededRandom(2))).toMatchObject({ outcome: 'passed' })
    } finally {
      await story.close()
      await other.close()
    }
  })

  it('and sends an old signature with an old answer has said nothing: never held for a proof', async () => {
    let old: Promise<Hex> | null = null
    const story = await given({ kind: 'honest' }, (wallet) => ({
      ...wallet,
      sign(answer) {
        old ??= wallet.sign(answer)
        return old
      },
    }))
    try {
      expect(await story.check(seededRandom(1))).toMatchObject({ outcome: 'passed' })
      expect(await story.check(seededRandom(2))).toMatchObject({
        outcome: 'refused',
        evidence: null,
        lost: false,
      })
    } finally {
      await story.close()
    }
  })

  it('only in being slow proves what it has, is called offline when it is too slow, and is never accused', async () => {
    const story = await given({ kind: 'late', ms: 20 })
    try {
      expect(await story.check(seededRandom(1))).toMatchObject({ outcome: 'passed' })
      // beyond all that a check waits; leaves of one challenge are read at once, so one delay is the whole of it
      story.miner.cheat = { kind: 'late', ms: 3 * PATIENCE_MS }
      expect(await story.check(seededRandom(2))).toMatchObject({
        outcome: 'offline',
        lost: false,
        failingLeaf: null,
      })
      // a challenge on chain gives it a day: harmless
      story.miner.cheat = { kind: 'late', ms: 20 }
      await story.user.hand.act('challenge', [story.orderId, 7n])
      const { args } = only(await story.miner.answer(story.orderId, 7n), 'ChallengeAnswered')
      expect(args.bond).toBe(10n ** 18n)
    } finally {
      await story.close()
    }
  })

  it('by waiting for an accusation finds none: 40 checks of an honest miner pass', async () => {
    const story = await given({ kind: 'honest' })
    try {
      const random = seededRandom(9)
      for (let i = 0; i < 40; i++) expect((await story.check(random)).outcome).toBe('passed')
    } finally {
      await story.close()
    }
  })
})
