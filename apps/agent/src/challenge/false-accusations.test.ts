import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type MarketReader, OPERATOR_SCOPES } from '@dmc/core/chain/types'
import { CHECK_OUTCOMES, type CheckOutcome } from '@dmc/core/challenge/outcomes'
import type { ErrorCode } from '@dmc/core/errors/codes'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { leafAnswersHash } from '@dmc/core/protocol/answers-hash'
import { answerTypedData } from '@dmc/core/protocol/typed-data'
import { startFaultProxy } from '@dmc/testkit/fault-proxy'
import { seededRandom } from '@dmc/testkit/seeded-random'
import { bytesToHex, type Hex } from 'viem'
import { afterEach, describe, expect, it } from 'vitest'
import { createMemoryMarket, newAccount } from '../../test/support/memory-market.ts'
import { createMemoryRun } from '../../test/support/memory-run.ts'
import { useTempFolders } from '../../test/support/temp-folder.ts'
import { useMiners } from '../../test/support/use-miners.ts'
import { seededBytes } from '../../test/support/volume-bytes.ts'
import { addContract, setContract } from '../contract/contract-rows.ts'
import { deliver } from '../contract/wire/deliver.ts'
import type { RawLeaves } from '../contract/wire/miner-client.ts'
import { openAlarms } from '../health/alarms.ts'
import { openJournal } from '../store/journal.ts'
import { openStore } from '../store/open-store.ts'
import type { Questioned } from './check-order.ts'
import { listChecks } from './check-rows.ts'
import { Checker, type CheckerOptions } from './checker.ts'
import { findEscalation } from './escalation-rows.ts'

/**
 * An honest miner behind a bad network is never accused (design, flow 14): the real schedule, questions, classification and escalation; only
 * the network, the clock and the chain are the test's.
 */
const tempFolder = useTempFolders()
const givenMiner = useMiners()
const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

const HOUR = 3_600_000
const LEAVES = 64
const DEPTH = 10

const sha = (...parts: Uint8Array[]): Uint8Array =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest()

/** The tree of the design, written down once more: 64 leaves of random data, Z above them. */
function makeTree() {
  const leaves = Array.from({ length: LEAVES }, (_, i) => seededBytes(1024, i + 1))
  const levels: Uint8Array[][] = [leaves.map((leaf) => sha(leaf))]
  const zeros: Uint8Array[] = [Buffer.alloc(32)]
  for (let height = 0; height < DEPTH; height++) {
    const zero = zeros[height] as Uint8Array
    const below = levels[height] as Uint8Array[]
    levels.push(
      Array.from({ length: Math.ceil(below.length / 2) }, (_, i) =>
        sha(below[2 * i] ?? zero, below[2 * i + 1] ?? zero),
      ),
    )
    zeros.push(sha(zero, zero))
  }
  const root = bytesToHex(levels[DEPTH]?.[0] as Uint8Array)
  const path = (index: number) =>
    Array.from(
      { length: DEPTH },
      (_, height) => levels[height]?.[(index >> height) ^ 1] ?? (zeros[height] as Uint8Array),
    )
  return { leaves, path, commitment: { root, size: BigInt(LEAVES * 1024) } }
}

interface World {
  random: () => number
  now: () => number
}
/** What happens to one attempt: an error, or nothing. */
type Trouble = (world: World) => DmcError | null

const failed = (code: ErrorCode, saidByPeer: boolean, retryable?: boolean): DmcError =>
  new DmcError(code, 'x', {
    hint: 'y',
    meta: saidByPeer ? { saidByPeer } : {},
    ...(retryable === undefined ? {} : { retryable }),
  })

