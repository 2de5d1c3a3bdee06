import { randomBytes } from 'node:crypto'
import type { Commitment, MarketReader, OrderOnChain } from '@dmc/core/chain/types'
import { nextCheckAt, slotMs } from '@dmc/core/challenge/next-check'
import { pickLeaves } from '@dmc/core/challenge/pick-leaves'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import { LEAF_SIZE } from '@dmc/core/merkle/constants'
import { WIRE_LIMITS } from '@dmc/core/protocol/limits'
import type { LocalAccount } from 'viem'
import { findContract, listContracts } from '../contract/contract-rows.ts'
import { logDbFile, sourceFolder } from '../source/source-paths.ts'
import { giveBackProbe, type TakenProbe, takeProbe } from '../source/take-probe.ts'
import type { Journal } from '../store/journal.ts'
import type { Store } from '../store/open-store.ts'
import { type CheckOptions, type CheckResult, checkOrder, type Question } from './check-order.ts'
import {
  addCheck,
  addPlan,
  type CheckRow,
  type CheckWhy,
  dropPlan,
  findPlan,
  forgetChecks,
  lastChecks,
  listPlans,
  noteCommitment,
  setNextCheck,
} from './check-rows.ts'
import { findEscalation } from './escalation-rows.ts'
import { Escalator, type EscalatorOptions } from './escalator.ts'

export interface CheckerOptions {
  store: Store
  journal: Journal
  reader: MarketReader
  /** The order on the newest block. */
  newest?: (orderId: bigint) => Promise<OrderOnChain>
  signer: LocalAccount
  allowPrivate: boolean
  dataDir: string
  perDay: number
  leaves: number
  signal: AbortSignal
  patienceMs?: number
  /** Unix ms. */
  now?: () => number
  /** In [0, 1), not to be guessed by a miner. */
  random?: () => number
  connect?: CheckOptions['connect']
  /** What follows on failed checks. */
  escalation?: Omit<EscalatorOptions, 'store' | 'journal' | 'signal' | 'now' | 'recheck'>
}

/** What a check asks for; without `list`, random leaves. */
export interface CheckWish {
  why: CheckWhy
  /** How many random leaves. */
  leaves?: number
  /** These very leaves. */
  list?: readonly bigint[]
  /** One of the saved probes, if there is an unused one. */
  probe?: boolean
}

const TICK_MS = 1000
const SWEEP_MS = 10_000
const FORGET_MS = 3_600_000
const MOST_AT_ONCE = 4
const RETRY_MS = 20 * 60_000
/** A person waits for it; what comes by itself can take its time. */
const PERSON_PATIENCE_MS = 12_000
const PATIENCE_MS = 60_000
/** Scheduled checks of leaves for each that is a probe beside it. */
const PROBE_EVERY = 6
/** A schedule that lies further ahead than this many slots was made by a wrong clock, or for another rate. */
const MOST_SLOTS_AHEAD = 2

export const strongRandom = (): number => randomBytes(6).readUIntBE(0, 6) / 2 ** 48

/**
 * Has the miners of this host's orders prove at random times that they hold the data (flow 14), whatever the dashboard does. It looks at the
 * wall clock every second, so that a sleep, a restart and a clock that is set come to the same: what is due is checked once.
 */
export class Checker {
  readonly #o: CheckerOptions
  readonly #now: () => number
  readonly #random: () => number
  /** What follows on failed checks; null where nothing does. */
  readonly escalator: Escalator | null
  readonly #turns = new Map<bigint, Promise<unknown>>()
  /** Of the schedule, in work. */
  readonly #due = new Set<bigint>()
  #timer: NodeJS.Timeout | null = null
  #sweptAt = Number.NEGATIVE_INFINITY
  #forgotAt = Number.NEGATIVE_INFINITY
  #sweeping: Promise<void> | null = null

  constructor(options: CheckerOptions) {
    this.#o = options
    this.#now = options.now ?? Date.now
    this.#random = options.random ?? strongRandom
    const { escalation, store, journal, signal } = options
    this.escalator = escalation
      ? new Escalator({
          ...escalation,
          store,
          journal,
          signal,
          now: this.#now,
          recheck: (orderId, list) => this.check(orderId, { why: 'recheck', list }),
        })
      : null
  }

