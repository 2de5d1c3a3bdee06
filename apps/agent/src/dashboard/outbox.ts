import { createHash, randomBytes } from 'node:crypto'
import { type Report, type ReportBatch, report as reportSchema } from '@dmc/core/dashboard/reports'
import superjson from 'superjson'
import type { Store } from '../store/open-store.ts'

/** A message stays below the socket's 64 KiB, also with the names of its large integers' places. */
const BATCH_BYTES = 30 * 1024
const BATCH_REPORTS = 64

/**
 * What the dashboard has to know and does not know yet, in state.db. A newer report of the same thing takes the place of an older
 * one that still waits; what was said before is not said again. Numbers only grow.
 */
export class Outbox {
  readonly #store: Store
  readonly #listeners = new Set<() => void>()

  constructor(store: Store) {
    this.#store = store
  }

  /** Names this store: in another one the numbers start again. */
  get epoch(): string {
    const known = this.#setting('dashboard.epoch')
    if (known !== null) return known
    const epoch = randomBytes(16).toString('hex')
    this.set('dashboard.epoch', epoch)
    return epoch
  }

  /** Everything is to be said anew: to another dashboard, or as another agent. */
  startAnew(pairing: string): void {
    if (this.#setting('dashboard.pairing') === pairing) return
    this.#store.transaction(() => {
      this.#store.db.exec(
        'DELETE FROM dashboard_report; DELETE FROM dashboard_said; DELETE FROM dashboard_command',
      )
      this.set('dashboard.epoch', randomBytes(16).toString('hex'))
      this.set('dashboard.journal', '0')
      this.set('dashboard.pairing', pairing)
    })
  }

  /** @param same what of it must differ to be worth saying; default: all of it */
  put(key: string, report: Report, same: unknown = report): void {
    const hash = createHash('sha256').update(superjson.stringify(same)).digest('hex')
    const { db } = this.#store
    const said = db.prepare('SELECT hash FROM dashboard_said WHERE key = ?').get(key)
    if (said && said.hash === hash) return
    this.#store.lightTransaction(() => {
      this.#insert(key, report)
      db.prepare(
        'INSERT INTO dashboard_said (key, hash) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET hash = excluded.hash',
      ).run(key, hash)
    })
    this.#tell()
  }

  /** Keys of what was said, by how they begin. */
  said(prefix: string): string[] {
    return this.#store.db
      .prepare('SELECT key FROM dashboard_said WHERE substr(key, 1, ?) = ?')
      .all(prefix.length, prefix)
      .map(({ key }) => String(key))
  }

  /** Entries of the journal that are not in the outbox yet; each once. */
  addJournal(read: (afterSeq: number) => { seq: number; report: Report }[]): void {
    for (;;) {
      const after = Number(this.#setting('dashboard.journal') ?? '0')
      const entries = read(after)
      const last = entries.at(-1)
      if (!last) return
      this.#store.lightTransaction(() => {
        for (const { seq, report } of entries) this.#insert(`journal:${seq}`, report)
        this.set('dashboard.journal', String(last.seq))
      })
      this.#tell()
    }
  }

  /** To be waited for before a batch leaves: a power cut must not give its numbers, or what it tells of, to something else. */
  settled(): Promise<void> {
    return this.#store.settled()
  }

  /** The oldest that wait, as many as fit into one message; null when there are none. */
  batch(): ReportBatch | null {
    const rows = this.#store.db
      .prepare('SELECT seq, body FROM dashboard_report ORDER BY seq LIMIT ?')
      .all(BATCH_REPORTS) as { seq: number; body: string }[]
    const reports: ReportBatch['reports'] = []
    let size = 0
    for (const { seq, body } of rows) {
      size += Buffer.byteLength(body) + 64
      if (reports.length > 0 && size > BATCH_BYTES) break
      reports.push({ seq: BigInt(seq), report: superjson.parse<Report>(body) })
    }
    return reports.length === 0 ? null : { epoch: this.epoch, reports }
  }

  /** The dashboard has everything up to this number. */
  done(lastSeq: bigint): void {
    // what comes back after a power cut is said once more, under its number
    this.#store.lightTransaction(
      () => void this.#store.db.prepare('DELETE FROM dashboard_report WHERE seq <= ?').run(lastSeq),
    )
  }

  get waiting(): number {
    return Number(this.#store.db.prepare('SELECT count(*) AS n FROM dashboard_report').get()?.n ?? 0)
  }

  onNew(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  set(key: string, value: string): void {
    this.#store.db
      .prepare(
        'INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
      )
      .run(key, value)
  }

  #insert(key: string, report: Report): void {
    const { db } = this.#store
    // one that the dashboard would refuse must not stand before all others for ever
    if (!reportSchema.safeParse(report).success) {
      process.emitWarning(`report ${key} is not of the agreed form and is not sent`)
      return
    }
    db.prepare('DELETE FROM dashboard_report WHERE key = ?').run(key)
    db.prepare('INSERT INTO dashboard_report (key, body) VALUES (?, ?)').run(key, superjson.stringify(report))
  }

  #setting(key: string): string | null {
    const row = this.#store.db.prepare('SELECT value FROM setting WHERE key = ?').get(key)
    return row ? String(row.value) : null
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}