async function given(options: {
  seed: number
  trouble: Trouble
  lies?: (index: number) => boolean
  rpc?: (world: World) => boolean
}) {
  const { seed, trouble, lies = () => false, rpc = () => true } = options
  const tree = makeTree()
  const store = openStore(join(await tempFolder(), 'data'))
  // thousands of rows: not each of them needs the disk
  store.db.exec('PRAGMA synchronous = OFF')
  closing.push(() => store.close())
  const journal = openJournal(store)
  const alarms = openAlarms(store, journal)
  const market = createMemoryMarket()
  const [user, miner] = [newAccount(), newAccount()]
  const orderId = 1n
  market.addOrder({ orderId, capacity: 1n, user: user.address, miner: miner.address })
  market.agree(orderId, tree.commitment)
  const order = await market.order(orderId)
  market.orders.set(orderId, { ...order, reserve: 100n, endsAt: market.now + 10n ** 9n })
  addContract(store, { orderId, role: 'user', billId: 1n, capacityMib: 1, sourceId: 'cafe' })
  setContract(store, orderId, 'user', { state: 'active' })
  const clock = { now: 1_790_000_000_000 }
  const random = seededRandom(seed)
  const world: World = { random, now: () => clock.now }
  const must = () => {
    const error = trouble(world)
    if (error) throw error
  }
  const miners: Questioned = {
    async askLeaves(indices, commitment): Promise<RawLeaves> {
      must()
      const answers = indices.map((index) => ({
        index,
        leaf: lies(Number(index)) ? Buffer.alloc(1024, 1) : (tree.leaves[Number(index)] as Buffer),
        path: tree.path(Number(index)),
      }))
      const nonce: Hex = `0x${'07'.repeat(32)}`
      const signedAt = 1n
      const message = { orderId, nonce, ...commitment, answersHash: leafAnswersHash(answers), signedAt }
      const signature = await miner.signTypedData(answerTypedData(market, message))
      // the last part of the reply may still get lost
      must()
      return { nonce, commitment, signedAt, signature, miner: miner.address, latencyMs: 5, answers }
    },
    askProbe: async () => {
      throw failed('PEER_ERROR', true)
    },
    close: async () => {},
  }
  const reader: MarketReader = {
    ...market,
    chainTime: async () => {
      if (!rpc(world)) throw failed('RPC_UNREACHABLE', false)
      return BigInt(Math.floor(clock.now / 1000))
    },
    order: async (id) => {
      if (!rpc(world)) throw failed('RPC_UNREACHABLE', false)
      return market.order(id)
    },
  }
  market.authorise(user.address, user.address, OPERATOR_SCOPES.CHALLENGE)
  const challenges: bigint[] = []
  const escalation: CheckerOptions['escalation'] = {
    alarms,
    market: market.market,
    policy: 'automatic',
    spendCap: 10n ** 18n,
    newest: (id) => reader.order(id),
    confirmed: (id) => reader.order(id),
    chainTime: () => reader.chainTime(),
    mayChallenge: async () => {},
    open: async (id, leafIndex) => {
      challenges.push(leafIndex)
      const now = await market.order(id)
      market.orders.set(id, { ...now, challenge: { leafIndex, deadline: 10n ** 12n, bond: 1n } })
      return { hash: '0x' }
    },
  }
  const checker = new Checker({
    store,
    journal,
    reader,
    signer: user,
    allowPrivate: true,
    dataDir: store.dataDir,
    perDay: 24,
    leaves: 3,
    signal: new AbortController().signal,
    // one attempt a check: harder than real, where a check tries for a minute
    patienceMs: 0,
    now: () => clock.now,
    random,
    connect: async () => {
      must()
      return miners
    },
    escalation,
  })
  checker.start()
  const outcomes = Object.fromEntries(CHECK_OUTCOMES.map((outcome) => [outcome, 0])) as Record<
    CheckOutcome,
    number
  >
  /** Lives on until so many checks were made. */
  const live = async (count: number, each: () => boolean = () => false) => {
    let last = 0
    for (let made = 0; made < count; ) {
      clock.now += 120_000 + Math.floor(random() * 240_000)
      checker.tick()
      await checker.idle()
      const fresh = listChecks(store, orderId, 10).filter(({ n }) => n > last)
      for (const row of fresh) outcomes[row.outcome]++
      last = Math.max(last, ...fresh.map(({ n }) => n))
      made += fresh.length
      if (each()) return made
    }
    return count
  }
  closing.push(() => void checker.close())
  return { store, journal, alarms, orderId, clock, outcomes, challenges, live, world, market }
}

/** Cuts, resets, restarts, refusals for an hour, days of 8 hours without power, strangers at the address, our own outages. */
function badNetwork(): { trouble: Trouble; rpc: (world: World) => boolean } {
  let until = 0
  let kind: 'good' | 'away' | 'busy' | 'unmounted' | 'ours' = 'good'
  const choose = ({ random, now }: World) => {
    if (now() < until) return
    const at = kind === 'good' ? 0.55 + random() * 0.45 : 0
    kind = at < 0.55 ? 'good' : at < 0.75 ? 'away' : at < 0.83 ? 'busy' : at < 0.9 ? 'unmounted' : 'ours'
    // away for up to nine hours, mostly less; then back for two hours at least
    until = now() + (kind === 'good' ? 2 + random() * 20 : random() * random() * 9) * HOUR
  }
  return {
    rpc: (world) => {
      choose(world)
      return kind !== 'ours'
    },
    trouble(world) {
      choose(world)
      const { random } = world
      switch (kind) {
        case 'away':
          return failed(random() < 0.9 ? 'PEER_UNREACHABLE' : 'PEER_KEY_MISMATCH', false)
        case 'busy':
          return random() < 0.7 ? failed('TOO_MANY_REQUESTS', true) : null
        case 'unmounted':
          return failed('SECTOR_NOT_MOUNTED', true, true)
        case 'ours':
          return failed('PEER_UNREACHABLE', false)
        default: {
          const at = random()
          if (at < 0.12) return failed('PEER_UNREACHABLE', false)
          if (at < 0.14) return failed('PEER_PROTOCOL', false)
          if (at < 0.15) return failed('PEER_ERROR', true, true)
          if (at < 0.16) return failed('TOKEN_INVALID', true)
          if (at < 0.17) return failed('COMMITMENT_UNKNOWN', true)
          return null
        }
      }
    },
  }
}

