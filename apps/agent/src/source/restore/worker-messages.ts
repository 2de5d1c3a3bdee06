import type { OverwritePolicy, RestoreProgress, RestoreResult, SourceKeys } from '../types.ts'

/** What the restore worker is started with. */
export interface RestoreJob {
  keys: SourceKeys
  /** The catalog's bytes, as authenticated. */
  catalog: Uint8Array
  snapshotId: string
  /** The snapshot record, encoded. */
  record: Uint8Array
  target: Uint8Array
  folder?: string
  path?: Uint8Array
  overwrite?: OverwritePolicy
}

export type FromRestoreWorker =
  | { type: 'read'; request: number; volumeId: string; offset: number; length: number }
  | { type: 'progress'; progress: RestoreProgress }
  | { type: 'restored'; result: RestoreResult }
  | { type: 'failed'; error: unknown }

export type ToRestoreWorker =
  | { type: 'bytes'; request: number; bytes: Uint8Array }
  | { type: 'unread'; request: number; error: unknown }
  | { type: 'abort' }
