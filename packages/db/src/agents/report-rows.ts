import type { Report, ReportOf } from '@dmc/core/dashboard/reports'
import type { NewChange } from '../changes/note-changes.ts'
import { plainText } from './plain-text.ts'

/** Who reports, as the database has it: rows get this owner, whatever a report says. */
export interface ReportedBy {
  agentId: string
  owner: string
  /** ISO time of the group. */
  now: string
}

/** A row as JSON, columns by their names; integers beyond 2^53 as decimal text. */
export type JsonRow = Record<string, unknown>

/** What the reports of a group come to: for each thing its newest state, so that every table is written once. */
export class ReportRows {
  /** By table, then by the row's key. */
  readonly upserts = {
    sources: new Map<string, JsonRow>(),
    sectors: new Map<string, JsonRow>(),
    snapshots: new Map<string, JsonRow>(),
    schedules: new Map<string, JsonRow>(),
    contracts: new Map<string, JsonRow>(),
    jobs: new Map<string, JsonRow>(),
    proofs: new Map<string, JsonRow>(),
    proof_days: new Map<string, JsonRow>(),
    answers: new Map<string, JsonRow>(),
  }
  /** Agent ids and what their hosts said of themselves last. */
  readonly hosts = new Map<string, JsonRow>()
  /** Snapshots that are forgotten. */
  readonly forgotten = new Map<string, JsonRow>()
  readonly journal: JsonRow[] = []
  readonly commands = new Map<string, JsonRow>()
  readonly changes = new Map<string, NewChange>()

  agentsOf(table: keyof ReportRows['upserts']): string[] {
    return [...new Set([...this.upserts[table].values()].map(({ agentId }) => String(agentId)))]
  }

  add(by: ReportedBy, sent: Report): void {
    const report = plainText(sent)
    switch (report.kind) {
      case 'host':
        this.#host(by, report)
        break
      case 'source':
        this.#source(by, report)
        break
      case 'sector':
        this.#sector(by, report)
        break
      case 'snapshot':
        this.#snapshot(by, report)
        break
      case 'contract':
        this.#contract(by, report)
        break
      case 'job':
        this.#job(by, report)
        break
      case 'journal':
        this.#journal(by, report)
        break
      case 'command':
        this.#command(by, report)
        break
      case 'proof':
        this.#proof(by, report)
        break
      case 'proofDay':
        this.#proofDay(by, report)
        break
      case 'answer':
        this.#answer(by, report)
        break
    }
  }