describe('an honest miner behind a bad network', () => {
  it('is never challenged on chain, nor its owner alarmed: 0 in 10,000 checks', async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const { live, outcomes, challenges, alarms, orderId, store } = await given({ seed, ...badNetwork() })
      await live(2000, () => {
        const found = findEscalation(store, orderId)
        expect(found?.state ?? 'rechecking').toBe('rechecking')
        expect(found?.cause ?? 'absent').toBe('absent')
        return false
      })
      expect(challenges, `seed ${seed}`).toEqual([])
      expect(alarms.list()).toEqual([])
      // it was a bad network, and the miner was honest
      expect(outcomes.wrong).toBe(0)
      expect(outcomes.offline).toBeGreaterThan(100)
      expect(outcomes.refused).toBeGreaterThan(40)
      expect(outcomes.unknown).toBeGreaterThan(20)
      expect(outcomes.passed).toBeGreaterThan(600)
    }
  })

  it('is not accused over real connections that are cut, stalled and torn to pieces either', async () => {
    const given = await givenMiner({ capacity: 8, tls: false })
    given.market.authorise(given.account.address, given.account.address, 15)
    const log = seededBytes(3 * 1024 * 1024, 1)
    const run = createMemoryRun(log, 8, null)
    await deliver({ client: await given.connect(), run, signal: new AbortController().signal })
    given.market.agree(given.orderId, run.commitment)
    await given.store.committed(run.commitment)
    const random = seededRandom(11)
    const port = given.miner.server.port
    const proxy = await startFaultProxy(
      () => port,
      () => {
        const at = random()
        if (at < 0.35) return { cutAfter: Math.floor(random() * 12_000) }
        if (at < 0.45) return { slice: 1 + Math.floor(random() * 700) }
        return {}
      },
    )
    const store = openStore(join(await tempFolder(), 'data'))
    closing.push(() => store.close())
    const journal = openJournal(store)
    const alarms = openAlarms(store, journal)
    const { orderId, market } = given
    market.endpoints.set(1n, given.miner.endpoint.replace(`:${port}`, `:${proxy.port}`))
    addContract(store, { orderId, role: 'user', billId: 1n, capacityMib: 8, sourceId: 'cafe' })
    setContract(store, orderId, 'user', { state: 'active' })
    const challenges: bigint[] = []
    const stop = new AbortController()
    const checker = new Checker({
      store,
      journal,
      reader: market,
      signer: given.user,
      allowPrivate: true,
      dataDir: store.dataDir,
      perDay: 24,
      leaves: 20,
      signal: stop.signal,
      patienceMs: 150,
      escalation: {
        alarms,
        market: market.market,
        policy: 'automatic',
        spendCap: 10n ** 18n,
        newest: (id) => market.order(id),
        confirmed: (id) => market.order(id),
        chainTime: () => market.chainTime(),
        mayChallenge: async () => {},
        open: async (_id, leaf) => {
          challenges.push(leaf)
          return { hash: '0x' }
        },
      },
    })
    checker.escalator?.act()
    const outcomes: CheckOutcome[] = []
    for (let i = 0; i < 200; i++) {
      outcomes.push((await checker.check(orderId, { why: 'schedule' })).row.outcome)
      await checker.idle()
    }
    expect(challenges).toEqual([])
    expect(findEscalation(store, orderId)).toBeNull()
    expect(outcomes.filter((outcome) => outcome === 'passed').length).toBeGreaterThan(120)
    expect(outcomes.filter((outcome) => outcome === 'wrong' || outcome === 'refused')).toEqual([])
    expect(proxy.accepted).toBeGreaterThan(400)
    stop.abort()
    await checker.close()
    await proxy.close()
  })
})

describe('behind the same network', () => {
  it('a miner that has lost 5 % is challenged on a leaf that it has lost, and on one only', async () => {
    for (const seed of [1, 2, 3]) {
      const gone = (index: number) => index % 20 === 3
      const { live, challenges } = await given({ seed, ...badNetwork(), lies: gone })
      const made = await live(1000, () => challenges.length > 0)
      expect(made).toBeLessThan(1000)
      expect(challenges.every((leaf) => gone(Number(leaf)))).toBe(true)
      await live(50)
      expect(challenges).toHaveLength(1)
    }
  })

  it('a miner that is gone for good is challenged after half a day, not before', async () => {
    const { live, challenges, clock } = await given({
      seed: 1,
      trouble: () => failed('PEER_UNREACHABLE', false),
    })
    const since = clock.now
    await live(60, () => challenges.length > 0)
    expect(challenges).toHaveLength(1)
    expect(clock.now - since).toBeGreaterThan(12 * HOUR)
    expect(clock.now - since).toBeLessThan(20 * HOUR)
  })
})
