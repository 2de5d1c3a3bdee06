import type { DatabaseSync } from 'node:sqlite'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { LEAF } from '@dmc/core/log/header-leaf'
import type { Control } from './control.ts'
import { disk, type LogWriter } from './log-writer.ts'
import type { EncodeOptions } from './worker-types.ts'

export const wholeLeaves = (size: number): number => size - (size % LEAF)

/**
 * Makes a session's progress durable, in groups: first the bytes, then the rows that point at them, in the one
 * transaction that is always open; only then the bytes may be sent. Also where the session waits and stops.
 */
export class SessionJournal {
  readonly #db: DatabaseSync
  readonly #writer: LogWriter
  readonly #control: Control
  readonly #options: EncodeOptions
  readonly #baseSize: number
  readonly #onSpooled: (size: number) => void
  #at = 0
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
    this.#begin()
  }

  /** Called after each stored blob. @throws INTERRUPTED, DISK_FULL. */
  afterStore(): void {
    if (this.#writer.size - this.#size >= this.#options.journalBytes) this.write()
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
    const due = performance.now() - this.#at >= this.#options.journalMs
    if (due && wholeLeaves(this.#writer.size) > wholeLeaves(this.#size)) this.write()
    this.#checkStop()
  }

  write(): void {
    this.#writer.sync()
    this.#db.prepare('UPDATE session SET spooled = ?').run(this.#writer.size)
    this.end()
    this.#begin()
    this.#size = this.#writer.size
    this.#at = performance.now()
    this.#onSpooled(wholeLeaves(this.#size))
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