  #host(by: ReportedBy, report: ReportOf<'host'>): void {
    const { hostName, os, arch, version, roles } = report
    // the operator stays the one whose key was proven at pairing
    this.hosts.set(by.agentId, { hostName, os, arch, version, roles, state: report })
    this.#changed(by, 'agent', by.agentId)
  }

  #source(by: ReportedBy, report: ReportOf<'source'>): void {
    const { sourceId, name, path, state, bytes, files, orders } = report
    this.upserts.sources.set(keyOf(by.agentId, sourceId), {
      agentId: by.agentId,
      sourceId,
      owner: by.owner,
      name,
      path,
      state,
      bytes,
      files,
      orders,
      excludes: report.excludes,
      excluded: report.excluded,
      snapshots: int(report.snapshots),
      lastSnapshotAt: time(report.lastSnapshotMs),
      createdAt: by.now,
      updatedAt: by.now,
      removedAt: report.removed ? by.now : null,
    })
    this.#schedule(by, report)
    this.#changed(by, 'source', sourceId)
  }

  /** A row also without a rule: that nothing runs, and what is kept, is known then. */
  #schedule(by: ReportedBy, { sourceId, schedule, retention }: ReportOf<'source'>): void {
    this.upserts.schedules.set(keyOf(by.agentId, sourceId), {
      agentId: by.agentId,
      sourceId,
      owner: by.owner,
      kind: schedule?.rule.kind ?? 'off',
      spec: schedule?.rule.spec ?? '',
      timeZone: schedule?.rule.timeZone ?? '',
      enabled: schedule !== null,
      keepLast: retention?.last ?? null,
      keepDaily: retention?.daily ?? null,
      keepWeekly: retention?.weekly ?? null,
      keepMonthly: retention?.monthly ?? null,
      keepZone: retention?.timeZone ?? null,
      nextRunAt: time(schedule?.nextMs ?? null),
      lastRunAt: time(schedule?.lastMs ?? null),
      lastOutcome: schedule?.lastOutcome ?? null,
      lastNote: schedule?.lastNote ?? null,
      missedRuns: int(schedule?.missed ?? 0),
      updatedAt: by.now,
    })
  }

  #sector(by: ReportedBy, report: ReportOf<'sector'>): void {
    const { kind: _kind, sectorId, removed, orders, ...facts } = report
    this.upserts.sectors.set(keyOf(by.agentId, sectorId), {
      ...facts,
      agentId: by.agentId,
      sectorId,
      owner: by.owner,
      orders: int(orders),
      createdAt: by.now,
      updatedAt: by.now,
      removedAt: removed ? by.now : null,
    })
    this.#changed(by, 'sector', sectorId)
  }

  #snapshot(by: ReportedBy, report: ReportOf<'snapshot'>): void {
    const { sourceId, snapshotId, takenMs, unreadable, orders, files, bytes, addedBytes, partial } = report
    const key = keyOf(by.agentId, sourceId, snapshotId)
    this.#changed(by, 'source', sourceId)
    if (report.forgotten) {
      this.forgotten.set(key, { agentId: by.agentId, sourceId, snapshotId })
      return
    }
    this.forgotten.delete(key)
    this.upserts.snapshots.set(key, {
      agentId: by.agentId,
      sourceId,
      snapshotId,
      owner: by.owner,
      takenAt: time(takenMs),
      files,
      bytes,
      addedBytes,
      partial,
      unreadable: int(unreadable),
      orders,
      durable: orders.length > 0,
      forgotten: false,
    })
  }

  #contract(by: ReportedBy, report: ReportOf<'contract'>): void {
    const { kind: _kind, ...facts } = report
    this.upserts.contracts.set(keyOf(by.agentId, String(facts.orderId)), {
      ...facts,
      agentId: by.agentId,
      owner: by.owner,
      updatedAt: by.now,
    })
    this.#changed(by, 'contract', String(facts.orderId))
  }

  #job(by: ReportedBy, report: ReportOf<'job'>): void {
    const { jobId, subject, state, stage, sourceId, commandId, done, total, rate, note } = report
    const key = keyOf(by.agentId, jobId)
    const before = this.upserts.jobs.get(key)
    this.upserts.jobs.set(key, {
      agentId: by.agentId,
      jobId,
      owner: by.owner,
      kind: report.job,
      subject,
      state,
      stage,
      sourceId,
      commandId,
      done,
      total,
      rate,
      note,
      // what was said of the end stays until something else is
      result: report.result ?? before?.result ?? null,
      error: report.error ?? before?.error ?? null,
      startedAt: time(report.startedMs),
      finishedAt: time(report.finishedMs),
      updatedAt: by.now,
    })
    this.#changed(by, 'job', jobId)
  }

  #journal(by: ReportedBy, report: ReportOf<'journal'>): void {
    const { entry, timeMs, level, event, subject, message, data } = report
    this.journal.push({
      owner: by.owner,
      agentId: by.agentId,
      seq: entry,
      time: time(timeMs),
      level,
      event,
      subject,
      message,
      data,
    })
    this.#changed(by, 'journal', '')
  }

  #command(by: ReportedBy, report: ReportOf<'command'>): void {
    const { commandId, state, result, error } = report
    const key = keyOf(by.agentId, String(commandId))
    // a command ends once
    if (!this.commands.has(key)) {
      this.commands.set(key, { agentId: by.agentId, id: commandId, state, result, error })
    }
    this.#changed(by, 'command', String(commandId))
  }

  #proof(by: ReportedBy, report: ReportOf<'proof'>): void {
    const { orderId, role, lastOutcome, policy, escalation, removed } = report
    this.upserts.proofs.set(keyOf(by.agentId, String(orderId)), {
      agentId: by.agentId,
      orderId,
      owner: by.owner,
      role,
      checksPerDay: int(report.checksPerDay),
      leavesPerCheck: int(report.leavesPerCheck),
      lastProvenAt: time(report.lastProvenMs),
      lastOutcome,
      lastAt: time(report.lastMs),
      lastLatencyMs: intOrNull(report.lastLatencyMs),
      nextAt: time(report.nextMs),
      probesLeft: int(report.probesLeft),
      policy,
      escalation,
      removed,
      updatedAt: by.now,
    })
    this.#changed(by, 'proof', String(orderId))
  }

  #proofDay(by: ReportedBy, report: ReportOf<'proofDay'>): void {
    const { orderId, leaves, bytes } = report
    const day = int(report.day)
    this.upserts.proof_days.set(keyOf(by.agentId, String(orderId), String(day)), {
      agentId: by.agentId,
      orderId,
      day,
      owner: by.owner,
      passed: int(report.passed),
      wrong: int(report.wrong),
      refused: int(report.refused),
      offline: int(report.offline),
      unknown: int(report.unknown),
      leaves,
      bytes,
      medianMs: intOrNull(report.medianMs),
      maxMs: intOrNull(report.maxMs),
    })
    this.#changed(by, 'proof', String(orderId))
  }

  #answer(by: ReportedBy, report: ReportOf<'answer'>): void {
    const { orderId, leaf, deadline, state, hash, error } = report
    this.upserts.answers.set(keyOf(by.agentId, String(orderId), String(leaf)), {
      agentId: by.agentId,
      orderId,
      leaf,
      owner: by.owner,
      deadline,
      state,
      attempts: int(report.attempts),
      hash,
      error,
      updatedAt: time(report.updatedMs),
    })
    this.#changed(by, 'answer', String(orderId))
  }

  #changed({ owner }: ReportedBy, topic: string, key: string): void {
    this.changes.set(keyOf(owner, topic, key), { owner, topic, key })
  }
}

/** JSON with its bigints as decimal text. */
export const jsonText = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? inner.toString() : inner))

const keyOf = (...parts: string[]): string => JSON.stringify(parts)

/** The last millisecond that is written with four digits of year. */
const LATEST_MS = 253_402_300_799_999

/** A host's clock may say anything: what no column holds must not stand before all its other reports for ever. */
const time = (ms: number | null): string | null =>
  ms === null ? null : new Date(Math.min(ms, LATEST_MS)).toISOString()

const int = (count: number): number => Math.min(count, 2 ** 31 - 1)

const intOrNull = (count: number | null): number | null => (count === null ? null : int(count))
