import type { DatabaseSync } from 'node:sqlite'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { LEAF } from '@dmc/core/log/header-leaf'
import type { Control } from './control.ts'
import type { LogWriter } from './log-writer.ts'
import { disk } from './spool-io.ts'
import type { EncodeOptions } from './worker-types.ts'

export const wholeLeaves = (size: number): number => size - (size % LEAF)

/**
 * Makes a session's progress durable, in groups: bytes and the rows that point at them, in the one transaction that is
 * always open. A group's rows may be committed before its bytes are durable, as those are written by another thread; the
 * row `spooled` says how far bytes are, the bytes below may be sent, and a session that goes on after a kill first forgets
 * rows that point beyond (`trimSession`). Also where the session waits and stops.
 */
export class SessionJournal {
  readonly #db: DatabaseSync
  readonly #writer: LogWriter
  readonly #control: Control
  readonly #options: EncodeOptions
  readonly #baseSize: number
  readonly #onSpooled: (size: number) => void
  /** Last asked of the writer. */
  #askedAt = 0
  #askedSize: number
  /** Durable, journalled, and told. */
  #size: number
  #open = false

  constructor(
    db: DatabaseSync,
    writer: LogWriter,
    control: Control,
    settings: { options: EncodeOptions; baseSize: number; onSpooled: (size: number) => void },
  ) {
    this.#db = db
    this.#writer = writer
    this.#control = control
    this.#options = settings.options
    this.#baseSize = settings.baseSize
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
    while (this.#full()) {
      this.#control.sleep(1000)
      this.#checkStop()
    }
  }

  /** Called often. @throws INTERRUPTED, DISK_FULL. */
  tick(): void {
    const due = performance.now() - this.#askedAt >= this.#options.journalMs
    if (due && wholeLeaves(this.#writer.size) > wholeLeaves(this.#askedSize)) this.#ask()
    if (wholeLeaves(this.#writer.durable) > wholeLeaves(this.#size)) this.#commit(this.#writer.durable)
    this.#checkStop()
  }

  /** Everything so far, when it returns. */
  write(): void {
    this.#writer.sync()
    this.#commit(this.#writer.durable)
  }

  #ask(): void {
    this.#writer.syncSoon()
    this.#askedSize = this.#writer.size
    this.#askedAt = performance.now()
  }

  #commit(durable: number): void {
    this.#db.prepare('UPDATE session SET spooled = ?').run(durable)
    this.end()
    this.#begin()
    this.#size = durable
    this.#onSpooled(wholeLeaves(durable))
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
    this.#db.exec('BEGIN')
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
