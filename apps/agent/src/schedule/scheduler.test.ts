import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BackupJob } from '../contract/backup-jobs.ts'
import { openSourceService } from '../source/source-service.ts'
import { tempFolder } from '../source/test/make-tree.ts'
import { openJournal } from '../store/journal.ts'
import { openStore, type Store } from '../store/open-store.ts'
import { findSchedule, settleRun } from './schedule-rows.ts'
import { Scheduler } from './scheduler.ts'
import { setSchedule } from './set-schedule.ts'

const HOUR = 3600_000
let temp: ReturnType<typeof tempFolder>
let store: Store
beforeEach(() => {
  temp = tempFolder()
  store = openStore(join(temp.path, 'agent'))
})
afterEach(() => {
  store.close()
  temp.cleanUp()
})

/** A host with one source: its clock is set by hand, its backups are only counted. */
async function host(start: string, rule: [kind: 'interval' | 'times' | 'cron', spec: string]) {
  const journal = openJournal(store)
  const sources = openSourceService({ store, dataDir: join(temp.path, 'agent') })
  mkdirSync(join(temp.path, 'photos'), { recursive: true })
  const { sourceId } = await sources.add(join(temp.path, 'photos'))
  const state = {
    now: Date.parse(start),
    order: true,
    busy: false,
    job: null as BackupJob | null,
    runs: [] as string[],
  }
  const make = () =>
    new Scheduler({
      store,
      journal,
      nameOf: () => 'photos',
      hasOrder: () => state.order,
      isBusy: () => state.busy,
      lastJob: () => state.job,
      backUp: () => {
        state.runs.push(new Date(state.now).toISOString().slice(0, 16))
      },
      now: () => state.now,
    })
  const set = (kind: 'interval' | 'times' | 'cron', spec: string) =>
    setSchedule({ store, journal, sources }, sourceId, { kind, spec, timeZone: 'Europe/Berlin' }, state.now)
  set(...rule)
  let scheduler = make()
  return {
    state,
    sourceId,
    sources,
    set,
    row: () => findSchedule(store, sourceId),
    events: () => journal.list().map(({ event }) => event),
    last: () => journal.list().at(-1),
    /** Every minute until then, as long as the agent runs. */
    pass(until: string) {
      for (; state.now < Date.parse(until); state.now += 60_000) {
        scheduler.tick()
        if (!state.busy) settleRun(store, sourceId, 'done', null)
      }
      scheduler.tick()
    },
    /** Nothing looks at the clock in between. */
    sleep(until: string) {
      state.now = Date.parse(until)
      scheduler.tick()
    },
    /** As after a kill. */
    restart() {
      scheduler = make()
      scheduler.recover()
      scheduler.tick()
    },
  }
}

