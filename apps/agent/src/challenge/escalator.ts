import type { OrderOnChain } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import { formatTime } from '@dmc/core/units/format-time'
import { formatTokens } from '@dmc/core/units/format-tokens'
import type { Address } from 'viem'
import { challengeIntent, challengeProblems } from '../account/challenge-order.ts'
import type { CheckPolicy } from '../config/settings.ts'
import { findContract } from '../contract/contract-rows.ts'
import type { Alarms } from '../health/alarms.ts'
import type { Journal } from '../store/journal.ts'
import type { Store } from '../store/open-store.ts'
import type { CheckResult } from './check-order.ts'
import { type CheckRow, findPlan, setAbsent } from './check-rows.ts'
import { type Escalation, type Judged, stepEscalation } from './escalation.ts'
import {
  dropSpending,
  findEscalation,
  listEscalations,
  noteSpending,
  saveEscalation,
  spentOnChallenges,
} from './escalation-rows.ts'

export interface EscalatorOptions {
  store: Store
  journal: Journal
  alarms: Alarms
  market: Address
  policy: CheckPolicy
  /** Token wei of bonds in 30 days. */
  spendCap: bigint
  /** The order on the newest block, and on the confirmed one. */
  newest: (orderId: bigint) => Promise<OrderOnChain>
  confirmed: (orderId: bigint) => Promise<OrderOnChain>
  /** Unix seconds of the newest block. */
  chainTime: () => Promise<bigint>
  /** May this host's operator challenge for the owner? @throws NOT_OPERATOR, OPERATOR_EXPIRED */
  mayChallenge: (owner: Address) => Promise<void>
  /** Opens the challenge, once for each intent; resolves when it is confirmed. */
  open: (orderId: bigint, leaf: bigint, intent: string) => Promise<{ hash: string }>
  /** Asks again: the check comes back through `onChecked`. */
  recheck: (orderId: bigint, leaves: readonly bigint[]) => Promise<unknown>
  signal: AbortSignal
  /** Unix ms. */
  now?: () => number
}

const MONTH_MS = 30 * 86_400_000
const LOOK_MS = 60_000
const ASKING_LOOK_MS = 600_000
const AGAIN_MS = 300_000

/**
 * What follows on failed checks (flow 14): re-checks, then the owner is asked or the challenge is opened on chain, as the policy says. Every
 * state is a row before anything is done about it, so that a restart goes on and opens nothing twice.
 */
export class Escalator {
  readonly #o: EscalatorOptions
  readonly #now: () => number
  readonly #working = new Map<bigint, Promise<void>>()
  /** Only the running agent acts; a single command writes down what it saw. */
  #acting = false

  constructor(options: EscalatorOptions) {
    this.#o = options
    this.#now = options.now ?? Date.now
  }

  act(): void {
    this.#acting = true
  }

