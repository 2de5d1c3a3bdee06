import { randomUUID } from 'node:crypto'
import { JOB_STATES, type Report } from '@dmc/core/dashboard/reports'
import { addNonce, takeNonce } from '@dmc/db/account/nonces'
import { countAttempt } from '@dmc/db/account/rate-limit'
import { addSession, deleteSession, findSession } from '@dmc/db/account/sessions'
import {
  addCommand,
  COMMANDS_CHANNEL,
  expireCommands,
  noteTaken,
  queuedCommands,
} from '@dmc/db/agents/commands'
import { readChanges } from '@dmc/db/changes/read-changes'
import type { Database } from '@dmc/db/open-database'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ENGINES, useDatabases } from '../../test/databases.ts'
import * as enums from '../generated/enums.ts'
import { touchConnections } from './agents.ts'
import { applyReports } from './apply-reports.ts'
import { noteConnected, noteDisconnected } from './connection-marks.ts'
import {
  listAnswers,
  listJournal,
  listProofDays,
  listProofs,
  listSchedules,
  listSnapshots,
  listSources,
} from './reported.ts'

const OWNER = '0x90F79bf6EB2c4f870365E785982E1f101E93b906'
const EPOCH = 'ab'.repeat(16)

it('the states of a job are written once: the database has the ones of core', () => {
  expect(Object.keys(enums.JobState)).toEqual([...JOB_STATES])
})

