import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import { CHUNK_SIZE } from '@dmc/core/merkle/constants'
import type { AgentContext } from '../agent-context.ts'
import { rest } from '../chain/back-off.ts'
import { TellOnce } from '../contract/tell-once.ts'
import { interrupted } from '../contract/wait.ts'
import { listOrderRows } from '../sector/sector-rows.ts'
import type { ScrubStep } from '../sector/types.ts'
import { clearScrub, hasScrubAlarm, nextAfter, type ScrubContext, scrubOrder } from './scrub-order.ts'
import { forgetScrub, listScrubs, planScrub } from './scrub-rows.ts'

const LOOK_MS = 60_000
/** What is new is read this long after it was seen first: an upload is over by then, mostly, and the disk has let go of its cache. */
const NEW_MS = 10 * 60_000
/** A TiB takes nine hours; whoever sends or asks meanwhile hardly notices. */
const BYTES_PER_SECOND = 32 * 1024 * 1024

/** When the data that came to an order since it was last read was seen first, Unix ms. */
export type NewData = Map<bigint, number>

/**
 * Reads all that this host stores for others through (flow 9): what is new once, ten minutes after it came (docs/decisions/0012), and
 * each order once in `scrub.days`, spread over that time; slowly, one after another. It goes on with the next order after a restart; an
 * order that was cut off begins again.
 */
export function openScrubbing(ctx: AgentContext): { close(): Promise<void> } {
  const { config, signal, store, sectors, alarms, journal } = ctx
  const told = new TellOnce()
  const context = { store, sectors, alarms, days: config.scrub.days }
  const seen: NewData = new Map()
  const working = (async () => {
    while (!signal.aborted) {
      try {
        await scrubNew(context, slowly(signal), seen)
        await scrubDue(context, slowly(signal))
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
  plan(context, now)
  for (const { orderId, nextMs } of listScrubs(context.store)) {
    if (nextMs > now) return
    // read again until its alarm is over, also when nothing else is
    if (context.days === 0 && !hasScrubAlarm(context.alarms, orderId)) continue
    if (!(await scrubbed(context, orderId, onStep, now))) return
  }
}

/** What came to orders since they were last read. One with an alarm is read as a whole, when its time comes. */
export async function scrubNew(
  context: ScrubContext,
  onStep: ScrubStep,
  seen: NewData,
  now = Date.now(),
): Promise<void> {
  const read = new Map(listScrubs(context.store).map(({ orderId, chunks }) => [orderId, chunks]))
  const held = await context.sectors.orders()
  for (const { orderId, committedSize } of held) {
    const known = read.get(orderId) ?? 0
    if (Math.ceil(committedSize / CHUNK_SIZE) <= known || hasScrubAlarm(context.alarms, orderId)) {
      seen.delete(orderId)
      continue
    }
    const since = seen.get(orderId) ?? now
    seen.set(orderId, since)
    if (now < since + NEW_MS) continue
    // the last chunk may have been cut then
    if (!(await scrubbed(context, orderId, onStep, now, Math.max(0, known - 1)))) return
    seen.delete(orderId)
  }
  const here = new Set(held.map(({ orderId }) => orderId))
  for (const orderId of seen.keys()) if (!here.has(orderId)) seen.delete(orderId)
}

/** False: told to stop. What can't be read has its alarm; what was deleted meanwhile is forgotten with the next look. */
async function scrubbed(
  context: ScrubContext,
  orderId: bigint,
  onStep: ScrubStep,
  now: number,
  fromChunk = 0,
): Promise<boolean> {
  try {
    await scrubOrder(context, orderId, onStep, now, fromChunk)
  } catch (thrown) {
    const { code } = toDmcError(thrown)
    if (code === 'INTERRUPTED') return false
    if (code === 'ORDER_NOT_FOUND') planScrub(context.store, orderId, nextAfter(context.days, now))
  }
  return true
}

/** Orders that came, went, or would wait for longer than is wanted by now. */
function plan({ store, alarms, days }: ScrubContext, now: number): void {
  const here = new Set(listOrderRows(store).map(({ orderId }) => BigInt(orderId)))
  const latest = nextAfter(days, now)
  for (const { orderId, nextMs } of listScrubs(store)) {
    if (!here.delete(orderId)) {
      forgetScrub(store, orderId)
      clearScrub(alarms, orderId)
    } else if (nextMs > latest) planScrub(store, orderId, latest)
  }
  for (const orderId of here) {
    planScrub(store, orderId, now + Math.round((latest - now) * (0.5 + Math.random() / 2)))
  }
}

const slowly =
  (signal: AbortSignal): ScrubStep =>
  async (bytes) => {
    await rest((bytes / BYTES_PER_SECOND) * 1000, signal)
    if (signal.aborted) throw interrupted()
  }
