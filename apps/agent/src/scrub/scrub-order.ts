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
  /** In how many days all of it is read once; 0: what is new once, and all only when a person asks. */
  days: number
}

/** When an order that was read just now is read again; far away where nothing is read by itself (`days` 0). */
export const nextAfter = (days: number, now: number): number => now + (days || 365) * DAY_MS

const keyOf = (orderId: bigint): string => `scrub:${orderId}`

/**
 * Reads all committed data of an order, or what is in `fromChunk` and after it, and compares it with what was committed (flow 9): what
 * has gone bad on a disk is known before a challenge asks for it. Damage is an alarm until the data is whole again.
 * @throws INTERRUPTED from `onStep`; SECTOR_*, ORDER_NOT_FOUND when it can't be read: an alarm, too, unless the order is gone
 */
export async function scrubOrder(
  { store, sectors, alarms, days }: ScrubContext,
  orderId: bigint,
  onStep: ScrubStep,
  now = Date.now(),
  fromChunk = 0,
): Promise<ScrubReport> {
  const before = findScrub(store, orderId)
  let report: ScrubReport
  try {
    // a person may have put another file in its place
    if (before !== null && before.damaged > 0) await sectors.reopen(orderId)
    report = await sectors.scrub(orderId, onStep, fromChunk)
  } catch (thrown) {
    const error = toDmcError(thrown)
    if (error.code === 'INTERRUPTED' || error.code === 'ORDER_NOT_FOUND') throw error
    planScrub(store, orderId, now + AGAIN_MS)
    raise(alarms, orderId, error)
    throw error
  }
  const damaged = report.damaged.length
  const whole = fromChunk === 0
  const later = whole ? nextAfter(days, now) : (before?.nextMs ?? nextAfter(days, now))
  noteScrub(store, {
    orderId,
    nextMs: damaged > 0 ? now + AGAIN_MS : later,
    doneMs: whole ? now : (before?.doneMs ?? null),
    chunks: report.inForce,
    damaged,
  })
  if (damaged === 0) {
    if (whole)
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

export const hasScrubAlarm = (alarms: ScrubContext['alarms'], orderId: bigint): boolean =>
  alarms.list().some(({ key }) => key === keyOf(orderId))

/** The order's data is no longer here. */
export const clearScrub = (alarms: ScrubContext['alarms'], orderId: bigint): void =>
  alarms.clear(keyOf(orderId))
