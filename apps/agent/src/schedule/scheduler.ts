import { describeRule } from '@dmc/core/schedule/describe'
import { nextRun } from '@dmc/core/schedule/schedule-rule'
import type { BackupJob } from '../contract/backup-jobs.ts'
import type { Journal } from '../store/journal.ts'
import type { Store } from '../store/open-store.ts'
import { listSchedules, noteRun, type Schedule, setNextRun, settleRun } from './schedule-rows.ts'

const TICK_MS = 1000
/** A run that begins so much after its time was not missed. */
const LATE_MS = 90_000
const DAY_MS = 86_400_000
const MOST_COUNTED = 1000

export interface SchedulerOptions {
  store: Store
  journal: Journal
  nameOf: (sourceId: string) => string
  /** Is there an order, as far as this host knows, that the source may be backed up into? */
  hasOrder: (sourceId: string) => boolean
  /** Does a backup of the source run, or wait to go on? */
  isBusy: (sourceId: string) => boolean
  lastJob: (sourceId: string) => BackupJob | null
  /** Backs up and settles the run (`settleRun`) when it is over; goes on at the next start when the agent stops before. */
  backUp: (sourceId: string) => void
  /** Unix ms. */
  now?: () => number
}

/**
 * Runs the schedules of this host's sources, whatever the dashboard does. It looks at the wall clock every second, so that
 * sleep, a clock that is set and changes of summer time all come to the same: what is due is run once.
 */
export class Scheduler {
  readonly #o: SchedulerOptions
  readonly #now: () => number
  #seen = Number.POSITIVE_INFINITY
  #timer: NodeJS.Timeout | null = null

  constructor(options: SchedulerOptions) {
    this.#o = options
    this.#now = options.now ?? Date.now
  }

  start(): void {
    this.recover()
    this.tick()
    this.#timer = setInterval(() => this.tick(), TICK_MS)
    this.#timer.unref()
  }

  close(): void {
    if (this.#timer) clearInterval(this.#timer)
    this.#timer = null
  }

  /** A kill came between the note that a run begins and its backup, or between the backup's end and the note of that. */
  recover(): void {
    const { store, journal, lastJob, nameOf } = this.#o
    for (const { sourceId, lastOutcome, lastRun } of listSchedules(store)) {
      if (lastOutcome !== 'running') continue
      const job = lastJob(sourceId)
      if (job?.state === 'running') continue // gone on with by whoever resumes backups
      if (job && job.startedAt >= (lastRun ?? 0)) {
        settleRun(store, sourceId, job.state, null)
        continue
      }
      journal.add({
        level: 'warning',
        event: 'schedule-caught-up',
        subject: `source:${sourceId}`,
        message: `The scheduled backup of source ${nameOf(sourceId)} had not begun when the agent stopped; it is made up for now.`,
      })
      settleRun(store, sourceId, 'failed', 'The agent stopped before it began.')
      setNextRun(store, sourceId, this.#now())
    }
  }

  /** Looks at what is due. */
  tick(): void {
    const now = this.#now()
    const back = now < this.#seen // also the first time: the clock may have been set while nobody looked
    this.#seen = now
    for (const schedule of listSchedules(this.#o.store)) {
      const due = back ? this.#afterSettingBack(schedule, now) : schedule
      if (due.nextRun <= now) this.#run(due, now)
    }
  }

  /**
   * A clock that is set back must not silence a schedule until it has caught up, nor repeat what has just been run: times up
   * to the last run count as past, unless that lies more than a day ahead and so was a wrong clock's.
   */
  #afterSettingBack(schedule: Schedule, now: number): Schedule {
    const { lastRun, rule, sourceId } = schedule
    const ahead = lastRun !== null && lastRun > now && lastRun - now <= DAY_MS
    const expected = nextRun(rule, ahead ? lastRun : now, Math.min(schedule.since, now))
    if (expected === null || schedule.nextRun <= expected) return schedule
    setNextRun(this.#o.store, sourceId, expected)
    return { ...schedule, nextRun: expected }
  }

  #run(schedule: Schedule, now: number): void {
    const { store, journal, nameOf, hasOrder, isBusy, backUp } = this.#o
    const { sourceId, rule } = schedule
    const subject = `source:${sourceId}`
    const name = nameOf(sourceId)
    // a rule was checked to have a next run; if the clock stands beyond all of them, this looks again in a day
    const next = nextRun(rule, now, Math.min(schedule.since, now)) ?? now + DAY_MS
    const missed = this.#missed(schedule, now)
    const note = (outcome: 'running' | 'skipped' | 'no-order', text: string | null) =>
      noteRun(store, sourceId, { at: now, nextRun: next, outcome, note: text, missed })
    if (!hasOrder(sourceId)) {
      const text = 'It has no order that takes data: nothing was backed up, nothing was paid.'
      note('no-order', text)
      if (schedule.lastOutcome === 'no-order') return
      journal.add({
        level: 'warning',
        event: 'schedule-no-order',
        subject,
        message: `A backup of source ${name} was due (${describeRule(rule)}). ${text} Take one: dmc-agent order create --source ${name}. This is said once.`,
      })
      return
    }
    if (isBusy(sourceId)) {
      note('skipped', 'The backup before was still running.')
      journal.add({
        level: 'warning',
        event: 'schedule-skipped',
        subject,
        message: `A backup of source ${name} was due (${describeRule(rule)}) while the one before was still running; it is left out.`,
      })
      return
    }
    note('running', null)
    journal.add(
      missed > 0
        ? {
            level: 'warning',
            event: 'schedule-caught-up',
            subject,
            message: `${missed >= MOST_COUNTED ? `${MOST_COUNTED} or more` : missed} scheduled ${missed === 1 ? 'backup' : 'backups'} of source ${name} since ${new Date(schedule.nextRun).toISOString()} did not take place: the host slept or the agent was not running. One backup makes up for ${missed === 1 ? 'it' : 'all of them'} now.`,
            data: { missed, since: schedule.nextRun },
          }
        : {
            event: 'schedule-run',
            subject,
            message: `Backing up source ${name} by its schedule (${describeRule(rule)}).`,
          },
    )
    backUp(sourceId)
  }

  /** How many times passed without a run; 0 when this one is on time. */
  #missed({ rule, since, nextRun: first }: Schedule, now: number): number {
    if (now - first <= LATE_MS) return 0
    let count = 0
    for (let at: number | null = first; at !== null && at <= now && count < MOST_COUNTED; count++)
      at = nextRun(rule, at, Math.min(since, first))
    return count
  }
}
