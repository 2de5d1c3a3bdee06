import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import type { AgentContext } from '../agent-context.ts'
import { rest } from '../chain/back-off.ts'
import { TellOnce } from '../contract/tell-once.ts'
import { interrupted } from '../contract/wait.ts'
import { listOrderRows } from '../sector/sector-rows.ts'
import type { ScrubStep } from '../sector/types.ts'
import { clearScrub, DAY_MS, type ScrubContext, scrubOrder } from './scrub-order.ts'
import { forgetScrub, listScrubs, planScrub } from './scrub-rows.ts'

const LOOK_MS = 60_000
/** A TiB takes nine hours; whoever sends or asks meanwhile hardly notices. */
const BYTES_PER_SECOND = 32 * 1024 * 1024

/**
 * Reads all that this host stores for others through, each order once in `scrub.days`, slowly and one after another; what is new is
 * spread over that time. It goes on with the next order after a restart; an order that was cut off begins again.
 */
export function openScrubbing(ctx: AgentContext): { close(): Promise<void> } | null {
  const { config, signal, store, sectors, alarms, journal } = ctx
  const told = new TellOnce()
  const { days } = config.scrub
  if (days === 0) return null
  const working = (async () => {
    while (!signal.aborted) {
      try {
        await scrubDue({ store, sectors, alarms, days }, slowly(signal))
      } catch (thrown) {
        const error = toDmcError(thrown)
        if (told.isNews('scrub', error))
          journal.add({
            level: 'warning',
            event: 'scrub-trouble',
            message: `What is stored for others could not be read through: ${error.message} ${error.hint} It is tried again.`,
          })
      }
      await rest(LOOK_MS, signal)
    }
  })()
  return { close: () => working }
}

/** Every order whose time has come, the one that waits longest first. What can't be read has its alarm and its next time. */
export async function scrubDue(context: ScrubContext, onStep: ScrubStep, now = Date.now()): Promise<void> {
  const { store, days } = context
  plan(context, now)
  for (const { orderId, nextMs } of listScrubs(store)) {
    if (nextMs > now) return
    try {
      await scrubOrder(context, orderId, onStep, now)
    } catch (thrown) {
      const { code } = toDmcError(thrown)
      if (code === 'INTERRUPTED') return
      // deleted meanwhile: the next look forgets it
      if (code === 'ORDER_NOT_FOUND') planScrub(store, orderId, now + days * DAY_MS)
    }
  }
}

/** Orders that came, went, or would wait for longer than is wanted by now. What is new was read back as it was written. */
function plan({ store, alarms, days }: ScrubContext, now: number): void {
  const here = new Set(listOrderRows(store).map(({ orderId }) => BigInt(orderId)))
  const latest = now + days * DAY_MS
  for (const { orderId, nextMs } of listScrubs(store)) {
    if (!here.delete(orderId)) {
      forgetScrub(store, orderId)
      clearScrub(alarms, orderId)
    } else if (nextMs > latest) planScrub(store, orderId, latest)
  }
  for (const orderId of here) {
    planScrub(store, orderId, now + Math.round(days * DAY_MS * (0.5 + Math.random() / 2)))
  }
}

const slowly =
  (signal: AbortSignal): ScrubStep =>
  async (bytes) => {
    await rest((bytes / BYTES_PER_SECOND) * 1000, signal)
    if (signal.aborted) throw interrupted()
  }
