import { BLOB_TYPE, blobId } from '@dmc/core/log/blob'
import { equalBytes } from '@dmc/core/log/bytes'
import { cborItemLength, decodeCbor } from '@dmc/core/log/cbor'
import { type ContentRef, contentRefFromCbor, type Slice } from '@dmc/core/log/locator'
import type { LogCrypto } from '@dmc/core/log/log-crypto'
import { logCorrupt } from '@dmc/core/log/log-error'
import {
  ENTRY_KIND,
  type EntryKind,
  encodeEntry,
  encodeEntryWith,
  NO_CONTENT,
  type NodeEntry,
} from '@dmc/core/log/node-entry'
import { joinBytes } from '../path-bytes.ts'
import type { BlobStore } from './blob-store.ts'
import type { Manifest, NodeRow, WalkedDir } from './manifest.ts'
import { encodeRef, RefBuilder } from './ref-builder.ts'

/** Plain bytes of a node blob. */
const PACK_MAX = 1024 * 1024
/** From here on the pack is cut behind an entry whose name says so, so that an insertion moves only cuts near it. */
const PACK_MIN = 64 * 1024
const CUT_MASK = 0x3ff

export interface EncodeNodesOptions {
  manifest: Manifest
  prev: Manifest | null
  store: BlobStore
  crypto: LogCrypto
  blobIdKey: Uint8Array
  gear: Int32Array
  /** Called often. */
  onEntries(): void
}

/** What the nodes say about the whole snapshot. */
export interface NodeTotals {
  files: number
  directories: number
  links: number
  others: number
  bytes: number
  missing: number
  /** The first of them: path from the root, reason. */
  partial: { path: Buffer; reason: string }[]
}

const MOST_PARTIAL = 1000
const TELL_EVERY = 1000
/** What can be told apart from the last snapshot's by its row; a hard link depends on other names, a listed entry is told anew each time. */
const PLAIN_KINDS: readonly number[] = [ENTRY_KIND.file, ENTRY_KIND.directory, ENTRY_KIND.symlink]
const MOST_PARTIAL_BYTES = 1024 * 1024

/** A folder whose bytes lie, in part, in the pack that is being filled. */
interface OpenFolder {
  dir: WalkedDir
  /** Where its bytes begin in the pack: 0 when they began in an earlier one. */
  from: number
  /** -1 while it is being encoded. */
  to: number
  ref: RefBuilder
  /** HMAC of the folder's bytes, when all of them lie in one pack. */
  hash: Uint8Array | null
}

/**
 * Encodes all folders bottom-up: each depth after the one below it, so that a folder's entries know the content refs
 * of their folders. A folder that equals the same one of the last snapshot keeps that one's ref.
 */
export class NodeEncoder {
  readonly #o: EncodeNodesOptions
  readonly #pack = Buffer.allocUnsafeSlow(PACK_MAX)
  #length = 0
  #open: OpenFolder[] = []
  readonly totals: NodeTotals = {
    files: 0,
    directories: 0,
    links: 0,
    others: 0,
    bytes: 0,
    missing: 0,
    partial: [],
  }
  #partialBytes = 0
  #untold = 0

  constructor(options: EncodeNodesOptions) {
    this.#o = options
  }

