import { hostname, release, type } from 'node:os'
import { reading } from '@dmc/core/chain/chain-error'
import type { Report, ReportOf } from '@dmc/core/dashboard/reports'
import { reviveError, toDmcError } from '@dmc/core/errors/to-dmc-error'
import type { AgentContext } from '../agent-context.ts'
import { listAnswers } from '../answer/answer-rows.ts'
import { listBackupJobs } from '../contract/backup-jobs.ts'
import { listContracts } from '../contract/contract-rows.ts'
import { agentVersion } from '../control/version.ts'
import { ownerOf } from '../rows/owner-of.ts'
import { sectorRow } from '../rows/sector-row.ts'
import { sourceRow } from '../rows/source-row.ts'
import { walletInfo } from '../rows/wallet-info.ts'
import type { JournalEntry } from '../store/journal.ts'
import type { Outbox } from './outbox.ts'
import { proofGone, proofReports } from './proof-reports.ts'
import type { Roots } from './roots.ts'

/** How often is looked at what runs, at what stands, and at the host with its key on chain. */
const RUNNING_MS = 500
const STANDING_MS = 15_000
const HOST_MS = 10_000

/** Looks at this host's own records and puts what has changed into the outbox; also while the dashboard is away. */
export class Reporter {
  readonly #ctx: AgentContext
  readonly #outbox: Outbox
  readonly #roots: Roots
  readonly #rates = new Map<string, { done: number; at: number; rate: number }>()
  readonly #stop: () => void
  #dirty = true
  #standingAt = 0
  #hostAt = 0
  #seen = { sources: new Set<string>(), sectors: new Set<string>() }
  #working: Promise<void> = Promise.resolve()

