import type { DatabaseSync } from 'node:sqlite'
import { BLOB_TYPE, blobId } from '@dmc/core/log/blob'
import { toHex } from '@dmc/core/log/bytes'
import { type Catalog, type CatalogSnapshot, encodeCatalog } from '@dmc/core/log/catalog'
import { sealFooter } from '@dmc/core/log/footer-leaf'
import { LEAF } from '@dmc/core/log/header-leaf'
import { INDEX_ROW, segmentsToAbsorb, writeIndexRow } from '@dmc/core/log/index-segment'
import type { Locator, Run } from '@dmc/core/log/locator'
import type { LogCrypto } from '@dmc/core/log/log-crypto'
import { encodeSnapshotRecord, type SnapshotRecord } from '@dmc/core/log/snapshot-record'
import { type RetentionPolicy, selectKept } from '@dmc/core/schedule/retention'
import type { BlobStore } from './blob-store.ts'
import type { LogWriter } from './log-writer.ts'

/** Rows of one index blob: 4 MiB hold 67,650. */
const ROWS_PER_BLOB = 67_000

export interface FinishOptions {
  db: DatabaseSync
  crypto: LogCrypto
  store: BlobStore
  writer: LogWriter
  blobIdKey: Uint8Array
  volumeKey: Uint8Array
  volumeId: Uint8Array
  maxSize: number
  record: SnapshotRecord
  /** The catalog in force, with this session's volume already entered; null for the first. */
  previous: { catalog: Catalog; volumeId: Uint8Array; footerOffset: number } | null
  volumes: Catalog['volumes']
  sourceName: string
  generation: number
  /** Which snapshots stay in the catalog; null: all. */
  retention: RetentionPolicy | null
}

export interface Finished {
  /** Ids (hex) of snapshots that the last catalog had and this one has not. */
  forgotten: string[]
  catalog: Uint8Array
  footerOffset: number
  /** The segment that this session wrote: generations of its rows, and how many. */
  segment: { from: number; rows: number } | null
}

/** Ends a snapshot: record, index segment, catalog, padding, footer (docs/PROTOCOL.md 2). */
export function finishSnapshot(options: FinishOptions): Finished {
  const { crypto, store, writer, volumeId, volumeKey, record, previous, generation } = options
  const recordAt = store.appendPlain(BLOB_TYPE.snapshot, encodeSnapshotRecord(record))
  const { segments, segment } = writeSegment(options)
  const all = [...(previous?.catalog.snapshots ?? []), listed(record, recordAt, generation)]
  const kept = keptOf(all, options.retention)
  const catalog = encodeCatalog({
    generation,
    previousFooter: previous ? { volumeId: previous.volumeId, offset: previous.footerOffset } : null,
    snapshots: kept,
    volumes: options.volumes,
    segments,
    sourceName: options.sourceName,
    checkpoint: false,
  })
  const catalogId = blobId(crypto, options.blobIdKey, BLOB_TYPE.catalog, catalog)
  const catalogAt = store.append(BLOB_TYPE.catalog, catalogId, catalog, generation)
  const rest = writer.size % LEAF
  if (rest > 0) writer.append(crypto.randomBytes(LEAF - rest))
  const footerOffset = writer.size
  writer.append(
    sealFooter(crypto, volumeKey, volumeId, footerOffset, {
      generation,
      catalogOffset: catalogAt.offset,
      catalogStored: catalogAt.stored,
      catalogId,
      previous: previous ? { volumeId: previous.volumeId, offset: previous.footerOffset } : null,
    }),
  )
  const forgotten = all.filter((one) => !kept.includes(one)).map(({ snapshotId }) => toHex(snapshotId))
  return { catalog, footerOffset, segment, forgotten }
}

const listed = (record: SnapshotRecord, at: Locator, generation: number): CatalogSnapshot => ({
  snapshotId: record.snapshotId,
  time: record.finishedAt,
  record: at,
  files: record.totals.files,
  bytes: record.totals.bytes,
  missing: record.missing,
  addedBytes: record.addedBytes,
  generation,
})

function keptOf(all: CatalogSnapshot[], retention: RetentionPolicy | null): CatalogSnapshot[] {
  const ids = selectKept(
    all.map(({ snapshotId, time, missing }) => ({ snapshotId: toHex(snapshotId), time, missing })),
    retention,
  )
  return all.filter((one) => ids.has(toHex(one.snapshotId)))
}

/** Appends the new rows as a segment that absorbs earlier ones, as far as there is room. */
function writeSegment({ db, store, writer, previous, generation, maxSize }: FinishOptions): {
  segments: Catalog['segments']
  segment: Finished['segment']
} {
  const live = previous?.catalog.segments ?? []
  if (store.newRows === 0) return { segments: live, segment: null }
  const known = db.prepare('SELECT gen_from, gen_to, rows FROM segment ORDER BY gen_to').all() as {
    gen_from: number
    rows: number
  }[]
  let absorbed =
    known.length === live.length
      ? segmentsToAbsorb(
          live.map(({ rows }) => rows),
          store.newRows,
        )
      : 0
  const total = () =>
    known.slice(known.length - absorbed).reduce((sum, { rows }) => sum + rows, store.newRows)
  const room = maxSize - writer.size - CATALOG_ROOM
  while (absorbed > 0 && total() * INDEX_ROW * 1.01 > room) absorbed--
  const from = absorbed > 0 ? (known[known.length - absorbed]?.gen_from ?? generation) : generation
  const { run, rows } = appendRows(db, store, from, generation)
  return { segments: [...live.slice(0, live.length - absorbed), { rows, run }], segment: { from, rows } }
}

/** Kept free behind an index segment for catalog, padding and footer. */
const CATALOG_ROOM = 256 * 1024

function appendRows(
  db: DatabaseSync,
  store: BlobStore,
  from: number,
  to: number,
): { run: Run; rows: number } {
  const select = db.prepare(
    `SELECT b.id, v.id AS volume_id, b.offset, b.stored, b.plain FROM blob b JOIN volume v ON v.n = b.volume
     WHERE b.gen BETWEEN ? AND ? ORDER BY b.id, b.volume`,
  )
  const run: Run = []
  let body = new Uint8Array(0)
  let filled = 0
  let rows = 0
  const flush = () => {
    if (filled === 0) return
    const bytes = body.subarray(0, filled)
    run.push({ ...store.appendPlain(BLOB_TYPE.index, bytes), start: 0, length: filled })
    filled = 0
  }
  for (const row of select.iterate(from, to)) {
    const { id, volume_id, offset, stored, plain } = row as {
      id: Uint8Array
      volume_id: Uint8Array
      offset: number
      stored: number
      plain: number
    }
    if (body.length < filled + INDEX_ROW) {
      const larger = new Uint8Array(
        Math.min(ROWS_PER_BLOB * INDEX_ROW, Math.max(64 * INDEX_ROW, 2 * body.length)),
      )
      larger.set(body.subarray(0, filled))
      body = larger
    }
    writeIndexRow({ blobId: id, volumeId: volume_id, offset, stored, plain }, body, filled)
    filled += INDEX_ROW
    rows++
    if (filled === ROWS_PER_BLOB * INDEX_ROW) flush()
  }
  flush()
  return { run, rows }
}