  /** The content ref of the root folder. */
  run(): ContentRef {
    const { manifest } = this.#o
    const depths = manifest.sql('SELECT max(depth) AS depth FROM dir').get() as { depth: number }
    manifest.db.exec('BEGIN')
    for (let depth = depths.depth; depth >= 0; depth--) {
      for (const dir of this.#foldersAt(depth)) if (!this.#keep(dir)) this.#folder(dir)
      this.#flush()
    }
    manifest.db.exec('COMMIT')
    const root = manifest.dir(1)
    return root?.ref ? readRef(root.ref) : NO_CONTENT
  }

  /** True when the root folder is the same as in the last snapshot. */
  rootReused(): boolean {
    const { manifest, prev } = this.#o
    const before = prev?.dir(1)?.ref
    const now = manifest.dir(1)?.ref
    return before && now ? equalBytes(before, now) : prev !== null && !before && !now
  }

  *#foldersAt(depth: number): Generator<WalkedDir> {
    const page = this.#o.manifest.sql(
      'SELECT id, parent, prev, same FROM dir WHERE depth = ? AND id > ? ORDER BY id LIMIT 500',
    )
    for (let after = 0; ; ) {
      const rows = page.all(depth, after) as unknown as WalkedDir[]
      yield* rows
      const last = rows.at(-1)
      if (!last) return
      after = last.id
    }
  }

  /** True for a folder of which nothing differs, down to its last file: it is the last snapshot's without being encoded. */
  #keep(dir: WalkedDir): boolean {
    const { manifest, prev } = this.#o
    const known = dir.same === 1 ? prev?.dir(dir.prev) : undefined
    if (!known) return false
    const tally = manifest.tally(dir.id)
    if (!tally.every(({ kind }) => PLAIN_KINDS.includes(kind))) return false
    const entries = tally.reduce((sum, one) => sum + one.entries, 0)
    // each of them is there as it was; is there none less?
    if (entries !== prev?.countIn(dir.prev) || (known.ref === null) !== (entries === 0)) return false
    if (known.ref) mustBeWhole(known.ref)
    const { totals } = this
    totals.directories++
    for (const one of tally) {
      if (one.kind === ENTRY_KIND.symlink) totals.links += one.entries
      else if (one.kind === ENTRY_KIND.file) {
        totals.files += one.entries
        totals.bytes += one.bytes
      }
    }
    this.#save(dir.id, known.ref, known.hash)
    this.#tell(entries)
    return true
  }

  #folder(dir: WalkedDir): void {
    const { manifest, store } = this.#o
    const { id } = dir
    const folder: OpenFolder = { dir, from: this.#length, to: -1, ref: new RefBuilder(store), hash: null }
    this.#open.push(folder)
    let path: Buffer | null = null
    let flushed = false
    this.totals.directories++
    for (const row of manifest.entriesOf(id)) {
      const entry = withoutContent(row)
      if (entry.kind === ENTRY_KIND.listed) {
        path ??= manifest.pathOf(id)
        this.#count(entry, joinBytes(path, row.name))
      } else this.#count(entry, null)
      const content = this.#contentOf(row, entry.kind)
      const encoded = content ? encodeEntryWith(entry, content) : encodeEntry(entry)
      if (this.#length + encoded.length > PACK_MAX) {
        this.#flush()
        flushed = true
      }
      this.#pack.set(encoded, this.#length)
      this.#length += encoded.length
      if (this.#length >= PACK_MIN && this.#cutBehind(row.name)) {
        this.#flush()
        flushed = true
      }
      this.#tell(1)
    }
    folder.to = this.#length
    if (!flushed) this.#settle(folder)
    else if (this.#length === 0) {
      this.#open.pop()
      this.#close(folder)
    }
  }

  #tell(entries: number): void {
    this.#untold += entries
    if (this.#untold < TELL_EVERY) return
    this.#untold = 0
    this.#o.onEntries()
  }

  /** A folder that is wholly in the pack, and the last one there: taken out when the last snapshot has the same. */
  #settle(folder: OpenFolder): void {
    const { crypto, blobIdKey, prev } = this.#o
    if (folder.to === folder.from) {
      this.#open.pop() // an empty folder has no bytes
      this.#close(folder)
      return
    }
    folder.hash = blobId(crypto, blobIdKey, BLOB_TYPE.node, this.#pack.subarray(folder.from, folder.to))
    const before = folder.dir.prev
    const known = before ? prev?.dir(before) : undefined
    if (!known?.hash || !known.ref || !equalBytes(known.hash, folder.hash)) return
    this.#open.pop()
    this.#length = folder.from
    this.#save(folder.dir.id, known.ref, known.hash)
    this.#o.store.reusedBytes += folder.to - folder.from
  }

  #flush(): void {
    if (this.#length === 0) return
    const locator = this.#o.store.store(BLOB_TYPE.node, this.#pack.subarray(0, this.#length))
    const unfinished: OpenFolder[] = []
    for (const folder of this.#open) {
      const to = folder.to === -1 ? this.#length : folder.to
      const slice: Slice = { ...locator, start: folder.from, length: to - folder.from }
      if (slice.length > 0) folder.ref.add(slice)
      folder.from = 0
      if (folder.to === -1) unfinished.push(folder)
      else this.#close(folder)
    }
    this.#open = unfinished
    this.#length = 0
  }

  #close(folder: OpenFolder): void {
    const ref = folder.ref.finish()
    const { id, parent } = folder.dir
    this.#save(id, ref.run.length === 0 ? null : encodeRef(ref), folder.hash)
    // folders above it are encoded after it
    this.#o.manifest.sql('UPDATE dir SET same = 0 WHERE id = ?').run(parent)
  }

  #save(id: number, ref: Uint8Array | null, hash: Uint8Array | null): void {
    this.#o.manifest.sql('UPDATE dir SET ref = ?, hash = ? WHERE id = ?').run(ref, hash, id)
  }

  #cutBehind(name: Uint8Array): boolean {
    let hash = 0
    for (const byte of name) hash = ((hash << 1) + (this.#o.gear[byte] as number)) | 0
    return ((hash ^ (hash >>> 16)) & CUT_MASK) === 0
  }

  /** The encoded content ref of a file or folder, taken over as it is: it was encoded by this agent, now or last time. */
  #contentOf(row: NodeRow, kind: EntryKind): Uint8Array | null {
    let ref: Uint8Array | null | undefined = null
    if (kind === ENTRY_KIND.file) ref = row.ref
    else if (kind === ENTRY_KIND.directory) ref = this.#o.manifest.dir(Number(row.child))?.ref
    if (!ref) return null
    mustBeWhole(ref)
    return ref
  }

  #count(entry: NodeEntry, path: Buffer | null): void {
    const { totals } = this
    if (entry.kind === ENTRY_KIND.file) {
      totals.files++
      totals.bytes += entry.size
    } else if (entry.kind === ENTRY_KIND.symlink || entry.kind === ENTRY_KIND.hardlink) totals.links++
    else if (path && (entry.listedAs === 'unreadable' || entry.listedAs === 'changed')) {
      totals.missing++
      this.#partialBytes += path.length + 100
      if (totals.partial.length < MOST_PARTIAL && this.#partialBytes < MOST_PARTIAL_BYTES) {
        totals.partial.push({ path, reason: entry.reason ?? entry.listedAs })
      }
    } else if (path) totals.others++
  }
}

