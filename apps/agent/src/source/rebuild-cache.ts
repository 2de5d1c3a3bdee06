import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { BLOB_TYPE } from '@dmc/core/log/blob'
import { equalBytes, toHex } from '@dmc/core/log/bytes'
import type { Catalog } from '@dmc/core/log/catalog'
import { decodeHeader } from '@dmc/core/log/header-leaf'
import { INDEX_ROW, type IndexRow, readIndexRows } from '@dmc/core/log/index-segment'
import { logCorrupt } from '@dmc/core/log/log-error'
import { encodeEntry } from '@dmc/core/log/node-entry'
import { rootFromChunkRoots } from '@dmc/core/merkle/commitment'
import { CHUNK_SIZE, HASH_SIZE, treeDepth } from '@dmc/core/merkle/constants'
import { hashChunks } from '@dmc/core/merkle/hash-chunks'
import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import { bytesToHex } from 'viem'
import { writeBig } from './encode/json-big.ts'
import { openLogDb } from './encode/log-db.ts'
import { openSnapshot } from './list-snapshot.ts'
import { type OpenedCatalog, snapshotsOf } from './open-catalog.ts'
import { BlobReader } from './read-blob.ts'
import { boundaryFile, logDbFile, MANIFEST, rootsFile, sourceFolder, volumeFolder } from './source-paths.ts'
import { isBackupRunning } from './start-backup.ts'
import type { EncodedResult, VolumeHead, VolumeReader } from './types.ts'

export interface RebuildOptions {
  sourceId: string
  dataDir: string
  opened: OpenedCatalog
  /** The heads that `opened` was read from. */
  heads: VolumeHead[]
  reader: VolumeReader
  onProgress?: (progress: { stage: 'index' | 'roots'; done: number; total: number }) => void
  signal?: AbortSignal
}

const READ = 4 * CHUNK_SIZE

/**
 * Makes a source's local cache (log.db, chunk roots, boundary) from its log: after recovery, or when the chain has a
 * commitment that this host did not make. What was here is replaced; an append session in work is forgotten, and the
 * next backup reads every file once (file times of another host say nothing), storing only what the log does not have.
 * @throws SOURCE_BUSY, LOG_CORRUPT and what the reader throws; then the old cache stands.
 */
export async function rebuildCache(options: RebuildOptions): Promise<void> {
  const { sourceId, dataDir, opened, heads } = options
  if (isBackupRunning(sourceId)) {
    throw new DmcError('SOURCE_BUSY', `A backup of source ${sourceId} is running.`, {
      hint: 'Stop it first.',
    })
  }
  const folder = sourceFolder(dataDir, sourceId)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = logDbFile(folder)
  const made = `${file}.new`
  for (const end of ['', '-wal', '-shm']) rmSync(made + end, { force: true })
  const db = openLogDb(made)
  try {
    db.exec('PRAGMA synchronous = OFF; PRAGMA journal_mode = DELETE')
    const largest = largestHeads(heads)
    addVolumes(db, opened.catalog, largest)
    await addIndex(db, options)
    await addHead(db, options)
    for (const head of largest.values()) await addRoots(folder, head, options)
    db.exec('PRAGMA synchronous = FULL')
    db.prepare('UPDATE head SET one = 1').run()
  } finally {
    db.close()
  }
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true })
  renameSync(made, file)
  rmSync(join(folder, 'spool'), { recursive: true, force: true })
  for (const name of readdirSync(folder)) {
    if (MANIFEST.test(name)) rmSync(join(folder, name), { force: true })
  }
}

/** Of copies of one volume the longest. */
function largestHeads(heads: VolumeHead[]): Map<string, VolumeHead> {
  const largest = new Map<string, VolumeHead>()
  for (const head of heads) {
    const id = toHex(decodeHeader(head.header).volumeId)
    const known = largest.get(id)
    if (!known || known.commitment.size < head.commitment.size) largest.set(id, head)
  }
  return largest
}