describe.each(ENGINES)('accounts and agents on %s', (engine) => {
  const databases = useDatabases(engine)
  let db: Database
  let agentId = ''
  const now = () => new Date()
  const soon = () => new Date(Date.now() + 60_000)

  beforeAll(async () => {
    db = await databases.open()
  })

  beforeEach(async () => {
    agentId = randomUUID()
    await db.prisma.agent.create({
      data: {
        id: agentId,
        owner: OWNER,
        identity: agentId,
        operator: OWNER,
        name: 'host',
        hostName: 'host',
        os: 'Linux',
        arch: 'x64',
        version: '1',
        roles: [],
      },
    })
  })

  const apply = (reports: [number, Report][], epoch = EPOCH) =>
    applyReports(db, {
      agentId,
      owner: OWNER,
      epoch,
      now: now(),
      reports: reports.map(([seq, report]) => ({ seq: BigInt(seq), report })),
    })

  const source = (name: string, bytes = 1n): Report => ({
    kind: 'source',
    sourceId: 's1',
    name,
    path: '/home',
    state: 'ready',
    files: 1,
    bytes,
    orders: [2n ** 62n],
    snapshots: 0,
    lastSnapshotMs: null,
    excludes: ['*.tmp'],
    excluded: 3,
    schedule: {
      rule: { kind: 'cron', spec: '0 3 * * *', timeZone: 'Europe/Berlin' },
      nextMs: 2_000_000_000_000,
      lastMs: 1_900_000_000_000,
      lastOutcome: 'partial',
      lastNote: null,
      missed: 2,
    },
    retention: { last: 3, weekly: 2, timeZone: 'UTC' },
    removed: false,
  })

  const entry = (seq: number, message = `entry ${seq}`): Report => ({
    kind: 'journal',
    entry: seq,
    timeMs: Date.now(),
    level: 'info',
    event: 'x',
    subject: '',
    message,
    data: {},
  })

  it('a report once replaced the operator key that the host had proven at pairing', async () => {
    const other = `0x${'99'.repeat(20)}` as const
    const report = {
      kind: 'host',
      hostName: 'renamed',
      os: 'Linux',
      arch: 'x64',
      version: '2',
      roles: ['user'],
      operator: { address: other, scopes: [], expiresAt: 0n, gasWei: 0n },
    } as unknown as Report
    await apply([[1, report]])
    const row = await db.prisma.agent.findUniqueOrThrow({ where: { id: agentId } })
    expect(row).toMatchObject({ operator: OWNER, hostName: 'renamed' })
  })

  const numbered = (n: number): Report =>
    ({ ...(source(`name ${n}`) as object), sourceId: `s${n}` }) as Report
  const sector = (n: number): Report => ({
    kind: 'sector',
    sectorId: `d${n}`,
    path: '/disk',
    state: 'registered',
    size: 1n,
    used: 0n,
    free: 1n,
    diskFree: null,
    mounted: true,
    bills: [],
    orders: 0,
    removed: false,
  })
  const job = (n: number): Report => ({
    kind: 'job',
    jobId: `j${n}`,
    job: 'backup',
    subject: 'x',
    state: 'done',
    stage: 'done',
    sourceId: null,
    commandId: null,
    done: 1n,
    total: 1n,
    rate: null,
    note: null,
    result: null,
    error: null,
    startedMs: 1_700_000_000_000 + n,
    updatedMs: 1_700_000_000_000 + n,
    finishedMs: null,
  })
  let sent = 0
  const flood = async (count: number, make: (n: number) => Report) => {
    let last: Awaited<ReturnType<typeof apply>> = null
    for (let n = 0; n < count; n += 64) {
      const batch = Array.from({ length: Math.min(64, count - n) }, (_, i) => make(n + i))
      last = await apply(batch.map((report) => [++sent, report]))
    }
    return last
  }

  it('a host that reports sources, sectors and jobs without end has a thousand of each here', async () => {
    const where = { agentId }
    expect(await flood(1_100, numbered)).toMatchObject({ full: ['source'], lastSeq: BigInt(sent) })
    expect(await db.prisma.source.count({ where })).toBe(1_000)
    // those that are there are still told of, and one that was removed makes room
    expect(await apply([[++sent, { ...numbered(5), bytes: 77n } as Report]])).not.toHaveProperty('full')
    const kept = { agentId_sourceId: { agentId, sourceId: 's5' } }
    expect((await db.prisma.source.findUnique({ where: kept }))?.bytes).toBe(77n)
    await apply([[++sent, { ...numbered(6), removed: true } as Report]])
    expect(await apply([[++sent, numbered(5_000)]])).not.toHaveProperty('full')
    expect(await db.prisma.source.count({ where })).toBe(1_000)
    expect(await flood(1_100, sector)).toMatchObject({ full: ['sector'] })
    expect(await db.prisma.sector.count({ where })).toBe(1_000)
    // of jobs the oldest go
    await flood(1_100, job)
    expect(await db.prisma.job.count({ where })).toBe(1_000)
    expect(await db.prisma.job.count({ where: { ...where, jobId: 'j1099' } })).toBe(1)
    expect(await db.prisma.job.count({ where: { ...where, jobId: 'j0' } })).toBe(0)
    await db.prisma.agent.delete({ where: { id: agentId } })
  })

  it('a journal without end is a ring', async () => {
    await db.prisma.journalEntry.createMany({
      data: Array.from({ length: 20_400 }, (_, n) => ({
        owner: OWNER,
        agentId,
        seq: BigInt(n),
        time: now(),
        level: 'info' as const,
        event: 'x',
        subject: '',
        message: 'm',
        data: {},
      })),
    })
    await flood(1_200, (n) => entry(30_000 + n))
    const count = await db.prisma.journalEntry.count({ where: { agentId } })
    expect(count).toBeGreaterThanOrEqual(20_000)
    expect(count).toBeLessThanOrEqual(20_564)
    const newest = await db.prisma.journalEntry.findFirst({ where: { agentId }, orderBy: { id: 'desc' } })
    expect(newest?.seq).toBe(31_199n)
    await db.prisma.journalEntry.deleteMany({ where: { agentId } })
  })

  it('a host that begins anew with each report is told to stop, and nothing of it is written', async () => {
    const epoch = (n: number) => n.toString(16).padStart(32, '0')
    for (let n = 0; n < 5; n++) await apply([[1, entry(n)]], epoch(n))
    await expect(apply([[1, entry(99)]], epoch(99))).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
    expect(await db.prisma.journalEntry.count({ where: { agentId } })).toBe(5)
    // the store that it has goes on
    expect(await apply([[2, entry(100)]], epoch(4))).toMatchObject({ applied: 1 })
  })

  it('a source brings its schedule and what is kept; a forgotten snapshot is listed no more', async () => {
    const snapshot = (forgotten: boolean): Report => ({
      kind: 'snapshot',
      sourceId: 's1',
      snapshotId: 'a1',
      takenMs: 1_900_000_000_000,
      files: 7n,
      bytes: 70n,
      addedBytes: 70n,
      partial: false,
      unreadable: 0,
      orders: [1n],
      forgotten,
    })
    await apply([
      [1, source('with a schedule')],
      [2, snapshot(false)],
    ])
    const of = { owner: OWNER, agentId, sourceId: 's1' }
    expect(await listSchedules(db, of)).toMatchObject([
      {
        kind: 'cron',
        spec: '0 3 * * *',
        timeZone: 'Europe/Berlin',
        enabled: true,
        keepLast: 3,
        keepDaily: null,
        keepWeekly: 2,
        keepZone: 'UTC',
        nextRunAt: new Date(2_000_000_000_000),
        lastOutcome: 'partial',
        missedRuns: 2,
      },
    ])
    expect(await listSnapshots(db, of)).toHaveLength(1)
    await apply([
      [3, { ...source('by hand'), schedule: null, retention: null } as Report],
      [4, snapshot(true)],
    ])
    expect(await listSchedules(db, of)).toMatchObject([
      { kind: 'off', enabled: false, nextRunAt: null, keepLast: null, keepZone: null },
    ])
    expect(await listSnapshots(db, of)).toEqual([])
    const row = await db.prisma.snapshot.findFirstOrThrow({ where: { agentId, snapshotId: 'a1' } })
    expect(row).toMatchObject({ forgotten: true, files: 7n, takenAt: new Date(1_900_000_000_000) })
  })

  const proof = (orderId: bigint, more: object = {}): Report =>
    ({
      kind: 'proof',
      orderId,
      role: 'user',
      checksPerDay: 24,
      leavesPerCheck: 20,
      lastProvenMs: 1_900_000_000_000,
      lastOutcome: 'passed',
      lastMs: 1_900_000_000_000,
      lastLatencyMs: 12,
      nextMs: 1_900_003_600_000,
      probesLeft: 30,
      policy: 'ask',
      escalation: null,
      removed: false,
      ...more,
    }) as Report
  const proofDay = (orderId: bigint, day: number, more: object = {}): Report =>
    ({
      kind: 'proofDay',
      orderId,
      day,
      passed: 23,
      wrong: 0,
      refused: 0,
      offline: 1,
      unknown: 0,
      leaves: 460,
      bytes: 471_040n,
      medianMs: 11,
      maxMs: 90,
      ...more,
    }) as Report
  const answer = (orderId: bigint, leaf: bigint, more: object = {}): Report =>
    ({
      kind: 'answer',
      orderId,
      leaf,
      deadline: 1_900_000_000n,
      state: 'waiting',
      attempts: 0,
      hash: null,
      error: null,
      updatedMs: 1_800_000_000_000,
      ...more,
    }) as Report

  it('an order is proven by hosts of its owner: the newest state of each, the days of all of them together', async () => {
    const orderId = 2n ** 61n
    const escalation = { state: 'asking', leaf: 7n, sinceMs: 5, rechecks: 3, reason: 'wrong leaf' }
    await apply([
      [1, proof(orderId)],
      [2, proof(orderId, { lastOutcome: 'wrong', escalation, probesLeft: Number.MAX_SAFE_INTEGER })],
      [3, proofDay(orderId, 20_000)],
      [4, proofDay(orderId, 20_001)],
      [5, proofDay(orderId, 20_001, { passed: 24, wrong: 2, medianMs: null })],
    ])
    const watcher = await newAgent()
    await reportOf(watcher, [
      [1, proof(orderId, { role: 'watcher' })],
      [2, proofDay(orderId, 20_001, { passed: 3, offline: 0 })],
    ])
    const of = { owner: OWNER, orderIds: [orderId] }
    const rows = await listProofs(db, of)
    expect(rows).toHaveLength(2)
    expect(rows.find((row) => row.agentId === agentId)).toMatchObject({
      role: 'user',
      lastOutcome: 'wrong',
      lastProvenAt: new Date(1_900_000_000_000),
      probesLeft: 2 ** 31 - 1,
      escalation: { ...escalation, leaf: '7' },
    })
    expect(rows.find((row) => row.agentId === watcher)).toMatchObject({ role: 'watcher', escalation: null })
    expect(await listProofDays(db, { ...of, since: 20_001 })).toEqual([
      {
        orderId,
        day: 20_001,
        passed: 27,
        wrong: 2,
        refused: 0,
        offline: 1,
        unknown: 0,
        medianMs: 11,
        maxMs: 90,
      },
    ])
    // nobody else sees them, and what is over is listed no more
    expect(await listProofs(db, { owner: '0x0' })).toEqual([])
    expect(await listProofDays(db, { owner: '0x0', since: 0 })).toEqual([])
    await apply([[6, proof(orderId, { removed: true })]])
    expect((await listProofs(db, of)).map((row) => row.agentId)).toEqual([watcher])
  })

  it('of a challenge the miner’s newest word is kept, by order and leaf', async () => {
    const error = { code: 'GAS_LOW', message: 'The operator key has no gas.', hint: 'Send it some.' }
    await apply([
      [1, answer(9n, 1n)],
      [2, answer(9n, 2n, { state: 'failed', attempts: 3, error })],
      [3, answer(9n, 1n, { state: 'sent', attempts: 1, hash: `0x${'ab'.repeat(32)}` })],
    ])
    const rows = (await listAnswers(db, { owner: OWNER })).filter((row) => row.agentId === agentId)
    expect(rows).toHaveLength(2)
    expect(rows.find((row) => row.leaf === 1n)).toMatchObject({
      state: 'sent',
      attempts: 1,
      hash: `0x${'ab'.repeat(32)}`,
      deadline: 1_900_000_000n,
      updatedAt: new Date(1_800_000_000_000),
    })
    expect(rows.find((row) => row.leaf === 2n)).toMatchObject({ state: 'failed', error })
    expect(await listAnswers(db, { owner: '0x0' })).toEqual([])
    const { last } = await readChanges(db.prisma, { since: 0n, owner: OWNER, limit: 100_000 })
    await apply([
      [4, answer(9n, 1n, { state: 'confirmed' })],
      [5, proof(9n)],
      [6, proofDay(9n, 1)],
    ])
    const mine = await readChanges(db.prisma, { since: last, owner: OWNER })
    expect(mine.changes.map(({ topic, key }) => `${topic}:${key}`).sort()).toEqual(['answer:9', 'proof:9'])
  })

  it('a host that reports proofs, days and answers without end has as many as there may be', async () => {
    sent = 0
    const where = { agentId }
    await db.prisma.proof.createMany({
      data: Array.from({ length: 9_990 }, (_, n) => ({
        agentId,
        owner: OWNER,
        orderId: BigInt(n),
        role: 'user',
        checksPerDay: 24,
        leavesPerCheck: 20,
        probesLeft: 0,
        policy: 'ask',
        removed: n === 0,
      })),
    })
    expect(await flood(20, (n) => proof(BigInt(20_000 + n)))).toMatchObject({ full: ['proof'] })
    // the one that is over made room
    expect(await db.prisma.proof.count({ where })).toBe(10_000)
    expect(await db.prisma.proof.count({ where: { ...where, orderId: 0n } })).toBe(0)
    expect(await apply([[++sent, proof(5n, { probesLeft: 4 })]])).not.toHaveProperty('full')
    // of challenges those that ended first go
    await flood(1_100, (n) => answer(1n, BigInt(n), { deadline: BigInt(n) }))
    expect(await db.prisma.answer.count({ where })).toBe(1_000)
    expect(await db.prisma.answer.count({ where: { ...where, leaf: 99n } })).toBe(0)
    // and of days the oldest
    const one = { agentId, owner: OWNER, passed: 1, wrong: 0, refused: 0, offline: 0, unknown: 0 }
    for (let from = 0; from < 40_500; from += 5_000) {
      await db.prisma.proofDay.createMany({
        data: Array.from({ length: Math.min(5_000, 40_500 - from) }, (_, n) => ({
          ...one,
          orderId: 1n,
          day: from + n,
          leaves: 1n,
          bytes: 1n,
        })),
      })
    }
    await flood(1_100, (n) => proofDay(1n, 200_000 + n))
    const days = await db.prisma.proofDay.count({ where })
    expect(days).toBeGreaterThanOrEqual(40_000)
    expect(days).toBeLessThanOrEqual(41_064)
    expect(await db.prisma.proofDay.count({ where: { ...where, day: 0 } })).toBe(0)
    await db.prisma.agent.delete({ where: { id: agentId } })
    expect(await db.prisma.proofDay.count({ where })).toBe(0)
  })

  it('of ten who bring one nonce one gets it', async () => {
    const nonce = randomUUID()
    await addNonce(db, { nonce, kind: 'siwe', expiresAt: soon() })
    expect(await takeNonce(db, { nonce, kind: 'agent' })).toBeNull()
    const taken = await Promise.all(Array.from({ length: 10 }, () => takeNonce(db, { nonce, kind: 'siwe' })))
    expect(taken.filter((one) => one !== null)).toHaveLength(1)
    expect(taken.find((one) => one !== null)?.expiresAt).toBeInstanceOf(Date)
  })

  it('a session is there until it expires or is deleted', async () => {
    const idHash = randomUUID()
    await addSession(db, { idHash, address: OWNER, expiresAt: soon(), browser: null, now: now() })
    expect(await findSession(db, idHash, now())).toMatchObject({ address: OWNER })
    expect(await findSession(db, idHash, new Date(Date.now() + 120_000))).toBeNull()
    expect(await deleteSession(db, idHash)).toBe(true)
    expect(await findSession(db, idHash, now())).toBeNull()
  })

  it('counts attempts of all at once, and begins anew after the window', async () => {
    const key = randomUUID()
    const counts = await Promise.all(
      Array.from({ length: 10 }, () => countAttempt(db, { key, windowMs: 60_000, now: now() })),
    )
    expect(counts.map(({ count }) => count).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    const later = new Date(Date.now() + 61_000)
    expect((await countAttempt(db, { key, windowMs: 60_000, now: later })).count).toBe(1)
  })

  it('reports are applied once, in their order, however often and however mixed they come', async () => {
    expect(
      await apply([
        [1, source('one')],
        [2, entry(1)],
        [3, source('two')],
      ]),
    ).toEqual({ lastSeq: 3n, applied: 3 })
    expect(
      await apply([
        [1, source('one')],
        [2, entry(1)],
        [3, source('two')],
      ]),
    ).toEqual({ lastSeq: 3n, applied: 0 })
    expect(
      await apply([
        [5, source('four', 2n ** 62n)],
        [4, source('three')],
        [2, entry(1, 'forged')],
      ]),
    ).toEqual({
      lastSeq: 5n,
      applied: 2,
    })
    const rows = (await listSources(db, { owner: OWNER })).filter((row) => row.agentId === agentId)
    expect(rows).toMatchObject([{ name: 'four', bytes: 2n ** 62n, orders: [String(2n ** 62n)] }])
    const journal = await listJournal(db, { owner: OWNER, agentId, limit: 10 })
    expect(journal.map(({ message }) => message)).toEqual(['entry 1'])
  })

  it('the same batch from two connections at once is applied once', async () => {
    const batch: [number, Report][] = Array.from({ length: 20 }, (_, i) => [i + 1, entry(i + 1)])
    const results = await Promise.all([apply(batch), apply(batch), apply(batch)])
    expect(results.map((result) => result?.applied).sort()).toEqual([0, 0, 20])
    expect(await listJournal(db, { owner: OWNER, agentId, limit: 50 })).toHaveLength(20)
  })

  const newAgent = async () => {
    const id = randomUUID()
    await db.prisma.agent.create({
      data: {
        id,
        owner: OWNER,
        identity: id,
        operator: OWNER,
        name: 'host',
        hostName: 'host',
        os: 'Linux',
        arch: 'x64',
        version: '1',
        roles: [],
      },
    })
    return id
  }
  const reportOf = (id: string, reports: [number, Report][], owner: string = OWNER) =>
    applyReports(db, {
      agentId: id,
      owner,
      epoch: EPOCH,
      now: now(),
      reports: reports.map(([seq, report]) => ({ seq: BigInt(seq), report })),
    })

  it('forty agents at once: each is answered for itself, and what one says is on no other’s rows', async () => {
    const ids = await Promise.all(Array.from({ length: 40 }, newAgent))
    const results = await Promise.all(
      ids.map((id, i) =>
        reportOf(id, [
          [1, source(`of ${i}`)],
          [2, entry(1, `from ${i}`)],
          [3, { ...source(`of ${i}, later`), sourceId: 's2' } as Report],
        ]),
      ),
    )
    expect(results).toEqual(ids.map(() => ({ lastSeq: 3n, applied: 3 })))
    for (const [i, id] of ids.entries()) {
      const names = (await listSources(db, { owner: OWNER, agentId: id })).map(({ name }) => name)
      expect(names.sort()).toEqual([`of ${i}`, `of ${i}, later`])
      const journal = await listJournal(db, { owner: OWNER, agentId: id, limit: 10 })
      expect(journal.map(({ message }) => message)).toEqual([`from ${i}`])
    }
  })

  it('one report that the database can’t take fails alone: those that came with it are kept', async () => {
    const ids = await Promise.all(Array.from({ length: 9 }, newAgent))
    const results = await Promise.allSettled(
      ids.map((id, i) =>
        reportOf(id, [
          [1, source('before')],
          [
            2,
            i === 4 ? ({ ...source('bad'), state: 'no such state' } as unknown as Report) : source('after'),
          ],
        ]),
      ),
    )
    expect(results.map(({ status }) => status === 'fulfilled')).toEqual(ids.map((_, i) => i !== 4))
    for (const [i, id] of ids.entries()) {
      const rows = await listSources(db, { owner: OWNER, agentId: id })
      expect(rows.map(({ name }) => name)).toEqual(i === 4 ? [] : ['after'])
    }
    // its number did not move either: what it says next is taken
    expect(await reportOf(ids[4] ?? '', [[1, source('again')]])).toEqual({ lastSeq: 1n, applied: 1 })
  })

  it('an agent that was paired anew under another wallet writes nothing over its old connection', async () => {
    expect(await reportOf(agentId, [[1, source('stolen')]], `0x${'77'.repeat(20)}`)).toBeNull()
    expect(await listSources(db, { owner: OWNER, agentId })).toEqual([])
    expect(await reportOf(agentId, [[1, source('own')]], OWNER.toLowerCase())).toMatchObject({ applied: 1 })
    expect(await listSources(db, { owner: OWNER, agentId })).toHaveLength(1)
  })

  it('clocks and counts beyond what a column holds do not stand before an agent’s other reports', async () => {
    const most = Number.MAX_SAFE_INTEGER
    const odd = { ...source('odd'), snapshots: most, lastSnapshotMs: most } as Report
    expect(
      await apply([
        [1, odd],
        [2, { ...entry(1), timeMs: most } as Report],
      ]),
    ).toEqual({ lastSeq: 2n, applied: 2 })
    const [row] = await listSources(db, { owner: OWNER, agentId })
    expect(row?.snapshots).toBe(2 ** 31 - 1)
    expect(row?.lastSnapshotAt?.getUTCFullYear()).toBe(9999)
  })

  it('of one job the newest state is kept, with what was once said of its end', async () => {
    const job = (done: bigint, end: Partial<Report> = {}): Report =>
      ({
        kind: 'job',
        jobId: 'j1',
        job: 'restore',
        subject: 'photos',
        state: 'running',
        stage: 'read',
        sourceId: null,
        commandId: null,
        done,
        total: 9n,
        rate: 1.5,
        note: null,
        result: null,
        error: null,
        startedMs: 1,
        updatedMs: 1,
        finishedMs: null,
        ...end,
      }) as Report
    await apply([
      [1, job(1n)],
      [2, job(2n, { result: { target: '/x' } } as Partial<Report>)],
      [3, job(3n)],
    ])
    const read = () => db.prisma.job.findUniqueOrThrow({ where: { agentId_jobId: { agentId, jobId: 'j1' } } })
    expect(await read()).toMatchObject({ done: 3n, rate: 1.5, result: { target: '/x' }, error: null })
    await apply([[4, job(4n, { state: 'done' } as Partial<Report>)]])
    expect(await read()).toMatchObject({ done: 4n, state: 'done', result: { target: '/x' } })
  })

  it('only the connection that is current takes its mark away, however many come and go at once', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, newAgent))
    const mark = (id: string, instance: string) => ({ agentId: id, owner: OWNER, instance, now: now() })
    await Promise.all(ids.map((id) => noteConnected(db, mark(id, `old ${id}`))))
    await Promise.all(
      ids.flatMap((id) => [
        noteConnected(db, mark(id, `new ${id}`)),
        noteDisconnected(db, mark(id, `old ${id}`)),
      ]),
    )
    const rows = await db.prisma.agent.findMany({ where: { id: { in: ids } } })
    expect(rows.map(({ id, instance }) => instance === `new ${id}`)).toEqual(ids.map(() => true))
    await touchConnections(db, { instances: ids.map((id) => `new ${id}`), now: new Date(0) })
    expect(await db.prisma.agent.count({ where: { id: { in: ids }, lastSeenAt: new Date(0) } })).toBe(20)
    await Promise.all(ids.map((id) => noteDisconnected(db, mark(id, `new ${id}`))))
    expect(await db.prisma.agent.count({ where: { id: { in: ids }, connectedAt: null } })).toBe(20)
  })

  it('another store of the agent begins at one again, and its journal is added to the old one', async () => {
    await apply([[7, entry(1, 'before')]])
    expect(await apply([[1, entry(1, 'after')]], 'cd'.repeat(16))).toEqual({ lastSeq: 1n, applied: 1 })
    const messages = (await listJournal(db, { owner: OWNER, agentId, limit: 10 })).map(
      ({ message }) => message,
    )
    expect(messages.sort()).toEqual(['after', 'before'])
  })

  it('takes hostile text as text', async () => {
    const evil = `<script>alert(1)</script>\u0000 ' OR 1=1; DROP TABLE agents; -- \u202e\ud800`
    await apply([
      [1, { ...entry(1, evil), data: { path: 'a\u0000b' } } as Report],
      [2, { ...source('x'), kind: 'source', name: "'; DROP TABLE sources; --" } as Report],
    ])
    const [kept] = await listJournal(db, { owner: OWNER, agentId, limit: 1 })
    expect(kept?.message).toContain('<script>alert(1)</script>')
    expect(kept?.message).toContain("' OR 1=1")
    expect(kept?.data).toEqual({ path: 'a\uFFFDb' })
  })

  it('says what changed, to its owner', async () => {
    const { last } = await readChanges(db.prisma, { since: 0n, owner: OWNER, limit: 100_000 })
    await apply([
      [1, source('one')],
      [2, source('two')],
      [3, entry(1)],
    ])
    const mine = await readChanges(db.prisma, { since: last, owner: OWNER })
    expect(mine.changes.map(({ topic, key }) => `${topic}:${key}`).sort()).toEqual(['journal:', 'source:s1'])
    expect((await readChanges(db.prisma, { since: last, owner: '0x0' })).changes).toEqual([])
  })

  it('a revoked agent reports nothing', async () => {
    await db.prisma.agent.update({ where: { id: agentId }, data: { revokedAt: now() } })
    expect(await apply([[1, source('one')]])).toBeNull()
  })

  it('a command waits until the agent has it; asked for twice it is one; a hundred are enough', async () => {
    const rung: (string | null)[] = []
    const stop = await db.listen(COMMANDS_CHANNEL, (id) => rung.push(id))
    const give = (requestKey: string) =>
      addCommand(db, {
        agentId,
        kind: 'source.add',
        args: { path: '/x' },
        requestKey,
        createdBy: OWNER,
        expiresAt: soon(),
      })
    const first = await give('one')
    expect(await give('one')).toEqual(first)
    const second = await give('two')
    expect((await queuedCommands(db, agentId, now())).map(({ id }) => id)).toEqual([first?.id, second?.id])
    await noteTaken(db, { agentId: randomUUID(), commandIds: [first?.id ?? 0n], now: now() })
    expect(await queuedCommands(db, agentId, now())).toHaveLength(2)
    await noteTaken(db, { agentId, commandIds: [first?.id ?? 0n], now: now() })
    expect((await queuedCommands(db, agentId, now())).map(({ id }) => id)).toEqual([second?.id])
    for (let i = 0; i < 98; i++) await give(`more ${i}`)
    expect(await give('too many')).toBeNull()
    await apply([
      [
        1,
        {
          kind: 'command',
          commandId: second?.id ?? 0n,
          state: 'done',
          result: { sourceId: 'x' },
          error: null,
        },
      ],
    ])
    expect(await db.prisma.command.findUnique({ where: { id: second?.id ?? 0n } })).toMatchObject({
      state: 'done',
      result: { sourceId: 'x' },
    })
    await expireCommands(db, new Date(Date.now() + 120_000))
    expect(await queuedCommands(db, agentId, now())).toEqual([])
    for (let i = 0; i < 100 && !rung.includes(agentId); i++) await new Promise((go) => setTimeout(go, 10))
    expect(rung).toContain(agentId)
    await stop()
  })

  it('an agent ends its own commands only', async () => {
    const command = await addCommand(db, {
      agentId,
      kind: 'x',
      args: {},
      requestKey: 'x',
      createdBy: OWNER,
      expiresAt: soon(),
    })
    const mine = agentId
    agentId = randomUUID()
    await db.prisma.agent.create({
      data: {
        id: agentId,
        owner: OWNER,
        identity: agentId,
        operator: OWNER,
        name: 'h',
        hostName: 'h',
        os: 'x',
        arch: 'x',
        version: '1',
        roles: [],
      },
    })
    await apply([
      [1, { kind: 'command', commandId: command?.id ?? 0n, state: 'done', result: null, error: null }],
    ])
    expect(await queuedCommands(db, mine, now())).toHaveLength(1)
  })
})
