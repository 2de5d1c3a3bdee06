import { DmcError } from '@dmc/core/errors/dmc-error'
import type { OpenedSnapshot } from './list-snapshot.ts'
import { restoreInWorker } from './restore/restore-in-worker.ts'
import { restoreHere } from './restore/restore-run.ts'
import type { OverwritePolicy, RestoreProgress, RestoreResult } from './types.ts'

export interface RestoreOptions {
  snapshot: OpenedSnapshot
  /** A folder; made when missing. A restored folder's entries come directly into it, a file under its own name. */
  target: string | Buffer
  /** The target is there and is this folder (`folderId`), under that very path; nothing is made or followed. */
  folder?: string
  /** What to restore, from the source's root; everything when empty. */
  path?: Uint8Array
  /** For files that exist in the target; without it the target must be new, empty, or of the same restore. */
  overwrite?: OverwritePolicy
  onProgress?: (progress: RestoreProgress) => void
  signal?: AbortSignal
}

/** From here on a thread of its own is worth its start. */
const LARGE_BYTES = 32 * 1024 * 1024
const MANY_FILES = 1000

/**
 * Restores a snapshot, a folder or a file (docs/ARCHITECTURE.md, "Restore"). Names are checked before they are used,
 * nothing is written through a symlink, files appear under their names only when they are complete. Interrupted and
 * called again with the same target it goes on: files that are complete are not read again.
 * Large snapshots are decrypted and written in a worker thread; the volume reader is always called in this one.
 * What could not be restored is in the result (`assertComplete` makes RESTORE_PARTIAL of it).
 * @throws TARGET_NOT_EMPTY, TARGET_UNWRITABLE, DISK_FULL, PATH_NOT_FOUND, UNSAFE_PATH, LOG_CORRUPT, INTERRUPTED and
 *   what the volume reader throws.
 */
export function restoreSnapshot(options: RestoreOptions): Promise<RestoreResult> {
  const { files, bytes } = options.snapshot.record.totals
  const worth = files >= MANY_FILES || bytes >= LARGE_BYTES
  return worth ? restoreInWorker(options) : restoreHere(options)
}

/** @throws RESTORE_PARTIAL when something is missing. */
export function assertComplete(result: RestoreResult): void {
  const [first] = result.missing
  if (!first) return
  throw new DmcError(
    'RESTORE_PARTIAL',
    `${result.missingCount} entries could not be restored; the first: ${first.path}: ${first.reason}.`,
    { hint: 'All else is restored. Look into an older snapshot for what is missing.' },
  )
}
