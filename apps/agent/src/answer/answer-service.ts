import type { MarketEvent } from '@dmc/core/chain/decode-log'
import { readOrder } from '@dmc/core/chain/read-order'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import { backOff, rest } from '../chain/back-off.ts'
import { answerOrder } from './answer-order.ts'
import { openAnswers, setAnswer } from './answer-rows.ts'
import type { AnswerContext } from './context.ts'

export interface AnswerService {
  /** Events of the Market as they appear, confirmed or not: a quick reaction; the sweep finds what they missed. */
  onEvents(events: readonly MarketEvent[]): void
  /** Looks at this order now. Never throws. */
  touch(orderId: bigint): void
  /** Looks at all of them now: after a reorg. */
  sweep(): void
  close(): Promise<void>
}

export interface AnswerServiceOptions {
  /** Orders whose challenges this host answers: its own as a miner, and those that it watches. */
  orders(): bigint[]
  /** Between two sweeps; default 60 s, 5 s on a devnet. */
  sweepMs?: number
  /** First pause after something stood in the way; default 1 s, doubled up to 15 s. */
  firstMs?: number
}

/** Questions to the chain at once during a sweep. */
const ABREAST = 8
/** With many orders the sweep comes round more slowly: a node is not to be asked without pause, and events are quicker anyway. */
const SPARING_MS = 200
const RELEVANT: readonly string[] = ['ChallengeOpened', 'ChallengeAnswered', 'OrderSlashed']

/**
 * Answers on-chain challenges by itself (flow 14): found by events of the newest blocks and by a sweep over all orders at the start
 * and on a timer, both from the chain alone. One worker per challenged order, from its opening to its end; what stands in the way
 * is told and tried again until the deadline.
 */
export function openAnswerService(context: AnswerContext, options: AnswerServiceOptions): AnswerService {
  const { signal, store, journal, rpc, market, alarms } = context
  const workers = new Map<bigint, { done: Promise<void>; wake: () => void }>()
  const sweepMs = options.sweepMs ?? (rpc.pollMs < 1000 ? 5_000 : 60_000)
  let wakeSweep = () => {}

  const work = async (orderId: bigint, woken: () => Promise<void>) => {
    const pauses = backOff({ firstMs: options.firstMs ?? 1_000, mostMs: 15_000 })
    let told = ''
    while (!signal.aborted) {
      let wait = rpc.pollMs
      try {
        if ((await answerOrder(context, orderId)) === 'over') return
        pauses.reset()
      } catch (thrown) {
        const error = toDmcError(thrown)
        if (signal.aborted || error.code === 'INTERRUPTED') return
        // nonces that this host had confirmed are free again: a deep reorg, or a node that is behind
        if (error.code === 'CHAIN_STALE')
          await context.sender.reopenLost(context.operator.address).catch(() => 0)
        // on its way and not confirmed within our patience: no trouble
        if (error.code === 'TX_DROPPED') continue
        for (const open of openAnswers(store, orderId)) setAnswer(store, open, { error: error.toJSON() })
        noteTrouble(orderId, error, told)
        told = error.code
        wait = pauses.next()
      }
      await Promise.race([rest(wait, signal), woken()])
    }
  }

  /** What was not told as an alarm is told here, once a code in a row. */
  const noteTrouble = (orderId: bigint, error: DmcError, told: string) => {
    if (error.code === 'NO_GAS' || error.code === 'GAS_TOO_DEAR') {
      alarms.raise({
        key: `pay:${orderId}`,
        level: 'error',
        subject: `order:${orderId}`,
        message: `The answer to the challenge of order ${orderId} can't be paid for: ${error.message}`,
        hint: error.hint,
      })
      return
    }
    if (error.code === told) return
    journal.add({
      level: 'warning',
      event: 'answer-trouble',
      subject: `order:${orderId}`,
      message: `The challenge of order ${orderId} is not answered yet: ${error.message} ${error.hint}`,
      data: { code: error.code },
    })
  }

  const touch = (orderId: bigint) => {
    if (signal.aborted) return
    const known = workers.get(orderId)
    if (known) return known.wake()
    let wake = () => {}
    let again = false
    const woken = () =>
      new Promise<void>((resolve) => {
        wake = resolve
        if (again) resolve()
        again = false
      })
    const done = work(orderId, woken)
      .catch((error: unknown) => {
        journal.add({
          level: 'error',
          event: 'answer-trouble',
          subject: `order:${orderId}`,
          message: toDmcError(error).message,
        })
      })
      .finally(() => {
        workers.delete(orderId)
        alarms.clear(`pay:${orderId}`)
        if (again) touch(orderId)
      })
    workers.set(orderId, {
      done,
      wake: () => {
        again = true
        wake()
      },
    })
  }

  const sweepOnce = async () => {
    for (const { orderId } of openAnswers(store)) touch(orderId)
    // what was missed stands until the order has ended, also when nothing more is to be answered for it
    const missed = alarms
      .list()
      .flatMap(({ key }) => (key.startsWith('missed:') ? [BigInt(key.slice(7))] : []))
    const orders = [...new Set([...options.orders(), ...missed])].filter((orderId) => !workers.has(orderId))
    const mine = new Set(options.orders())
    let failure: unknown = null
    const next = async () => {
      for (let orderId = orders.pop(); orderId !== undefined; orderId = orders.pop()) {
        if (signal.aborted || failure !== null) return
        try {
          const { challenge, state } = await readOrder(rpc.client, { market, orderId })
          if (challenge !== null && state === 'active' && mine.has(orderId)) touch(orderId)
          else if (state !== 'active') alarms.clear(`missed:${orderId}`)
        } catch (error) {
          if (!DmcError.is(error) || error.code !== 'ORDER_NOT_FOUND') failure = error
        }
      }
    }
    await Promise.all(Array.from({ length: ABREAST }, next))
    if (failure !== null) throw failure
  }

  const sweeping = (async () => {
    const pauses = backOff({ mostMs: sweepMs })
    while (!signal.aborted) {
      let wait = Math.max(sweepMs, options.orders().length * SPARING_MS)
      const woken = new Promise<void>((resolve) => {
        wakeSweep = resolve
      })
      try {
        await sweepOnce()
        pauses.reset()
      } catch {
        // the chain can't be asked: told by whoever follows it
        wait = pauses.next()
      }
      await Promise.race([rest(wait, signal), woken])
    }
  })()

  return {
    touch,
    sweep: () => wakeSweep(),
    onEvents(events) {
      const relevant = events.filter((event) => RELEVANT.includes(event.name) && 'orderId' in event.args)
      if (relevant.length === 0) return
      const orders = new Set(options.orders())
      for (const { args } of relevant) {
        if ('orderId' in args && orders.has(args.orderId)) touch(args.orderId)
      }
    },
    async close() {
      await sweeping
      await Promise.all([...workers.values()].map(({ done }) => done))
    },
  }
}