function addVolumes(db: DatabaseSync, catalog: Catalog, heads: Map<string, VolumeHead>): void {
  const insert = db.prepare(
    `INSERT INTO volume (id, number, key_epoch, max_size, chain_id, market, orders, committed_size, committed_root)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  for (const volume of catalog.volumes) {
    const head = heads.get(toHex(volume.volumeId))
    insert.run(
      volume.volumeId,
      volume.number,
      volume.keyEpoch,
      volume.maxSize,
      volume.chainId,
      volume.market,
      JSON.stringify(volume.orderIds.map(String)),
      // a volume whose order is gone holds nothing that may be pointed at
      head?.commitment.size ?? 0,
      head?.commitment.root ?? null,
    )
  }
}

async function addIndex(
  db: DatabaseSync,
  { opened, reader, onProgress, signal }: RebuildOptions,
): Promise<void> {
  const { catalog } = opened
  const blobs = new BlobReader(reader, opened.keys, catalog, signal)
  const volumes = new Map(
    (db.prepare('SELECT n, id FROM volume').all() as { n: number; id: Uint8Array }[]).map(({ n, id }) => [
      toHex(id),
      n,
    ]),
  )
  const insert = db.prepare(
    'INSERT OR REPLACE INTO blob (id, volume, offset, stored, plain, gen) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const add = (row: IndexRow, generation: number) => {
    const volume = volumes.get(toHex(row.volumeId))
    if (volume === undefined) throw logCorrupt('The index names a volume that the catalog does not.')
    insert.run(row.blobId, volume, row.offset, row.stored, row.plain, generation)
  }
  const total = catalog.segments.reduce((sum, { rows }) => sum + rows, 0)
  let done = 0
  for (const [i, segment] of catalog.segments.entries()) {
    const generation = i + 1 // segments are fewer than generations, so the order is kept
    let rows = 0
    db.exec('BEGIN')
    let rest = new Uint8Array(0)
    for await (const part of blobs.openAll(BLOB_TYPE.index, segment.run)) {
      const bytes = rest.length === 0 ? part : Buffer.concat([rest, part])
      const whole = bytes.length - (bytes.length % INDEX_ROW)
      for (const row of readIndexRows(bytes.subarray(0, whole))) add(row, generation)
      rows += whole / INDEX_ROW
      rest = new Uint8Array(bytes.subarray(whole))
      onProgress?.({ stage: 'index', done: done + rows, total })
    }
    db.exec('COMMIT')
    if (rows !== segment.rows || rest.length > 0) {
      throw logCorrupt(`An index segment has ${rows} rows instead of ${segment.rows}.`)
    }
    done += rows
    db.prepare('INSERT INTO segment (gen_to, gen_from, rows) VALUES (?, ?, ?)').run(
      generation,
      generation,
      rows,
    )
  }
}

async function addHead(db: DatabaseSync, { opened, reader, heads, signal }: RebuildOptions): Promise<void> {
  const { catalog, footer } = opened
  const [newest] = snapshotsOf(catalog)
  if (!newest) throw logCorrupt('The catalog has no snapshot.')
  const { record } = await openSnapshot({ opened, reader, ...(signal ? { signal } : {}) })
  const head = heads.find(
    ({ header, commitment }) =>
      toHex(decodeHeader(header).volumeId) === footer.volumeId &&
      Number(commitment.size) === footer.offset + 1024,
  )
  if (!head) throw logCorrupt('No volume ends with the newest footer.')
  const result: EncodedResult = {
    commitment: head.commitment,
    snapshot: newest,
    missing: record.partial.map(({ path, reason }) => ({ path: Buffer.from(path).toString('utf8'), reason })),
    excluded: 0,
    forgotten: [],
    unchanged: false,
  }
  const volume = db.prepare('SELECT n FROM volume WHERE id = ?').get(Buffer.from(footer.volumeId, 'hex'))
  if (!volume) throw logCorrupt('The catalog does not name the volume that it lies in.')
  db.prepare(
    `INSERT INTO head (one, generation, volume, footer_offset, catalog, root_entry, result, manifest)
     VALUES (1, ?, ?, ?, ?, ?, ?, NULL)`,
  ).run(
    catalog.generation,
    Number(volume.n),
    footer.offset,
    opened.bytes,
    encodeEntry(record.root),
    JSON.stringify(result, writeBig),
  )
}

/** Chunk roots and the last, partial chunk of a volume, checked against its commitment. */
async function addRoots(
  folder: string,
  { header, commitment }: VolumeHead,
  { reader, onProgress, signal }: RebuildOptions,
): Promise<void> {
  const { volumeId, maxSize } = decodeHeader(header)
  const id = toHex(volumeId)
  const size = Number(commitment.size)
  const hasher = createNodeHasher()
  const roots = new Uint8Array(Math.ceil(size / CHUNK_SIZE) * HASH_SIZE)
  mkdirSync(volumeFolder(folder, id), { recursive: true, mode: 0o700 })
  for (let at = 0; at < size; at += READ) {
    const length = Math.min(READ, size - at)
    const first = at / CHUNK_SIZE
    const part = reader.readRoots
      ? await reader.readRoots(id, first, Math.ceil(length / CHUNK_SIZE), signal)
      : hashChunks(hasher, await reader.read(id, at, length, signal))
    roots.set(part, first * HASH_SIZE)
    onProgress?.({ stage: 'roots', done: at + length, total: size })
  }
  const root = rootFromChunkRoots(hasher, roots, treeDepth(maxSize / CHUNK_SIZE))
  if (bytesToHex(root) !== commitment.root.toLowerCase()) {
    throw logCorrupt(`The chunk roots of volume ${id} do not give its commitment.`)
  }
  const fd = openSync(rootsFile(folder, id), 'w', 0o600)
  try {
    writeSync(fd, roots)
  } finally {
    closeSync(fd)
  }
  const tail = size % CHUNK_SIZE
  if (tail === 0) return
  const boundary = await reader.read(id, size - tail, tail, signal)
  const last = roots.subarray(roots.length - HASH_SIZE)
  if (!equalBytes(hashChunks(hasher, boundary), last))
    throw logCorrupt(`The end of volume ${id} is not what its root says.`)
  writeFileSync(boundaryFile(folder, id, size), boundary, { mode: 0o600 })
}
