import type { Commitment } from '@dmc/core/chain/types'
import type { Hex } from 'viem'

/** Raw keys of one source (docs/PROTOCOL.md 1); passed to the source's worker, never stored in plain. */
export interface SourceKeys {
  salt: Uint8Array
  sourceKey: Uint8Array
}

/** A path that the user backs up (flow 5). */
export interface SourceInfo {
  /** 16 hex digits. */
  sourceId: string
  name: string
  /** Absolute, symlinks resolved; bytes, since names need not be text. */
  path: Buffer
  kind: 'directory' | 'file'
  /** 32 bytes; in plaintext in the header of each of its volumes. */
  salt: Uint8Array
  /** Unix ms. */
  createdAt: number
  /** Patterns of names that are left out, as in a .gitignore file at its top. */
  excludes: string[]
  /** What a walk found last; null before the first. */
  size: SourceSize | null
}

export interface SourceSize {
  files: number
  directories: number
  bytes: number
  /** Names that could not be looked at. */
  unreadable: number
  /** Names that its excludes leave out; what lies in an excluded folder is not counted. */
  excluded: number
  /** Unix ms. */
  measuredAt: number
}

/** The volume (one order's log) that a backup appends to. */
export interface VolumeTarget {
  orderId: bigint
  /** 16 bytes hex, without 0x. */
  volumeId: string
  number: number
  keyEpoch: number
  /** Bytes: the order's capacity. */
  maxSize: number
}

export interface BackupProgress {
  stage: 'scan' | 'encode' | 'nodes' | 'done'
  files: number
  filesTotal: number
  bytes: number
  bytesTotal: number
  /** Log bytes written so far, and how many bytes of content were already stored. */
  logBytes: number
  reusedBytes: number
  current: string
}

export interface SnapshotInfo {
  /** 16 bytes hex. */
  snapshotId: string
  generation: number
  time: number
  files: number
  bytes: number
  /** Files listed but not stored. */
  missing: number
  addedBytes: number
}

export interface EncodedResult {
  commitment: Commitment
  snapshot: SnapshotInfo
  missing: { path: string; reason: string }[]
  /** Names that the source's excludes left out; what lies in an excluded folder is not counted. */
  excluded: number
  /** Ids of earlier snapshots that this one's catalog leaves out, as the source's retention says. */
  forgotten: string[]
  /** True when the source did not differ from the last snapshot: nothing was appended. */
  unchanged: boolean
}

/**
 * One append session of one source into one volume: scan, cut, seal and spool run in a worker thread; the caller sends
 * spooled leaves and says when they are durable. Everything survives a kill: opening the same source again resumes it.
 */
export interface BackupRun {
  /** 16 bytes hex; chosen once, kept across restarts. */
  readonly session: string
  /** The commitment in force that this session extends; null for an empty order. */
  readonly base: Commitment | null
  /** Log size (bytes, whole leaves) that is in the spool and journalled: may be sent. It never shrinks, but may with a later start. */
  readonly spooledSize: number
  /** Resolves when spooledSize exceeds `size`, or with the final size when encoding has finished. */
  waitSpooled(size: number): Promise<number>
  /** Bytes [offset, offset+length) of the volume from the spool, in `into` if it is given. offset >= base size (or the released size). */
  readSpool(offset: number, length: number, into?: Buffer): Promise<Buffer>
  /** Our own root of chunk `index` over the log's first `size` bytes (default: all that is spooled; whole leaves). */
  chunkRoot(index: number, size?: number): Promise<Uint8Array>
  /** The miner holds [0, size) durably: spool segments below may be deleted, back pressure eases. */
  release(size: number): Promise<void>
  readonly encoded: Promise<EncodedResult>
  /** Both prepares agreed on `commitment`: its blobs count as stored from now on, the snapshot is listed. */
  committed(commitment: Commitment): Promise<void>
  /** The miner lost or fenced the session: forget everything unsealed; a new run re-encodes from the base. */
  dropped(): Promise<void>
  /** Stops cleanly; resumable. */
  stop(): Promise<void>
}

export type OverwritePolicy = 'never' | 'newer' | 'always'

export interface RestoreProgress {
  files: number
  bytes: number
  /** Of the whole snapshot; null when only a part of it is restored. */
  filesTotal: number | null
  bytesTotal: number | null
  current: string
}

export interface RestoreResult {
  files: number
  directories: number
  links: number
  bytes: number
  /** Files that were there already: equal ones when resuming, others by the overwrite policy. */
  skipped: number
  /** What should be there and is not: the first 1,000, and how many. */
  missing: { path: string; reason: string }[]
  missingCount: number
  /** What is there, but not with all that belongs to it (owner, mode, time, hard link): the first 1,000, and how many. */
  unset: { path: string; reason: string }[]
  unsetCount: number
  /** FIFOs, sockets, devices: listed in the snapshot, never made. */
  others: number
}

/** Reads verified volume bytes; implemented over the wire by `contract/`, over files by tests. */
export interface VolumeReader {
  /** 16 bytes hex -> bytes; must be verified against the commitment before it resolves. The memory is the caller's from then on. */
  read(volumeId: string, offset: number, length: number, signal?: AbortSignal): Promise<Buffer>
  /** Verified roots (32 bytes each) of `count` chunks from `first`; without it, rebuilding a cache reads all data. */
  readRoots?(volumeId: string, first: number, count: number, signal?: AbortSignal): Promise<Buffer>
}

/** An order's log as recovery sees it: the header leaf and the committed size. */
export interface VolumeHead {
  orderId: bigint
  commitment: Commitment
  header: Uint8Array
  /** Chain time of the agreement or the order's start, for "newest snapshot" lines. */
  chainId: number
  market: Hex
}
