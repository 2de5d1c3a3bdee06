import { describeRetention } from '@dmc/core/schedule/describe'
import type { RetentionPolicy } from '@dmc/core/schedule/retention'
import { checkTimeZone } from '@dmc/core/schedule/schedule-rule'
import type { AgentContext } from '../agent-context.ts'
import { findRetention, saveRetention } from './retention-rows.ts'

/**
 * Says how many snapshots of a source are kept, from its next snapshot on: its catalog leaves the others out.
 * @throws SOURCE_UNKNOWN, SCHEDULE_INVALID for a time zone that is none
 */
export function setRetention(
  { store, sources, journal }: Pick<AgentContext, 'store' | 'sources' | 'journal'>,
  sourceId: string,
  wanted: RetentionPolicy | null,
): RetentionPolicy | null {
  const { name } = sources.get(sourceId)
  const policy = wanted && { ...wanted, timeZone: checkTimeZone(wanted.timeZone) }
  if (JSON.stringify(findRetention(store, sourceId)) === JSON.stringify(policy)) return policy
  saveRetention(store, sourceId, policy)
  journal.add({
    event: 'retention-set',
    subject: `source:${sourceId}`,
    message: `Of source ${name} is kept: ${describeRetention(policy)}; what is not is forgotten with its next snapshot.`,
  })
  return policy
}
