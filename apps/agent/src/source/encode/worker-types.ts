import { availableParallelism } from 'node:os'
import type { MessagePort } from 'node:worker_threads'
import type { DmcError } from '@dmc/core/errors/dmc-error'
import type { RetentionPolicy } from '@dmc/core/schedule/retention'
import type { BackupProgress, EncodedResult, SourceKeys, VolumeTarget } from '../types.ts'
import type { Base } from './encode-session.ts'

/** What the encode worker is started with. */
export interface EncodeJob {
  /** `sources/<id>` in the agent's data folder. */
  folder: string
  /** Absolute path of the source, bytes. */
  sourcePath: Uint8Array
  sourceName: string
  excludes: string[]
  /** What of the snapshots stays in the catalog; null: all. */
  retention: RetentionPolicy | null
  keys: SourceKeys
  target: VolumeTarget
  chain: { chainId: number; market: string }
  base: Base
  /** Volume ids (hex) whose committed blobs live at least as long as the new snapshot must. */
  safeVolumes: string[]
  control: SharedArrayBuffer
  /** Of this boot of the machine; '' where that has no name. */
  bootId: string
  options: EncodeOptions
}

export interface EncodeOptions {
  /** Bytes that may be in the spool and not yet released. */
  spoolLimit: number
  /** The spool is journalled every so many bytes or milliseconds. */
  journalBytes: number
  journalMs: number
  /** Random ranges of which expected answers are kept, each session. */
  probes: number
  /** Look at samples first, and refuse a source that can't fit. */
  estimate: boolean
  /** Hash, compress and encrypt: the encode worker, the spool worker, and as many more as are over. Each takes about 20 MiB. */
  threads: number
  /** A folder without files may follow a snapshot that has some. */
  mayBeEmpty: boolean
  /** Bytes to be read from which on more than one thread seals: fewer are done before another one has started. */
  sealFrom: number
}

export const DEFAULT_ENCODE_OPTIONS: EncodeOptions = {
  spoolLimit: 1024 ** 3,
  journalBytes: 64 * 1024 * 1024,
  journalMs: 250,
  probes: 64,
  estimate: true,
  mayBeEmpty: false,
  threads: Math.min(2, availableParallelism()),
  sealFrom: 32 * 1024 * 1024,
}

/** Worker to caller. */
export type FromWorker =
  | { type: 'opened'; session: string; spooled: number }
  | { type: 'progress'; progress: BackupProgress }
  | { type: 'spooled'; size: number }
  /** Much is being spooled: start the spool worker with this. What it works on comes by the port. */
  | { type: 'spooler'; control: SharedArrayBuffer; port: MessagePort }
  /** Much is to be read: start a seal worker for each of these. */
  | { type: 'sealers'; control: SharedArrayBuffer; ports: MessagePort[] }
  | { type: 'encoded'; result: EncodedResult }
  | { type: 'failed'; error: ReturnType<DmcError['toJSON']> & { meta: DmcError['meta'] } }
  /** The answer to a request. */
  | { type: 'done'; request: number }
  | { type: 'refused'; request: number; error: ReturnType<DmcError['toJSON']> }

/** Caller to worker, once the worker is no longer encoding; stopping goes through the control memory. */
export type ToWorker =
  | { type: 'committed'; request: number; root: string; size: number }
  | { type: 'dropped'; request: number }
  | { type: 'close'; request: number }