describe('a schedule, on a clock that the test holds', () => {
  it('runs at its times and says when it will', async () => {
    const h = await host('2027-03-01T12:00:00Z', ['times', '03:00,15:00'])
    expect(h.row()).toMatchObject({
      nextRun: Date.parse('2027-03-01T14:00:00Z'),
      lastRun: null,
      lastOutcome: null,
    })
    h.pass('2027-03-02T14:30:00Z')
    expect(h.state.runs).toEqual(['2027-03-01T14:00', '2027-03-02T02:00', '2027-03-02T14:00'])
    expect(h.row()).toMatchObject({
      lastOutcome: 'done',
      missed: 0,
      nextRun: Date.parse('2027-03-03T02:00:00Z'),
    })
  })

  it('summer time begins and ends: one run for each time of each day', async () => {
    const h = await host('2027-03-27T12:00:00Z', ['times', '02:30'])
    h.pass('2027-03-29T12:00:00Z')
    expect(h.state.runs).toEqual(['2027-03-28T01:00', '2027-03-29T00:30'])
    h.state.runs = []
    h.state.now = Date.parse('2027-10-30T12:00:00Z')
    h.set('times', '02:30,02:31')
    h.pass('2027-11-01T12:00:00Z')
    expect(h.state.runs).toEqual([
      '2027-10-31T00:30',
      '2027-10-31T00:31',
      '2027-11-01T01:30',
      '2027-11-01T01:31',
    ])
  })

  it('what was missed while the host slept is made up for once, and told', async () => {
    const h = await host('2027-01-01T00:00:00Z', ['interval', '6h'])
    h.sleep('2027-01-03T01:00:00Z')
    expect(h.state.runs).toEqual(['2027-01-03T01:00'])
    expect(h.last()).toMatchObject({
      event: 'schedule-caught-up',
      level: 'warning',
      message: expect.stringMatching(
        /^8 scheduled backups of source photos since 2027-01-01T06:00.* all of them now/,
      ),
    })
    settleRun(store, h.sourceId, 'done', null)
    h.pass('2027-01-03T06:30:00Z')
    expect(h.state.runs).toEqual(['2027-01-03T01:00', '2027-01-03T06:00'])
    expect(h.row()).toMatchObject({ missed: 8 })
    // the agent was not there: the same, at its start
    h.state.now += 7 * HOUR
    h.restart()
    expect(h.state.runs).toHaveLength(3)
    expect(h.last()?.message).toMatch(/^1 scheduled backup of source photos .* makes up for it now/)
    // a second is not missed
    settleRun(store, h.sourceId, 'done', null)
    h.sleep('2027-01-03T18:00:59Z')
    expect(h.last()?.event).toBe('schedule-run')
    expect(h.row()).toMatchObject({ missed: 9 })
  })

  it('never two runs of one source: the next is left out and told', async () => {
    const h = await host('2027-01-01T00:00:00Z', ['interval', '1h'])
    h.pass('2027-01-01T01:00:00Z')
    h.state.busy = true
    h.pass('2027-01-01T03:30:00Z')
    expect(h.state.runs).toEqual(['2027-01-01T01:00'])
    expect(h.events().filter((event) => event === 'schedule-skipped')).toHaveLength(2)
    expect(h.row()).toMatchObject({ lastOutcome: 'skipped' })
    h.state.busy = false
    h.pass('2027-01-01T04:00:00Z')
    expect(h.state.runs).toEqual(['2027-01-01T01:00', '2027-01-01T04:00'])
  })

  it('without an order nothing is begun, and that is said once until it changes', async () => {
    const h = await host('2027-01-01T00:00:00Z', ['interval', '1h'])
    h.state.order = false
    h.pass('2027-01-01T05:30:00Z')
    h.restart()
    h.pass('2027-01-01T07:30:00Z')
    const said = () => h.events().filter((event) => event === 'schedule-no-order').length
    expect(h.state.runs).toEqual([])
    expect(said()).toBe(1)
    expect(h.row()).toMatchObject({ lastOutcome: 'no-order', nextRun: Date.parse('2027-01-01T08:00:00Z') })
    h.state.order = true
    h.pass('2027-01-01T08:30:00Z')
    expect(h.state.runs).toEqual(['2027-01-01T08:00'])
    h.state.order = false
    h.pass('2027-01-01T10:30:00Z')
    expect(said()).toBe(2)
  })

  it('a clock that is set back neither silences a schedule nor repeats a run', async () => {
    const h = await host('2027-01-01T00:00:00Z', ['times', '03:00'])
    h.pass('2027-01-01T02:10:00Z') // 03:00 in Berlin
    expect(h.state.runs).toHaveLength(1)
    h.sleep('2027-01-01T01:50:00Z')
    h.pass('2027-01-01T05:00:00Z')
    expect(h.state.runs).toHaveLength(1)
    // it was wrong by years, forward and back: one run for the years, and then as if nothing had been
    h.sleep('2033-06-01T12:00:00Z')
    expect(h.state.runs).toHaveLength(2)
    expect(h.last()?.message).toMatch(/^1000 or more scheduled backups/)
    settleRun(store, h.sourceId, 'done', null)
    h.sleep('2027-01-01T06:00:00Z')
    expect(h.row()?.nextRun).toBe(Date.parse('2027-01-02T02:00:00Z'))
    h.pass('2027-01-03T03:00:00Z')
    expect(h.state.runs.slice(2)).toEqual(['2027-01-02T02:00', '2027-01-03T02:00'])
  })

  it('an interval that was set while the clock was years ahead is not silent for years', async () => {
    const h = await host('2040-01-01T00:00:00Z', ['interval', '6h'])
    h.sleep('2027-01-01T00:00:00Z')
    h.pass('2027-01-01T12:30:00Z')
    expect(h.state.runs).toEqual(['2027-01-01T06:00', '2027-01-01T12:00'])
  })

  it('a kill before the backup began: made up for at once; one after it ended: not run again', async () => {
    const h = await host('2027-01-01T00:00:00Z', ['interval', '6h'])
    h.sleep('2027-01-01T06:00:00Z')
    expect(h.row()?.lastOutcome).toBe('running')
    h.state.now += 60_000
    h.restart()
    expect(h.state.runs).toEqual(['2027-01-01T06:00', '2027-01-01T06:01'])
    expect(h.events()).toContain('schedule-caught-up')
    const job = { startedAt: h.state.now + 1, state: 'running' } as BackupJob
    h.state.job = job
    h.state.now += 60_000
    h.restart()
    expect(h.row()?.lastOutcome).toBe('running') // whoever goes on with the backup settles it
    h.state.job = { ...job, state: 'failed' }
    h.restart()
    expect(h.row()?.lastOutcome).toBe('failed')
    expect(h.state.runs).toHaveLength(2)
  })

  it('is set, changed, kept when set again, and goes with its source', async () => {
    const h = await host('2027-01-01T00:00:00Z', ['interval', '6h'])
    const before = h.row()
    h.state.now += HOUR
    h.set('interval', '6h')
    expect(h.row()).toEqual(before)
    h.set('cron', '0 3 * * *')
    expect(h.row()).toMatchObject({ rule: { kind: 'cron' }, nextRun: Date.parse('2027-01-01T02:00:00Z') })
    expect(() => h.set('cron', 'x')).toThrow(expect.objectContaining({ code: 'SCHEDULE_INVALID' }))
    expect(h.row()?.rule.spec).toBe('0 3 * * *')
    await h.sources.remove(h.sourceId)
    expect(h.row()).toBeNull()
    h.pass('2027-01-02T12:00:00Z')
    expect(h.state.runs).toEqual([])
  })
})
