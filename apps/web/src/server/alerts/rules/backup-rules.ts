import { DAY, type OwnerFacts } from '../facts.ts'
import { type Finding, type Rule, span } from '../finding.ts'

type Source = OwnerFacts['sources'][number]

const at = ({ sourceId }: Source) => ({
  subject: `source:${sourceId}`,
  href: `/u/sources/${sourceId}`,
  action: 'See the source',
})

const of = (source: Source) => (row: { agentId: string; sourceId: string }) =>
  row.agentId === source.agentId && row.sourceId === source.sourceId

/** Its time has come and gone. */
export const backupMissed: Rule = ({ sources, schedules, now, settings }) =>
  sources.flatMap((source): Finding[] => {
    const schedule = schedules.find(of(source))
    if (!schedule?.enabled || schedule.nextRunAt === null || schedule.lastOutcome === 'running') return []
    const late = now - schedule.nextRunAt.getTime() / 1000
    if (late < settings.backupLateHours * 3_600) return []
    return [
      {
        ...at(source),
        kind: 'backup-missed',
        level: late >= 3 * DAY ? 'error' : 'warning',
        message: `${source.name} should have been backed up ${span(late)} ago.`,
        cause: `Its host has not said that the run of ${time(schedule.nextRunAt)} was made.`,
        hint: 'See that the host is on and connected: a run that was missed is made up for once.',
        money: null,
        deadline: null,
        stage: late >= 3 * DAY ? 1 : 0,
      },
    ]
  })

export const backupFailing: Rule = ({ sources, schedules }) =>
  sources.flatMap((source): Finding[] => {
    const schedule = schedules.find(of(source))
    const { lastOutcome = null, lastNote = null } = schedule ?? {}
    if (!schedule?.enabled || (lastOutcome !== 'failed' && lastOutcome !== 'no-order')) return []
    const none = lastOutcome === 'no-order'
    return [
      {
        ...at(source),
        kind: 'backup-failing',
        level: 'error',
        message: none
          ? `${source.name} has no order that could take its backup.`
          : `The last backup of ${source.name} failed.`,
        cause: lastNote ?? (none ? 'Its orders are over, or full.' : 'Its host did not say why.'),
        hint: none ? 'Place an order for it.' : 'Look at the source; the next run tries again.',
        money: null,
        deadline: null,
        stage: 0,
      },
    ]
  })

/** Something of the newest snapshot is not in it. */
export const snapshotPartial: Rule = ({ sources, snapshots }) =>
  sources.flatMap((source): Finding[] => {
    const newest = snapshots.find(of(source))
    if (!newest?.partial) return []
    return [
      {
        ...at(source),
        kind: 'snapshot-partial',
        level: 'warning',
        message: `The newest snapshot of ${source.name} lacks files.`,
        cause:
          newest.unreadable > 0
            ? `${newest.unreadable} ${newest.unreadable === 1 ? 'file' : 'files'} could not be read on ${time(newest.takenAt)}.`
            : `It was taken on ${time(newest.takenAt)} and is not whole.`,
        hint: 'Let the agent read them, or leave them out of the source.',
        money: null,
        deadline: null,
        stage: 0,
      },
    ]
  })

export const sourceFailed: Rule = ({ sources }) =>
  sources
    .filter(({ state }) => state === 'failed')
    .map((source) => ({
      ...at(source),
      kind: 'source-failed',
      level: 'error',
      message: `${source.name} could not be read.`,
      cause: source.path,
      hint: 'Is the folder there, and may the agent read it?',
      money: null,
      deadline: null,
      stage: 0,
    }))

const time = (date: Date): string => `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`