/** A manifest that the disk has damaged must not make a folder that can't be read. */
function mustBeWhole(ref: Uint8Array): void {
  if (cborItemLength(ref, 0) !== ref.length) throw logCorrupt('A cached content ref is damaged.')
}

const readRef = (bytes: Uint8Array): ContentRef =>
  contentRefFromCbor(decodeCbor(bytes, 'A cached content ref'))

/** A row as a node entry; a folder's content ref is added by the caller. */
export function toEntry(row: NodeRow): NodeEntry {
  const entry = withoutContent(row)
  return entry.kind === ENTRY_KIND.file && row.ref ? { ...entry, content: readRef(row.ref) } : entry
}

function withoutContent(row: NodeRow): NodeEntry {
  const kind = Number(row.kind) as EntryKind
  const entry: NodeEntry = {
    name: row.name,
    kind,
    mode: Number(row.mode),
    mtimeNs: row.mtime,
    size: kind === ENTRY_KIND.file ? Number(row.size) : 0,
    content: NO_CONTENT,
    uid: Number(row.uid),
    gid: Number(row.gid),
    holes: kind === ENTRY_KIND.file && row.holes ? (JSON.parse(row.holes) as number[]) : [],
  }
  if (kind === ENTRY_KIND.symlink && row.target) entry.target = row.target
  if (kind === ENTRY_KIND.hardlink && row.target) entry.linkPath = row.target
  if (kind === ENTRY_KIND.listed && row.listed) {
    entry.listedAs = row.listed
    if (row.reason !== null) entry.reason = row.reason
  }
  return entry
}