  constructor(ctx: AgentContext, outbox: Outbox, roots: Roots) {
    this.#ctx = ctx
    this.#outbox = outbox
    this.#roots = roots
    // every act of the services leaves an entry: the things themselves are looked at again after it
    const stopListening = ctx.journal.onEntry(() => {
      this.#dirty = true
    })
    const timer = setInterval(() => {
      this.#working = this.#working.then(() => this.look()).catch((error: unknown) => this.#trouble(error))
    }, RUNNING_MS)
    this.#stop = () => {
      stopListening()
      clearInterval(timer)
    }
    this.#working = this.look().catch((error: unknown) => this.#trouble(error))
  }

  /** The link was made, or something was done for the dashboard: look now. */
  nudge(): void {
    this.#dirty = true
  }

  async close(): Promise<void> {
    this.#stop()
    await this.#working
  }

  async look(): Promise<void> {
    const now = Date.now()
    const dirty = this.#dirty
    this.#dirty = false
    this.#reportJobs()
    this.#reportAnswers()
    if (dirty) this.#reportJournal()
    if (dirty || now - this.#standingAt > STANDING_MS) {
      this.#standingAt = now
      this.#reportSources()
      this.#reportContracts()
      this.#reportProofs()
      await this.#reportSectors()
    }
    if (now - this.#hostAt > HOST_MS) {
      this.#hostAt = now
      await this.#reportHost(now)
    }
  }

  #reportJournal(): void {
    this.#outbox.addJournal((afterSeq) =>
      this.#ctx.journal
        .list({ afterSeq, limit: 1000 })
        .map((entry) => ({ seq: entry.seq, report: journalReport(entry) })),
    )
  }

  #reportSources(): void {
    const { sources } = this.#ctx
    const seen = new Set<string>()
    for (const info of sources.list()) {
      const { terms: _terms, bytes, name, path, schedule, ...row } = sourceRow(this.#ctx, info)
      seen.add(row.sourceId)
      const report = {
        kind: 'source',
        ...row,
        name: cut(name, 255),
        path: cut(path, 4096),
        bytes: BigInt(bytes),
        orders: row.orders.slice(-200),
        schedule: schedule && { ...schedule, lastNote: schedule.lastNote && cut(schedule.lastNote, 1000) },
        removed: false,
      } as const
      this.#outbox.put(`source:${row.sourceId}`, report)
      const listed = sources.snapshots(row.sourceId)
      this.#reportForgotten(row.sourceId, new Set(listed.map(({ snapshotId }) => snapshotId)))
      for (const snapshot of listed.slice(0, 500)) {
        this.#outbox.put(`snapshot:${row.sourceId}:${snapshot.snapshotId}`, {
          kind: 'snapshot',
          sourceId: row.sourceId,
          snapshotId: snapshot.snapshotId,
          takenMs: snapshot.time,
          files: BigInt(snapshot.files),
          bytes: BigInt(snapshot.bytes),
          addedBytes: BigInt(snapshot.addedBytes),
          partial: snapshot.missing > 0,
          unreadable: snapshot.missing,
          orders: report.orders,
          forgotten: false,
        })
      }
    }
    for (const sourceId of this.#seen.sources) {
      if (!seen.has(sourceId)) this.#outbox.put(`source:${sourceId}`, gone(sourceId))
    }
    this.#seen.sources = seen
  }

  /** What was once said to be there and is not in the catalog any more. */
  #reportForgotten(sourceId: string, listed: ReadonlySet<string>): void {
    const prefix = `snapshot:${sourceId}:`
    for (const key of this.#outbox.said(prefix)) {
      const snapshotId = key.slice(prefix.length)
      if (listed.has(snapshotId)) continue
      this.#outbox.put(key, {
        kind: 'snapshot',
        sourceId,
        snapshotId,
        takenMs: 0,
        files: 0n,
        bytes: 0n,
        addedBytes: 0n,
        partial: false,
        unreadable: 0,
        orders: [],
        forgotten: true,
      })
    }
  }

  async #reportSectors(): Promise<void> {
    const seen = new Set<string>()
    for (const info of await this.#ctx.sectors.list()) {
      const row = await sectorRow(this.#ctx, info)
      seen.add(row.sectorId)
      this.#outbox.put(`sector:${row.sectorId}`, {
        kind: 'sector',
        sectorId: row.sectorId,
        path: cut(row.path, 4096),
        state: row.state,
        size: BigInt(row.size),
        used: BigInt(row.reserved),
        free: BigInt(Math.max(0, row.size - row.reserved)),
        // whole MiB: a busy disk is not worth a report each second
        diskFree: row.diskFree < 0 ? null : (BigInt(row.diskFree) >> 24n) << 24n,
        mounted: row.mounted,
        bills: row.bills.slice(-200),
        orders: row.orders,
        removed: false,
      })
    }
    this.#seen.sectors = seen
  }

  #reportContracts(): void {
    for (const role of ['user', 'miner'] as const) {
      for (const { orderId, state, sourceId, sectorId } of listContracts(this.#ctx.store, role)) {
        this.#outbox.put(`contract:${role}:${orderId}`, {
          kind: 'contract',
          orderId,
          role,
          state,
          sourceId,
          sectorId,
        })
      }
    }
  }

  #reportProofs(): void {
    const seen = new Set<string>()
    for (const report of proofReports(this.#ctx)) {
      if (report.kind === 'proofDay') {
        this.#outbox.put(`proofDay:${report.orderId}:${report.day}`, report)
        continue
      }
      const key = `proof:${report.orderId}`
      seen.add(key)
      this.#outbox.put(key, report)
    }
    for (const key of this.#outbox.said('proof:')) {
      if (!seen.has(key)) this.#outbox.put(key, proofGone(BigInt(key.slice('proof:'.length))))
    }
  }

  /** Backups, from their rows; what runs has its progress from the board. */
  #reportJobs(): void {
    const running = new Map(this.#ctx.jobs.list().map((job) => [job.jobId, job]))
    for (const row of listBackupJobs(this.#ctx.store, 50)) {
      const live = row.state === 'running' ? running.get(`backup ${row.sourceId}`) : undefined
      const done = live?.done ?? 0
      this.#outbox.put(
        `job:${row.jobId}`,
        {
          kind: 'job',
          jobId: row.jobId,
          job: 'backup',
          subject: cut(this.#nameOf(row.sourceId), 255),
          state: row.state === 'running' && !live ? 'waiting' : row.state,
          stage: live?.stage ?? (row.state === 'running' ? 'waiting' : row.state),
          sourceId: row.sourceId,
          commandId: null,
          done: BigInt(done),
          total: BigInt(live?.total ?? 0),
          rate: live ? this.#rate(`${row.jobId} ${live.stage}`, done) : null,
          note: null,
          result: null,
          error: errorOf(row.error),
          startedMs: row.startedAt,
          updatedMs: Date.now(),
          finishedMs: row.finishedAt,
        },
        [row.state, live, row.error, row.finishedAt],
      )
    }
  }

  /** Only the newest challenge of each order: an earlier one is over. */
  #reportAnswers(): void {
    const seen = new Set<bigint>()
    for (const work of listAnswers(this.#ctx.store)) {
      if (seen.has(work.orderId)) continue
      seen.add(work.orderId)
      const { orderId, leaf, deadline, state, attempts, hash, updatedMs } = work
      const error = work.error && {
        code: work.error.code,
        message: cut(work.error.message, 1000),
        hint: cut(work.error.hint, 500),
      }
      const said = { kind: 'answer', orderId, leaf, deadline, state, attempts, hash, error } as const
      this.#outbox.put(`answer:${orderId}`, { ...said, updatedMs }, said)
    }
  }

  #nameOf(sourceId: string): string {
    return this.#ctx.sources.list().find((source) => source.sourceId === sourceId)?.name ?? sourceId
  }

  /** Bytes per second, smoothed. */
  #rate(key: string, done: number): number | null {
    const at = performance.now()
    const before = this.#rates.get(key)
    const rate =
      before && at > before.at
        ? before.rate * 0.7 + (Math.max(0, done - before.done) / (at - before.at)) * 300
        : 0
    if (this.#rates.size > 200) this.#rates.clear()
    this.#rates.set(key, { done, at, rate })
    return before ? rate : null
  }

  async #reportHost(nowMs: number): Promise<void> {
    const context = this.#ctx
    const { config } = context
    const sectors = await context.sectors.list()
    const roles: ('user' | 'miner')[] = []
    if (context.sources.list().length > 0) roles.push('user')
    if (sectors.length > 0) roles.push('miner')
    let operator = { address: context.operator.address, scopes: [] as string[], expiresAt: 0n, gasWei: 0n }
    let block = 0n
    let error: { code: string; message: string; hint: string } | null = null
    try {
      block = await reading('the newest block', () => context.rpc.client.getBlockNumber())
      operator = { ...operator, ...(await walletInfo(context)).operator }
    } catch (thrown) {
      const { code, message, hint } = toDmcError(thrown)
      error = { code, message: cut(message, 1000), hint: cut(hint, 500) }
    }
    const facts: Omit<ReportOf<'host'>, 'chain' | 'nowMs'> = {
      kind: 'host',
      hostName: cut(hostname(), 255),
      os: cut(`${type()} ${release()}`, 80),
      arch: process.arch,
      version: agentVersion(),
      roles,
      roots: {
        read: [...this.#roots.read],
        restore: [...this.#roots.restore],
        sector: [...this.#roots.sector],
      },
      // also before there is a sector: the first bill carries it
      endpoint: await context.endpoint().catch(() => null),
      listening: context.listening !== null,
      owner: ownerOf(context),
      operator,
      attention: context.alarms
        .list()
        .slice(0, 50)
        .map(({ level, message, hint }) => ({ level, message: cut(message, 1000), hint: cut(hint, 500) })),
      startedMs: context.startedMs,
    }
    const chain = { chainId: config.chain.chainId, market: config.chain.market, error }
    // block and time change always: they are said with something else, and now and then
    this.#outbox.put('host', { ...facts, chain: { ...chain, block }, nowMs }, [
      facts,
      chain,
      Math.floor(nowMs / 60_000),
    ])
  }

  #trouble(error: unknown): void {
    const { code, message } = toDmcError(error)
    if (code === 'INTERRUPTED' || this.#ctx.signal.aborted) return
    process.emitWarning(`report: ${message}`)
  }
}

function journalReport(entry: JournalEntry): Report {
  const tooMuch =
    JSON.stringify(entry.data).length > 8_000 || Object.keys(entry.data).some((key) => key.length > 64)
  const data = tooMuch ? {} : entry.data
  return {
    kind: 'journal',
    entry: entry.seq,
    timeMs: entry.time,
    level: entry.level,
    event: cut(entry.event, 64),
    subject: cut(entry.subject, 160),
    message: cut(entry.message, 4000),
    data,
  }
}

/** A job's error as it was kept. */
function errorOf(text: string | null): { code: string; message: string; hint: string } | null {
  if (text === null) return null
  const { code, message, hint } = reviveError(JSON.parse(text))
  return { code, message: cut(message, 1000), hint: cut(hint, 500) }
}

const gone = (sourceId: string): Report => ({
  kind: 'source',
  sourceId,
  name: sourceId,
  path: '',
  state: 'ready',
  files: 0,
  bytes: 0n,
  orders: [],
  snapshots: 0,
  lastSnapshotMs: null,
  excludes: [],
  excluded: 0,
  schedule: null,
  retention: null,
  removed: true,
})

const cut = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text