  start(): void {
    this.escalator?.act()
    this.tick()
    this.#timer = setInterval(() => this.tick(), TICK_MS)
    this.#timer.unref()
  }

  /** Resolves when nothing is in work; the signal has been aborted. */
  async close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer)
    this.#timer = null
    await this.idle()
  }

  async idle(): Promise<void> {
    while (this.#turns.size > 0 || this.#sweeping) {
      await Promise.allSettled([...this.#turns.values(), this.#sweeping])
      await this.escalator?.idle()
    }
    await this.escalator?.idle()
  }

  /** Looks at what is due. */
  tick(): void {
    const { store, perDay, signal } = this.#o
    if (signal.aborted) return
    const now = this.#now()
    if (now - this.#forgotAt >= FORGET_MS || now < this.#forgotAt) {
      this.#forgotAt = now
      forgetChecks(store, now)
    }
    if (now - this.#sweptAt >= SWEEP_MS || now < this.#sweptAt) {
      this.#sweptAt = now
      this.#sweeping ??= this.#sweep().finally(() => {
        this.#sweeping = null
      })
    }
    this.escalator?.tick()
    if (perDay === 0) return
    for (const { orderId, phaseMs, nextMs } of listPlans(store)) {
      if (nextMs > now + MOST_SLOTS_AHEAD * slotMs(perDay)) {
        setNextCheck(store, orderId, nextCheckAt({ now, phaseMs, perDay }, this.#random))
      }
      if (nextMs > now || this.#due.has(orderId) || this.#due.size >= MOST_AT_ONCE) continue
      this.#due.add(orderId)
      void this.#scheduled(orderId, phaseMs).finally(() => this.#due.delete(orderId))
    }
  }

  /**
   * Checks an order now and writes down what came of it. Checks of one order take turns.
   * @throws INTERRUPTED; NO_PROBE when one is asked for and none is left
   */
  check(orderId: bigint, wish: CheckWish): Promise<{ row: CheckRow; result: CheckResult }> {
    const work = () => this.#check(orderId, wish)
    const turn = (this.#turns.get(orderId) ?? Promise.resolve()).then(work, work)
    const settled = turn.then(
      () => {},
      () => {},
    )
    this.#turns.set(orderId, settled)
    void settled.then(() => {
      if (this.#turns.get(orderId) === settled) this.#turns.delete(orderId)
    })
    return turn
  }

  /** A restore has read and verified so many bytes of an order: that proves it too. */
  noteRestored(orderId: bigint, commitment: Commitment, bytes: number): void {
    const row = addCheck(this.#o.store, {
      orderId,
      atMs: this.#now(),
      kind: 'restore',
      why: 'restore',
      root: commitment.root,
      size: commitment.size,
      leaves: Math.floor(bytes / LEAF_SIZE),
      bytes,
      outcome: 'passed',
      latencyMs: null,
      error: null,
      evidence: null,
    })
    this.escalator?.onChecked(row, null)
  }

  /** Somebody has reason to doubt: checked at once. */
  checkSoon(orderId: bigint): void {
    if (findPlan(this.#o.store, orderId)) setNextCheck(this.#o.store, orderId, this.#now())
  }

  async #scheduled(orderId: bigint, phaseMs: number): Promise<void> {
    const { store, perDay } = this.#o
    const first = lastChecks(store, orderId).last === null
    // before it is made: a kill in the middle skips one check, and never makes a burst of them
    setNextCheck(store, orderId, nextCheckAt({ now: this.#now(), phaseMs, perDay }, this.#random))
    try {
      const { row } = await this.check(orderId, { why: first ? 'first' : 'schedule' })
      if (row.outcome === 'offline' || row.outcome === 'refused') this.#againSoon(orderId)
      if (this.#random() * PROBE_EVERY < 1) await this.check(orderId, { why: 'schedule', probe: true })
    } catch (thrown) {
      const error = toDmcError(thrown)
      if (error.code === 'INTERRUPTED' || error.code === 'NO_PROBE') return
      this.#o.journal.add({
        level: 'warning',
        event: 'check-trouble',
        subject: `order:${orderId}`,
        message: `Order ${orderId} could not be checked: ${error.message} ${error.hint}`,
      })
    }
  }

  /** A miner that gave no answer gets more chances to: only who fails them all for long counts as gone. */
  #againSoon(orderId: bigint): void {
    const soon = this.#now() + Math.floor((0.5 + this.#random()) * RETRY_MS)
    const planned = findPlan(this.#o.store, orderId)?.nextMs
    if (planned !== undefined && soon < planned) setNextCheck(this.#o.store, orderId, soon)
  }

  async #check(orderId: bigint, wish: CheckWish): Promise<{ row: CheckRow; result: CheckResult }> {
    const { store, reader, newest, signer, allowPrivate, signal, patienceMs, connect } = this.#o
    let probe: TakenProbe | null = null
    const question = (commitment: Commitment): Question => {
      if (wish.probe) {
        probe = this.#takeProbe(orderId, commitment)
        return { probe }
      }
      const leaves = commitment.size / BigInt(LEAF_SIZE)
      const list = wish.list?.filter((leaf) => leaf < leaves)
      if (list && list.length > 0) return { leaves: list }
      return { leaves: this.#pick(orderId, leaves, wish.leaves ?? this.#o.leaves) }
    }
    const result = await checkOrder({
      reader,
      orderId,
      role: 'user',
      signer,
      question,
      inForceSince: (commitment) => noteCommitment(store, orderId, commitment, this.#now()),
      allowPrivate,
      signal,
      now: this.#now,
      ...(newest ? { newest } : {}),
      patienceMs: patienceMs ?? (wish.why === 'person' ? PERSON_PATIENCE_MS : PATIENCE_MS),
      ...(connect ? { connect } : {}),
    })
    const { commitment, error } = result
    const taken = probe as TakenProbe | null
    if (taken && !result.asked) giveBackProbe(this.#logDb(orderId) ?? '', taken.n)
    if (wish.probe && error?.code === 'NO_PROBE') throw error
    if (commitment) noteCommitment(store, orderId, commitment, this.#now())
    const row = addCheck(store, {
      orderId,
      atMs: result.atMs,
      kind: result.kind,
      why: wish.why,
      root: commitment?.root ?? '',
      size: commitment?.size ?? 0n,
      leaves: result.leaves,
      bytes: result.bytes,
      outcome: result.outcome,
      latencyMs: result.latencyMs,
      error: error && { code: error.code, message: error.message, hint: error.hint },
      evidence: result.evidence,
    })
    this.escalator?.onChecked(row, result)
    return { row, result }
  }

  /** Random ones; with those that stand in question, so that an order whose owner is asked can still clear itself. */
  #pick(orderId: bigint, leaves: bigint, count: number): bigint[] {
    const open = findEscalation(this.#o.store, orderId)
    const asked = open?.leaf == null ? (open?.suspects ?? []) : [open.leaf]
    const picked = new Set([
      ...asked.filter((leaf) => leaf < leaves),
      ...pickLeaves(leaves, count, this.#random),
    ])
    return [...picked].slice(0, WIRE_LIMITS.challengeLeaves)
  }

  #logDb(orderId: bigint): string | null {
    const sourceId = findContract(this.#o.store, orderId, 'user')?.sourceId
    return sourceId ? logDbFile(sourceFolder(this.#o.dataDir, sourceId)) : null
  }

  #takeProbe(orderId: bigint, commitment: Commitment): TakenProbe {
    const contract = findContract(this.#o.store, orderId, 'user')
    const file = this.#logDb(orderId)
    const probe =
      file && contract?.volumeId ? takeProbe(file, contract.volumeId, commitment, this.#random) : null
    if (probe) return probe
    throw new DmcError('NO_PROBE', `Order ${orderId} has no unused probe on this host.`, {
      hint: 'Leaves can be asked for without end: dmc-agent order check. New probes come with each backup.',
    })
  }

  /** Orders that have become active get a plan, those that are over lose it. */
  async #sweep(): Promise<void> {
    const { store, reader, signal } = this.#o
    const contracts = listContracts(store, 'user')
    for (const { orderId, state } of contracts) {
      const plan = findPlan(store, orderId)
      if (state === 'closed' || state === 'refused') {
        if (plan) dropPlan(store, orderId)
        continue
      }
      if (plan || state === 'applying') continue
      const order = await reader.order(orderId).catch(() => null)
      if (signal.aborted) return
      if (order?.state !== 'active' || order.commitment === null) continue
      const now = this.#now()
      addPlan(store, orderId, { phaseMs: now, nextMs: now })
      noteCommitment(store, orderId, order.commitment, now)
    }
  }
}
