import { DmcError } from '@dmc/core/errors/dmc-error'
import { BLOB_TYPE } from '@dmc/core/log/blob'
import { compareBytes, toHex } from '@dmc/core/log/bytes'
import { logCorrupt } from '@dmc/core/log/log-error'
import { decodeEntry, ENTRY_KIND, type NodeEntry } from '@dmc/core/log/node-entry'
import { splitSafePath } from '@dmc/core/log/safe-name'
import { decodeSnapshotRecord, type SnapshotRecord } from '@dmc/core/log/snapshot-record'
import type { OpenedCatalog } from './open-catalog.ts'
import { joinBytes, showPath } from './path-bytes.ts'
import { BlobReader, cborItems } from './read-blob.ts'
import type { VolumeReader } from './types.ts'

/** One snapshot, open for reading. */
export interface OpenedSnapshot {
  snapshotId: string
  record: SnapshotRecord
  blobs: BlobReader
  /** What it was opened from. */
  opened: OpenedCatalog
  reader: VolumeReader
}

/**
 * Opens a snapshot by its id, a beginning of it of at least 4 digits, or the newest.
 * @throws SNAPSHOT_NOT_FOUND, NOTHING_TO_RESTORE, LOG_CORRUPT.
 */
export async function openSnapshot(options: {
  opened: OpenedCatalog
  reader: VolumeReader
  snapshotId?: string
  signal?: AbortSignal
}): Promise<OpenedSnapshot> {
  const { opened, reader, snapshotId, signal } = options
  const { snapshots } = opened.catalog
  if (snapshots.length === 0) {
    throw new DmcError('NOTHING_TO_RESTORE', 'The log has no snapshot yet.', { hint: 'Back up first.' })
  }
  const matches =
    snapshotId === undefined
      ? snapshots.slice(-1)
      : snapshots.filter(
          (s) => snapshotId.length >= 4 && toHex(s.snapshotId).startsWith(snapshotId.toLowerCase()),
        )
  const [chosen] = matches
  if (!chosen || matches.length > 1) {
    throw new DmcError(
      'SNAPSHOT_NOT_FOUND',
      chosen
        ? `${matches.length} snapshots begin with ${snapshotId}.`
        : `There is no snapshot ${snapshotId}.`,
      { hint: 'dmc-agent snapshots lists them; at least 4 digits of the id are enough.' },
    )
  }
  const blobs = new BlobReader(reader, opened.keys, opened.catalog, signal)
  const record = decodeSnapshotRecord(await blobs.open(BLOB_TYPE.snapshot, chosen.record))
  if (compareBytes(record.snapshotId, chosen.snapshotId) !== 0) {
    throw logCorrupt('The snapshot record is not the one that the catalog names.')
  }
  return { snapshotId: toHex(chosen.snapshotId), record, blobs, opened, reader }
}

/** The entries of a directory, by name. @throws LOG_CORRUPT (also when a name occurs twice), UNSAFE_PATH. */
export async function* entriesOf(blobs: BlobReader, directory: NodeEntry): AsyncGenerator<NodeEntry> {
  let last: Uint8Array | null = null
  for await (const item of cborItems(blobs.bytesOf(BLOB_TYPE.node, blobs.slicesOf(directory.content)))) {
    const entry = decodeEntry(item)
    if (last && compareBytes(last, entry.name) >= 0) {
      throw logCorrupt('The names of a folder are not in order, or occur twice.')
    }
    last = entry.name
    yield entry
  }
}

/** The entry at a path from the root, parts joined with `/`; empty for the root. @throws PATH_NOT_FOUND. */
export async function findEntry(
  { record, blobs }: Pick<OpenedSnapshot, 'record' | 'blobs'>,
  path: Uint8Array,
): Promise<NodeEntry> {
  let entry = record.root
  const parts = path.length === 0 ? [] : splitSafePath(path)
  if (
    entry.kind === ENTRY_KIND.file &&
    parts.length === 1 &&
    compareBytes(parts[0] as Uint8Array, entry.name) === 0
  ) {
    return entry
  }
  for (const part of parts) {
    const next = entry.kind === ENTRY_KIND.directory ? await childOf(blobs, entry, part) : null
    if (!next) {
      throw new DmcError('PATH_NOT_FOUND', `The snapshot has no ${showPath(path)}.`, {
        hint: 'dmc-agent ls shows what is in it; paths are relative to the source.',
      })
    }
    entry = next
  }
  return entry
}

async function childOf(blobs: BlobReader, directory: NodeEntry, name: Uint8Array): Promise<NodeEntry | null> {
  for await (const entry of entriesOf(blobs, directory)) {
    const order = compareBytes(entry.name, name)
    if (order === 0) return entry
    if (order > 0) return null
  }
  return null
}

export interface ListedEntry {
  /** From the snapshot's root. */
  path: Buffer
  entry: NodeEntry
}

/** What is at a path: a folder's entries (all below it when `recursive`), or the one entry. Memory stays bounded by depth. */
export async function* listSnapshot(
  snapshot: OpenedSnapshot,
  { path = new Uint8Array(0), recursive = false }: { path?: Uint8Array; recursive?: boolean } = {},
): AsyncGenerator<ListedEntry> {
  const start = await findEntry(snapshot, path)
  if (start.kind !== ENTRY_KIND.directory) {
    yield { path: Buffer.from(path.length === 0 ? start.name : path), entry: start }
    return
  }
  yield* below(snapshot.blobs, start, Buffer.from(path), recursive)
}

async function* below(
  blobs: BlobReader,
  directory: NodeEntry,
  path: Buffer,
  recursive: boolean,
): AsyncGenerator<ListedEntry> {
  for await (const entry of entriesOf(blobs, directory)) {
    const at = joinBytes(path, entry.name)
    yield { path: at, entry }
    if (recursive && entry.kind === ENTRY_KIND.directory) yield* below(blobs, entry, at, true)
  }
}
