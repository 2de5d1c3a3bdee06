import { joinBytes, showPath } from '../path-bytes.ts'
import type { BackupProgress, EncodedResult } from '../types.ts'
import type { ScanTotals } from './scan.ts'

const EVERY_MS = 200

/** Gathers what happens and tells it at most five times a second, and at each change of stage. */
export class ProgressReporter {
  readonly #report: (progress: BackupProgress) => void
  readonly #now: BackupProgress = {
    stage: 'scan',
    files: 0,
    filesTotal: 0,
    bytes: 0,
    bytesTotal: 0,
    logBytes: 0,
    reusedBytes: 0,
    current: '',
  }
  #toldAt = 0

  constructor(report: (progress: BackupProgress) => void) {
    this.#report = report
  }

  scan(totals: ScanTotals, folder: Buffer, name: Buffer): void {
    this.#now.files = totals.files
    this.#now.bytes = totals.bytes
    if (this.#isDue()) this.#tell(joinBytes(folder, name))
  }

  /** Unchanged files need no reading: they count as done. */
  scanned(totals: ScanTotals): void {
    Object.assign(this.#now, {
      stage: 'encode',
      files: totals.files - totals.todoFiles,
      filesTotal: totals.files,
      bytes: Math.max(0, totals.bytes - totals.todoBytes),
      bytesTotal: totals.bytes,
    })
    this.#tell(null)
  }

  file(path: Buffer, bytes: number): void {
    this.#now.files = Math.min(this.#now.files + 1, this.#now.filesTotal)
    this.bytes(path, bytes)
  }

  bytes(path: Buffer, bytes: number): void {
    this.#now.bytes = Math.min(this.#now.bytes + bytes, this.#now.bytesTotal)
    if (this.#isDue()) this.#tell(path)
  }

  log(logBytes: number, reusedBytes: number): void {
    this.#now.logBytes = logBytes
    this.#now.reusedBytes = reusedBytes
  }

  nodes(): void {
    this.#now.stage = 'nodes'
    this.#tell(null)
  }

  done({ snapshot }: EncodedResult): void {
    Object.assign(this.#now, {
      stage: 'done',
      files: snapshot.files,
      filesTotal: snapshot.files,
      bytes: snapshot.bytes,
      bytesTotal: snapshot.bytes,
    })
    this.#tell(null)
  }

  #isDue(): boolean {
    return performance.now() - this.#toldAt >= EVERY_MS
  }

  #tell(current: Buffer | null): void {
    this.#toldAt = performance.now()
    this.#now.current = current ? showPath(current) : ''
    this.#report({ ...this.#now })
  }
}
