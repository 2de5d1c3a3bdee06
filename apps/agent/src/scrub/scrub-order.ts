import type { DmcError } from '@dmc/core/errors/dmc-error'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import type { AgentContext } from '../agent-context.ts'
import type { ScrubReport, ScrubStep } from '../sector/types.ts'
import { findScrub, noteScrub, planScrub } from './scrub-rows.ts'

export const DAY_MS = 86_400_000
/** What is damaged, or could not be read, is looked at again after this: a person may have mended it. */
const AGAIN_MS = DAY_MS
const SHOWN = 8

export type ScrubContext = Pick<AgentContext, 'store' | 'sectors' | 'alarms'> & {
  /** How often all of it is read; 0: only when a person asks. */
  days: number
}

const keyOf = (orderId: bigint): string => `scrub:${orderId}`

/**
 * Reads all committed data of an order through and compares it with what was committed (flow 9): what has gone bad on a disk is known
 * before a challenge asks for it. Damage is an alarm until the data is whole again.
 * @throws INTERRUPTED from `onStep`; SECTOR_*, ORDER_NOT_FOUND when it can't be read: an alarm, too, unless the order is gone
 */
export async function scrubOrder(
  { store, sectors, alarms, days }: ScrubContext,
  orderId: bigint,
  onStep: ScrubStep,
  now = Date.now(),
): Promise<ScrubReport> {
  const before = findScrub(store, orderId)
  let report: ScrubReport
  try {
    // a person may have put another file in its place
    if (before !== null && before.damaged > 0) await sectors.reopen(orderId)
    report = await sectors.scrub(orderId, onStep)
  } catch (thrown) {
    const error = toDmcError(thrown)
    if (error.code === 'INTERRUPTED' || error.code === 'ORDER_NOT_FOUND') throw error
    planScrub(store, orderId, now + AGAIN_MS)
    raise(alarms, orderId, error)
    throw error
  }
  const damaged = report.damaged.length
  const nextMs = now + (damaged > 0 ? AGAIN_MS : Math.max(days, 1) * DAY_MS)
  noteScrub(store, { orderId, nextMs, doneMs: now, chunks: report.chunks, damaged })
  if (damaged === 0) {
    alarms.clear(keyOf(orderId), `The data of order ${orderId} was read through: it is whole again.`)
    return report
  }
  const shown = report.damaged.slice(0, SHOWN).join(', ')
  raise(alarms, orderId, {
    message: `${damaged} of ${report.chunks} MiB of order ${orderId} are not on the disk as they were committed (chunk ${shown}${damaged > SHOWN ? ', …' : ''}). A challenge on them can't be answered.`,
    hint: 'Check the disk. Put the order’s data file back from a copy of it; it is read again within a day, or at once with: dmc-agent sector scrub',
  })
  return report
}

const raise = (
  alarms: ScrubContext['alarms'],
  orderId: bigint,
  { message, hint }: Pick<DmcError, 'message' | 'hint'>,
): void => alarms.raise({ key: keyOf(orderId), level: 'error', subject: `order:${orderId}`, message, hint })

/** The order's data is no longer here. */
export const clearScrub = (alarms: ScrubContext['alarms'], orderId: bigint): void =>
  alarms.clear(keyOf(orderId))
