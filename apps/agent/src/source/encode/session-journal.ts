import type { DatabaseSync } from 'node:sqlite'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { LEAF } from '@dmc/core/log/header-leaf'
import { CHUNK_SIZE } from '@dmc/core/merkle/constants'
import type { Control } from './control.ts'
import type { LogWriter } from './log-writer.ts'
import { disk } from './spool-io.ts'
import type { EncodeOptions } from './worker-types.ts'

export const wholeLeaves = (size: number): number => size - (size % LEAF)

/** So much, and no more, is encoded again after a power cut. */
const MOST_UNSAFE = 256 * 1024 * 1024
const SYNC_MS = 10_000

/**
 * Makes a session's progress last, in groups: bytes and the rows that point at them, in the one transaction that is
 * always open. A group's rows may be committed before its bytes are written, as that is done by another thread; the
 * row `spooled` says how far bytes are, the bytes below may be sent, and a session that goes on after a kill first forgets
 * rows that point beyond (`trimSession`). After a power cut it goes on from the row `safe`: what was synced, or is held by
 * the miner, whichever is more, so that bytes that are sent at once need never be written to this disk
 * (docs/decisions/0008). Also where the session waits and stops.
 */
export class SessionJournal {
  readonly #db: DatabaseSync
  readonly #writer: LogWriter
  readonly #control: Control
  readonly #options: EncodeOptions
  readonly #baseSize: number
  readonly #bootId: string
  readonly #onSpooled: (size: number) => void
  /** Last asked of the writer. */
  #askedAt = 0
  #askedSize: number
  /** Written, journalled, and told. */
  #size: number
  #safe: number
  #syncedAt = performance.now()
  #open = false

  constructor(
    db: DatabaseSync,
    writer: LogWriter,
    control: Control,
    settings: {
      options: EncodeOptions
      baseSize: number
      bootId: string
      safe: number
      onSpooled: (size: number) => void
    },
  ) {
    this.#db = db
    this.#writer = writer
    this.#control = control
    this.#options = settings.options
    this.#baseSize = settings.baseSize
    this.#bootId = settings.bootId
    this.#safe = settings.safe
    this.#onSpooled = settings.onSpooled
    this.#size = writer.size
    this.#askedSize = writer.size
    this.#begin()
  }

  /** Called after each stored blob. @throws INTERRUPTED, DISK_FULL. */
  afterStore(): void {
    if (this.#writer.size - this.#askedSize >= this.#options.journalBytes) this.#ask()
    this.tick()
    if (!this.#full()) return
    this.write()
    // this may take hours: others may write to the cache meanwhile
    this.end()
    while (this.#full()) {
      this.#control.sleep(1000)
      this.#checkStop()
    }
    this.#begin()
  }

  /** Called often. @throws INTERRUPTED, DISK_FULL. */
  tick(): void {
    const due = performance.now() - this.#askedAt >= this.#options.journalMs
    if (due && wholeLeaves(this.#writer.size) > wholeLeaves(this.#askedSize)) this.#ask()
    const { written } = this.#writer
    if (wholeLeaves(written) > wholeLeaves(this.#size)) this.#commit(written)
    this.#checkStop()
  }

  /** Everything so far, when it returns. */
  write(): void {
    this.#writer.sync()
    this.#syncedAt = performance.now()
    this.#commit(this.#writer.written)
  }

  #ask(): void {
    if (this.#mustSync()) {
      this.#syncedAt = performance.now()
      this.#writer.syncSoon()
    } else this.#writer.writeSoon()
    this.#askedSize = this.#writer.size
    this.#askedAt = performance.now()
  }

  /** Where the system has no name for a boot, a kill can't be told from a power cut. */
  #mustSync(): boolean {
    if (this.#bootId === '' || performance.now() - this.#syncedAt >= SYNC_MS) return true
    return this.#writer.size - Math.max(this.#safe, this.#control.released) > MOST_UNSAFE
  }

  #commit(written: number): void {
    const kept = Math.min(written, Math.max(this.#writer.durable, this.#control.released))
    // whole chunks: nothing of what is lost is needed to go on from there
    this.#safe = Math.max(this.#safe, kept - (kept % CHUNK_SIZE))
    this.#db
      .prepare('UPDATE session SET spooled = ?, boot = ?, tail = ?, safe = ?')
      .run(written, this.#bootId, this.#writer.tailOf(written), this.#safe)
    this.end()
    this.#begin()
    this.#size = written
    this.#onSpooled(wholeLeaves(written))
  }

  /** Commits what is open; nothing more is written. */
  end(): void {
    if (this.#open) disk(() => this.#db.exec('COMMIT'))
    this.#open = false
  }

  /** Leaves the session as it was journalled last. */
  abandon(): void {
    if (!this.#open) return
    this.#open = false
    try {
      this.#db.exec('ROLLBACK')
    } catch {
      // a full disk has rolled it back already
    }
  }

  #begin(): void {
    // at once: one that reads first can write no more when a probe was taken meanwhile ("database is locked")
    this.#db.exec('BEGIN IMMEDIATE')
    this.#open = true
  }

  /** Too much is spooled that the other side does not hold yet. */
  #full(): boolean {
    const released = Math.max(this.#control.released, this.#baseSize)
    return this.#writer.size - released > this.#options.spoolLimit
  }

  #checkStop(): void {
    if (!this.#control.stopped) return
    this.write()
    throw new DmcError('INTERRUPTED', 'The backup was stopped.', {
      hint: 'Run it again: it goes on where it stopped.',
    })
  }
}
