import { rmSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { fromHex, toHex } from '@dmc/core/log/bytes'
import { gearTable } from '@dmc/core/log/chunker'
import { deriveVolumeKey, type LogKeys } from '@dmc/core/log/derive-keys'
import { encodeEntry, type NodeEntry } from '@dmc/core/log/node-entry'
import { nodeLogCrypto as crypto } from '@dmc/core/log/node-log-crypto'
import { formatSize } from '@dmc/core/units/format-size'
import { shellWord } from '@dmc/core/units/shell-word'
import { showPath } from '../path-bytes.ts'
import { manifestFile } from '../source-paths.ts'
import { sourceTooLarge } from '../source-too-large.ts'
import type { EncodedResult } from '../types.ts'
import { BlobStore } from './blob-store.ts'
import { describeRoot } from './describe-root.ts'
import { ContentEncoder } from './encode-content.ts'
import { NodeEncoder, type NodeTotals } from './encode-nodes.ts'
import { estimateSize, nodeBytes, surelyNew } from './estimate-size.ts'
import { Excluder } from './excluder.ts'
import { reviveBig } from './json-big.ts'
import { type HeadRow, readVolumes, type SessionRow, type VolumeRow } from './log-db.ts'
import type { LogWriter } from './log-writer.ts'
import { Manifest } from './manifest.ts'
import type { ProgressReporter } from './progress.ts'
import { type ScanTotals, scan } from './scan.ts'
import { makeSharedBoard } from './seal-board.ts'
import type { SealKeys } from './seal-group.ts'
import type { SealWorkerData } from './seal-worker.ts'
import type { SessionJournal } from './session-journal.ts'
import { type ChunkStore, StoreByOthers, StoreHere } from './store-chunks.ts'
import type { EncodeJob } from './worker-types.ts'

/** Behind the content there must be room for record, segment, catalog, padding and footer. */
const FIXED_RESERVE = 16 * 1024
/** Bytes of the reserve for each new row of the index. */
const ROW_RESERVE = 64

export interface SnapshotWork {
  job: EncodeJob
  db: DatabaseSync
  keys: LogKeys
  volume: VolumeRow
  session: SessionRow
  head: HeadRow | null
  writer: LogWriter
  journal: SessionJournal
  progress: ProgressReporter
  /** Other threads hash and seal what is on the board from now on; so many are started only for that. */
  startSealing(data: SealWorkerData, sealers: number): void
}

export interface EncodedTree {
  store: BlobStore
  root: NodeEntry
  rootEntry: Uint8Array
  totals: NodeTotals
  /** Names left out by the source's excludes. */
  excluded: number
  /** The root is the last snapshot's, and nothing was appended. */
  unchanged: boolean
}

/** Scans the source and appends what is new of it: content, then nodes (flow 13). */
export function encodeTree(work: SnapshotWork): EncodedTree {
  const { job, keys, session, head, writer, journal, progress } = work
  const path = Buffer.from(job.sourcePath)
  const safe = safeVolumes(work)
  const prev = openPrevious(work, safe)
  const file = manifestFile(job.folder, session.id)
  rmSync(file, { force: true })
  const manifest = Manifest.create(file)
  try {
    const totals = scan({
      root: path,
      manifest,
      prev,
      excluder: Excluder.of(path, job.excludes),
      mayBeEmpty: job.options.mayBeEmpty,
      tick: (now, folder, name) => {
        progress.scan(now, folder, name)
        journal.tick()
      },
    })
    if (!job.options.mayBeEmpty) mustHoldFiles(work, totals)
    progress.scanned(totals)
    const nodes = Math.ceil(nodeBytes(totals))
    const catalog = (head?.catalog.length ?? 0) + 1024
    // nodes usually compress to a third; what a session can't know yet it must not run out of room for
    let nodesAhead = Math.min(nodes, Math.max(4096, Math.floor(nodes / 2)))
    const sealKeys: SealKeys = {
      blobIdKey: keys.blobIdKey,
      volumeKey: deriveVolumeKey(crypto, keys.sourceKey, fromHex(job.target.volumeId), job.target.keyEpoch),
      volumeId: fromHex(job.target.volumeId),
    }
    const store: BlobStore = new BlobStore({
      ...work,
      ...sealKeys,
      crypto,
      volume: work.volume.n,
      safe,
      generation: session.gen,
      baseSize: job.base.size,
      maxSize: job.target.maxSize,
      reserve: () => FIXED_RESERVE + catalog + nodesAhead + store.newRows * ROW_RESERVE,
      afterStore: () => {
        progress.log(writer.size - job.base.size, store.reusedBytes)
        journal.afterStore()
      },
    })
    if (job.options.estimate) {
      // what this session stored before it was killed is found again, not stored again
      const bytes = surelyNew(totals, prev, head === null && job.base.size === 0)
      const grows = estimateSize(path, manifest, totals, bytes, crypto) - store.addedBytes
      const need = writer.size + Math.max(0, grows)
      if (need > job.target.maxSize) throw sourceTooLarge({ have: job.target.maxSize, need })
    }
    const gear = gearTable(crypto, keys.chunkerKey)
    const singleFile = totals.directories === 0
    new ContentEncoder({
      root: path,
      manifest,
      prev,
      store,
      chunks: chunkStore(work, store, gear, sealKeys, totals),
      crypto,
      hashKey: keys.blobIdKey,
      singleFile,
      onFile: (at, bytes) => {
        progress.file(at, bytes)
        journal.tick()
      },
      onBytes: (at, bytes) => progress.bytes(at, bytes),
    }).run()
    progress.nodes()
    nodesAhead = 0
    const encoder = new NodeEncoder({
      manifest,
      prev,
      store,
      crypto,
      blobIdKey: keys.blobIdKey,
      gear,
      onEntries: () => journal.tick(),
    })
    const content = encoder.run()
    const root = describeRoot(path, manifest, singleFile, content)
    const rootEntry = encodeEntry(root)
    const same = head !== null && Buffer.compare(head.root_entry, rootEntry) === 0
    const unchanged = same && job.base.root !== null && writer.size === job.base.size
    return { store, root, rootEntry, totals: encoder.totals, excluded: totals.excluded, unchanged }
  } finally {
    manifest.close()
    prev?.close()
  }
}

/**
 * A disk that is not mounted leaves a folder without files behind. A snapshot of that would say that everything was deleted, and with a
 * retention push out those that hold it.
 * @throws SOURCE_EMPTY
 */
function mustHoldFiles({ job, head }: SnapshotWork, now: ScanTotals): void {
  if (!head || now.files + now.links + now.others + now.excluded > 0) return
  const { snapshot } = JSON.parse(head.result, reviveBig) as EncodedResult
  if (snapshot.files === 0) return
  const { sourceName, sourcePath } = job
  throw new DmcError(
    'SOURCE_EMPTY',
    `${showPath(sourcePath)} holds no files now. Its last snapshot, of ${new Date(snapshot.time).toISOString().slice(0, 16).replace('T', ' ')} UTC, holds ${snapshot.files} files (${formatSize(snapshot.bytes)}).`,
    {
      hint: `If a disk is not mounted, mount it and back up again. If all of them are meant to be gone: dmc-agent backup ${shellWord(sourceName)} --allow-empty`,
    },
  )
}

/** Each fills a room: that of large files, and that of small ones. */
const CUTTERS = 2

/** Where chunks are sealed: here, or by other threads, too, when there is enough to read. */
function chunkStore(
  { job, head, writer, startSealing }: SnapshotWork,
  store: BlobStore,
  gear: Int32Array,
  keys: SealKeys,
  { todoBytes }: ScanTotals,
): ChunkStore {
  const { threads: most, sealFrom } = job.options
  if (most < 2 || todoBytes < sealFrom) return new StoreHere(store, gear)
  const sealing = { board: makeSharedBoard(most + CUTTERS), keys }
  // this thread and the one that writes the spool are there anyway
  const sealers = most - 2
  startSealing(sealing, sealers)
  writer.startThread()
  const allNew = head === null && job.base.size === 0
  return new StoreByOthers({ store, gear, writer, sealing, most, sealers: sealers > 0, allNew })
}

/** Other volumes whose committed blobs may be pointed at. */
function safeVolumes({
  db,
  job,
  volume,
}: SnapshotWork): Map<number, { id: Uint8Array; committedSize: number }> {
  return new Map(
    readVolumes(db)
      .filter(({ n, id }) => n !== volume.n && job.safeVolumes.includes(toHex(id)))
      .map((v) => [v.n, { id: v.id, committedSize: v.committed_size }]),
  )
}

/** The last snapshot's manifest, when everything that it refers to may be pointed at. */
function openPrevious(
  { db, job, head, volume }: SnapshotWork,
  safe: ReadonlyMap<number, unknown>,
): Manifest | null {
  if (!head?.manifest) return null
  const used = readVolumes(db).filter(({ committed_size }) => committed_size > 0)
  if (!used.every(({ n }) => n === volume.n || safe.has(n))) return null
  return Manifest.openExisting(manifestFile(job.folder, head.manifest))
}
