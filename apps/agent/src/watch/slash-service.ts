import type { MarketEvent } from '@dmc/core/chain/decode-log'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import { backOff, rest } from '../chain/back-off.ts'
import { TellOnce } from '../contract/tell-once.ts'
import { type Slashable, type SlashContext, slashOrder } from './slash-order.ts'

export interface SlashService {
  onEvents(events: readonly MarketEvent[]): void
  /** Looks at all of them now: after a reorg, or when something is watched anew. */
  sweep(): void
  close(): Promise<void>
}

/** A timer may not be set further ahead; a sweep comes before that. */
const LONGEST_MS = 3_600_000
/** With many orders the sweep comes round more slowly: a node is not to be asked without pause. */
const SPARING_MS = 200

/**
 * Slashes what missed its deadline (flow 14): the wallet's own orders, and watched ones whose watcher said so. From the chain alone:
 * each order is looked at at the start and on a timer; one with an open challenge again when its deadline has passed.
 */
export function openSlashService(
  context: SlashContext,
  options: { orders(): Promise<Slashable[]>; sweepMs?: number },
): SlashService {
  const { signal, journal, alarms, rpc } = context
  const sweepMs = options.sweepMs ?? (rpc.pollMs < 1000 ? 5_000 : 60_000)
  const workers = new Map<bigint, Promise<void>>()
  const told = new TellOnce()
  let wakeSweep = () => {}

  const work = async (slashable: Slashable) => {
    const pauses = backOff({ firstMs: 1_000, mostMs: 30_000 })
    while (!signal.aborted) {
      let wait = rpc.pollMs
      try {
        const look = await slashOrder(context, slashable)
        pauses.reset()
        // a later sweep comes back to it: whose it is may have changed until then
        if (look.kind === 'over' || (look.kind === 'later' && look.ms > sweepMs)) return
        if (look.kind === 'later') wait = Math.min(look.ms, LONGEST_MS)
      } catch (thrown) {
        const error = toDmcError(thrown)
        if (signal.aborted || error.code === 'INTERRUPTED') return
        // on its way
        if (error.code === 'TX_DROPPED') continue
        trouble(slashable, error)
        wait = pauses.next()
        // somebody else was first, or it can't be done as it was asked for: the next sweep looks again
        if (!error.retryable && error.code !== 'NO_GAS') return
      }
      await rest(wait, signal)
    }
  }

  const trouble = ({ orderId, own }: Slashable, error: ReturnType<typeof toDmcError>) => {
    if (['MARKET_NO_CHALLENGE', 'MARKET_WRONG_STATE', 'MARKET_ANSWER_NOT_LATE'].includes(error.code)) return
    const message = `Order ${orderId} missed a challenge and can't be slashed now: ${error.message}`
    const standing = error.code === 'NO_GAS' || error.code === 'GAS_TOO_DEAR' || !error.retryable
    if (standing) {
      const level = own ? 'error' : 'warning'
      alarms.raise({ key: `slash:${orderId}`, level, subject: `order:${orderId}`, message, hint: error.hint })
    } else if (told.isNews(`order:${orderId}`, error)) {
      journal.add({ level: 'warning', event: 'slash-trouble', subject: `order:${orderId}`, message })
    }
  }

  const touch = (slashable: Slashable) => {
    const { orderId } = slashable
    if (signal.aborted || workers.has(orderId)) return
    const done = work(slashable)
      .catch((error: unknown) => {
        journal.add({
          level: 'error',
          event: 'slash-trouble',
          subject: `order:${orderId}`,
          message: toDmcError(error).message,
        })
      })
      .finally(() => workers.delete(orderId))
    workers.set(orderId, done)
  }

  const sweeping = (async () => {
    while (!signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        wakeSweep = resolve
      })
      let wait = sweepMs
      try {
        const orders = await options.orders()
        for (const slashable of orders) touch(slashable)
        wait = Math.max(sweepMs, orders.length * SPARING_MS)
      } catch {
        // the chain can't be asked: told by whoever follows it
      }
      await Promise.race([rest(wait, signal), woken])
    }
  })()

  return {
    sweep: () => wakeSweep(),
    onEvents(events) {
      if (events.some(({ name }) => name === 'ChallengeOpened')) wakeSweep()
    },
    async close() {
      await sweeping
      await Promise.all(workers.values())
    },
  }
}
