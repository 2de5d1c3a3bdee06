import type { OrderState } from '@dmc/core/market/states'
import type { StageKey } from './job-stages.tsx'

const BY_NAME: Record<string, StageKey> = {
  starting: 'scan',
  scan: 'scan',
  encode: 'encode',
  nodes: 'encode',
  done: 'encode',
  deliver: 'deliver',
  waiting: 'deliver',
  'prepare-user': 'prepare',
  agree: 'prepare',
  active: 'prepare',
}

/**
 * The stage to show from what the agent says and what the chain says; the chain has the last word on "active". null: all done.
 * @param job the stage that the agent names, null when nothing runs
 */
export function stageOf(
  job: string | null,
  orders: readonly { state: OrderState; userPreparedBlock: bigint | null }[],
): StageKey | null {
  if (job !== null) return BY_NAME[job] ?? 'scan'
  const newest = orders[0]
  if (newest === undefined) return 'scan'
  if (newest.state === 'active') return null
  return newest.userPreparedBlock === null ? 'scan' : 'prepare'
}
