import { hostname } from 'node:os'
import { fromHex, toHex } from '@dmc/core/log/bytes'
import { type Catalog, decodeCatalog } from '@dmc/core/log/catalog'
import { deriveVolumeKey } from '@dmc/core/log/derive-keys'
import { ENTRY_KIND } from '@dmc/core/log/node-entry'
import { nodeLogCrypto as crypto } from '@dmc/core/log/node-log-crypto'
import type { SnapshotRecord } from '@dmc/core/log/snapshot-record'
import { rootFromChunkRoots } from '@dmc/core/merkle/commitment'
import { CHUNK_SIZE, treeDepth } from '@dmc/core/merkle/constants'
import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import { showPath } from '../path-bytes.ts'
import { manifestFile } from '../source-paths.ts'
import type { EncodedResult } from '../types.ts'
import type { EncodedTree, SnapshotWork } from './encode-snapshot.ts'
import { finishSnapshot } from './finish-snapshot.ts'
import { writeBig } from './json-big.ts'
import { readVolumes, type VolumeRow } from './log-db.ts'
import { syncFile } from './spool-io.ts'

/** Writes record, index, catalog and footer, and what the session has become; all of it durable at once. */
export function endSnapshot(work: SnapshotWork, tree: EncodedTree): EncodedResult {
  const { job, db, keys, session, head, writer, journal } = work
  const { target } = job
  const { totals, root } = tree
  const volumes = readVolumes(db)
  const record: SnapshotRecord = {
    snapshotId: crypto.randomBytes(16),
    startedAt: session.started,
    finishedAt: Date.now(),
    host: hostname(),
    sourcePath: job.sourcePath,
    root,
    totals: {
      files: totals.files,
      directories: root.kind === ENTRY_KIND.file ? 0 : totals.directories,
      links: totals.links,
      others: totals.others,
      bytes: totals.bytes,
    },
    partial: totals.partial,
    missing: totals.missing,
    addedBytes: tree.store.addedBytes,
  }
  const before = volumes.find(({ n }) => n === head?.volume)
  const finished = finishSnapshot({
    db,
    crypto,
    store: tree.store,
    writer,
    blobIdKey: keys.blobIdKey,
    volumeKey: deriveVolumeKey(crypto, keys.sourceKey, fromHex(target.volumeId), target.keyEpoch),
    volumeId: fromHex(target.volumeId),
    maxSize: target.maxSize,
    record,
    previous:
      head && before
        ? { catalog: decodeCatalog(head.catalog), volumeId: before.id, footerOffset: head.footer_offset }
        : null,
    volumes: volumes.map(toCatalog),
    sourceName: job.sourceName,
    generation: session.gen,
    retention: job.retention,
  })
  const root32 = rootFromChunkRoots(
    createNodeHasher(),
    writer.finish(),
    treeDepth(target.maxSize / CHUNK_SIZE),
  )
  const result: EncodedResult = {
    commitment: { root: `0x${toHex(root32)}`, size: BigInt(writer.size) },
    snapshot: {
      snapshotId: toHex(record.snapshotId),
      generation: session.gen,
      time: record.finishedAt,
      files: totals.files,
      bytes: totals.bytes,
      missing: totals.missing,
      addedBytes: writer.size - job.base.size,
    },
    missing: totals.partial.map(({ path, reason }) => ({ path: showPath(path), reason })),
    excluded: tree.excluded,
    forgotten: finished.forgotten,
    unchanged: false,
  }
  db.prepare(
    'UPDATE session SET root = ?, result = ?, catalog = ?, root_entry = ?, segment_from = ?, segment_rows = ?',
  ).run(
    result.commitment.root,
    JSON.stringify(result, writeBig),
    finished.catalog,
    tree.rootEntry,
    finished.segment?.from ?? null,
    finished.segment?.rows ?? null,
  )
  syncFile(manifestFile(job.folder, session.id))
  journal.write()
  journal.end()
  return result
}

const toCatalog = (row: VolumeRow): Catalog['volumes'][number] => ({
  volumeId: row.id,
  number: row.number,
  keyEpoch: row.key_epoch,
  maxSize: row.max_size,
  chainId: row.chain_id,
  market: row.market,
  orderIds: (JSON.parse(row.orders) as string[]).map(BigInt),
})