  async idle(): Promise<void> {
    while (this.#working.size > 0) await Promise.allSettled(this.#working.values())
  }

  /** One check of an order of this host's user, as it was written down; null for what a restore has proven. */
  onChecked(row: CheckRow, result: CheckResult | null): void {
    const { store } = this.#o
    const { orderId } = row
    const plan = findPlan(store, orderId)
    if (findContract(store, orderId, 'user') === null) return
    const judged: Judged = {
      orderId,
      atMs: this.#now(),
      outcome: row.outcome,
      lost: result?.lost ?? false,
      failingLeaf: result?.failingLeaf ?? null,
      suspects: result?.suspects ?? [],
      proven: result?.proven ?? [],
      message: row.error?.message ?? '',
    }
    const before = findEscalation(store, orderId)
    const absence = { sinceMs: plan?.absentSinceMs ?? null, count: plan?.absent ?? 0 }
    const step = stepEscalation(before, absence, judged)
    const { sinceMs, count } = step.absence
    const same = sinceMs === absence.sinceMs && count === absence.count && step.escalation === before
    // of an honest miner there is nothing to keep: no check of it waits for the disk
    if (!same) {
      store.transaction(() => {
        setAbsent(store, orderId, sinceMs, count)
        saveEscalation(store, orderId, step.escalation)
      })
    }
    if (step.event === 'suspected' && step.escalation) this.#tellSuspicion(step.escalation)
    if (step.event === 'cleared' && before) {
      this.#over(
        before,
        `The miner of order ${orderId} has proven what it had not before${before.leaf === null ? '' : `, leaf ${before.leaf} of it`}: nothing more is done about it.`,
      )
    }
    if (step.event === 'decide' && this.#acting) this.#work(orderId, () => this.#decide(orderId))
  }

  /** A person has opened it, or is about to. */
  noteOpened(orderId: bigint, leaf: bigint): void {
    const { store } = this.#o
    const now = this.#now()
    const known = findEscalation(store, orderId)
    saveEscalation(store, orderId, {
      orderId,
      cause: 'lost',
      suspects: [],
      firstMs: now,
      rechecks: 0,
      reason: 'Opened by hand.',
      ...known,
      leaf,
      state: 'opened',
      intent: null,
      changedMs: now,
      nextMs: now + LOOK_MS,
    })
    this.#o.alarms.clear(alarmKey(orderId), `Leaf ${leaf} of order ${orderId} is challenged on chain.`)
  }

  /** Looks at what is due. */
  tick(): void {
    if (!this.#acting || this.#o.signal.aborted) return
    const now = this.#now()
    for (const escalation of listEscalations(this.#o.store)) {
      const { orderId, nextMs, changedMs, state } = escalation
      // a clock that was set back must not silence it
      if ((nextMs > now && now >= changedMs) || this.#working.has(orderId)) continue
      this.#work(orderId, async () => {
        if (state === 'rechecking') await this.#recheck(escalation)
        else if (state === 'opening') await this.#open(escalation)
        else await this.#look(escalation)
      })
    }
  }

  /** One thing at a time for each order. */
  #work(orderId: bigint, work: () => Promise<void>): void {
    const before = this.#working.get(orderId)
    // what is due is looked at again in a second; a decision must not be lost
    const next = before ? before.then(work) : work()
    const done = next
      .catch((thrown: unknown) => this.#trouble(orderId, thrown))
      .finally(() => {
        if (this.#working.get(orderId) === done) this.#working.delete(orderId)
      })
    this.#working.set(orderId, done)
  }

  async #recheck({ orderId, leaf, suspects }: Escalation): Promise<void> {
    await this.#o.recheck(orderId, leaf === null ? suspects : [leaf])
  }

  async #decide(orderId: bigint): Promise<void> {
    const { store, policy, spendCap, market, newest, chainTime, mayChallenge } = this.#o
    const escalation = findEscalation(store, orderId)
    if (!escalation || escalation.leaf === null) return
    if (escalation.state === 'opening' || escalation.state === 'opened') return
    const { leaf } = escalation
    const order = await newest(orderId)
    const chainNow = await chainTime()
    if (order.state !== 'active')
      return this.#over(
        escalation,
        `Order ${orderId} is ${order.state}: nothing can be asked of its miner any more.`,
      )
    if (order.challenge)
      return this.#opened(escalation, order.challenge.leafIndex, order.challenge.deadline, null)
    if (policy === 'ask') return this.#ask(escalation, '')
    const [problem] = challengeProblems(order, leaf, chainNow)
    if (problem?.code === 'MARKET_COOLDOWN_ACTIVE') {
      // checked once more when it is over, and opened only if that fails too
      const waitMs = Number(order.nextChallengeAt - chainNow + 1n) * 1000
      return this.#save({ ...escalation, state: 'rechecking', nextMs: this.#now() + waitMs })
    }
    if (problem) return this.#ask(escalation, problem.message)
    try {
      await mayChallenge(order.user)
    } catch (thrown) {
      const error = toDmcError(thrown)
      if (error.retryable) throw error
      return this.#ask(escalation, `${error.message} ${error.hint}`)
    }
    const now = this.#now()
    const spent = spentOnChallenges(store, now - MONTH_MS)
    if (spent + order.bond > spendCap) {
      return this.#ask(
        escalation,
        `Challenges of the last 30 days have put ${formatTokens(spent)} at stake; with the bond of ${formatTokens(order.bond)} that is more than the cap of ${formatTokens(spendCap)} (checks.spendCap).`,
      )
    }
    const intent = challengeIntent(market, order, leaf)
    const opening: Escalation = {
      ...escalation,
      state: 'opening',
      intent,
      changedMs: now,
      nextMs: now + LOOK_MS,
    }
    store.transaction(() => {
      saveEscalation(store, orderId, opening)
      noteSpending(store, { intent, orderId, atMs: now, bond: order.bond })
    })
    await this.#open(opening)
  }

  /** Also after a restart: the intent makes it one transaction, however often this is called. */
  async #open(escalation: Escalation): Promise<void> {
    const { orderId, leaf, intent } = escalation
    const { store, open, newest } = this.#o
    if (leaf === null || intent === null) return
    try {
      const { hash } = await open(orderId, leaf, intent)
      const { challenge } = await newest(orderId)
      return this.#opened(escalation, leaf, challenge?.deadline ?? null, hash)
    } catch (thrown) {
      const error = toDmcError(thrown)
      if (error.code === 'INTERRUPTED') return
      const refused = error.code.startsWith('MARKET_') || error.code === 'TX_REVERTED'
      if (error.retryable && !refused) {
        this.#save({ ...escalation, nextMs: this.#now() + LOOK_MS })
        throw error
      }
      // nothing was opened by this: the Market said no
      dropSpending(store, intent)
      const order = await newest(orderId)
      if (order.challenge)
        return this.#opened(escalation, order.challenge.leafIndex, order.challenge.deadline, null)
      if (error.code === 'MARKET_COOLDOWN_ACTIVE') {
        return this.#save({
          ...escalation,
          state: 'rechecking',
          intent: null,
          nextMs: this.#now() + AGAIN_MS,
        })
      }
      this.#ask({ ...escalation, intent: null }, `${error.message} ${error.hint}`)
    }
  }

  #opened(escalation: Escalation, leaf: bigint, deadline: bigint | null, hash: string | null): void {
    const { orderId } = escalation
    this.#save({ ...escalation, leaf, state: 'opened', nextMs: this.#now() + LOOK_MS })
    this.#o.alarms.clear(alarmKey(orderId), `Leaf ${leaf} of order ${orderId} is challenged on chain.`)
    this.#o.journal.add({
      level: 'warning',
      event: 'challenge-opened',
      subject: subjectOf(orderId),
      message: `Leaf ${leaf} of order ${orderId} is challenged on chain${hash === null ? '' : `, by this host (${hash})`}: the miner proves it${deadline === null ? ' in time' : ` by ${formatTime(deadline)}`}, or can be slashed.`,
      data: { orderId, leaf, ...(hash === null ? {} : { hash }), ...(deadline === null ? {} : { deadline }) },
    })
  }

  #ask(escalation: Escalation, why: string): void {
    const { orderId, leaf, cause, rechecks } = escalation
    const { alarms } = this.#o
    const found =
      cause === 'lost'
        ? `The miner of order ${orderId} could not prove leaf ${leaf}, nor in ${rechecks} re-checks: it seems to have lost data.`
        : `The miner of order ${orderId} has given no answer since ${formatTime(Math.floor(escalation.firstMs / 1000))}.`
    this.#save({ ...escalation, state: 'asking', nextMs: this.#now() + ASKING_LOOK_MS })
    alarms.raise({
      key: alarmKey(orderId),
      level: 'error',
      subject: subjectOf(orderId),
      message: why === '' ? found : `${found} ${why}`,
      hint: `Restore what you need from it now if you can. To have it answer on chain or lose its pledge: dmc-agent order challenge ${orderId} --leaf ${leaf}`,
    })
  }

  /** What became of a challenge, or of an order that waits for its owner. */
  async #look(escalation: Escalation): Promise<void> {
    const { orderId, state, intent, leaf } = escalation
    const { store, newest, confirmed } = this.#o
    const [now, sure] = await Promise.all([newest(orderId), confirmed(orderId)])
    if (sure.state === 'slashed') {
      // the bond is back with everything else
      if (intent !== null) dropSpending(store, intent)
      return this.#over(
        escalation,
        `The miner of order ${orderId} did not prove leaf ${leaf} in time and was slashed: your share is in your credit (dmc-agent wallet withdraw).`,
      )
    }
    if (sure.state !== 'active' && sure.state !== 'preparing') {
      return this.#over(escalation, `Order ${orderId} is ${sure.state}: nothing more is asked of its miner.`)
    }
    if (state === 'asking') {
      if (now.challenge)
        return this.#opened(escalation, now.challenge.leafIndex, now.challenge.deadline, null)
      return this.#save({ ...escalation, nextMs: this.#now() + ASKING_LOOK_MS })
    }
    if (now.challenge || sure.challenge) return this.#save({ ...escalation, nextMs: this.#now() + LOOK_MS })
    setAbsent(store, orderId, null, 0)
    this.#over(escalation, `The miner of order ${orderId} has proven leaf ${leaf} on chain and has the bond.`)
  }

  #save(escalation: Escalation): void {
    saveEscalation(this.#o.store, escalation.orderId, { ...escalation, changedMs: this.#now() })
  }

  #over({ orderId, cause, state }: Escalation, message: string): void {
    const { store, alarms, journal } = this.#o
    saveEscalation(store, orderId, null)
    alarms.clear(alarmKey(orderId), message)
    journal.add({
      event: 'check-settled',
      subject: subjectOf(orderId),
      message,
      data: { orderId, cause, state },
    })
  }

  #tellSuspicion({ orderId, cause, leaf, reason }: Escalation): void {
    const message =
      cause === 'lost'
        ? `The miner of order ${orderId} could not prove ${leaf === null ? 'what it was asked for' : `leaf ${leaf}`}: ${reason} It is asked three times more over some minutes before anything is believed.`
        : `The miner of order ${orderId} has given no answer for half a day: ${reason} It is asked three times more over some minutes.`
    this.#o.journal.add({
      level: 'warning',
      event: 'check-failed',
      subject: subjectOf(orderId),
      message,
      data: { orderId, cause, leaf },
    })
  }

  #trouble(orderId: bigint, thrown: unknown): void {
    const error = toDmcError(thrown)
    if (error.code === 'INTERRUPTED' || this.#o.signal.aborted) return
    const escalation = findEscalation(this.#o.store, orderId)
    if (escalation) this.#save({ ...escalation, nextMs: this.#now() + LOOK_MS })
    // a chain that is silent for a while is told by the RPC itself
    if (DmcError.is(thrown) && error.retryable) return
    this.#o.journal.add({
      level: 'error',
      event: 'check-trouble',
      subject: subjectOf(orderId),
      message: `${error.message} ${error.hint}`,
    })
  }
}

const subjectOf = (orderId: bigint): string => `order:${orderId}`
const alarmKey = (orderId: bigint): string => `check:${orderId}`
