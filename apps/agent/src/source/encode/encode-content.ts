import type { BigIntStats } from 'node:fs'
import { CUT_MAX, CUT_MIN } from '@dmc/core/log/chunker'
import type { LogCrypto } from '@dmc/core/log/log-crypto'
import { ENTRY_KIND, keptTime } from '@dmc/core/log/node-entry'
import { readAhead } from '../../disk/read-ahead.ts'
import { joinBytes } from '../path-bytes.ts'
import type { BlobStore } from './blob-store.ts'
import { Cutter } from './cutter.ts'
import { HoleFinder } from './find-holes.ts'
import { type Manifest, modeBits, signed, type TodoRow } from './manifest.ts'
import { readAt, readStable } from './read-content.ts'
import { encodeRef, RefBuilder } from './ref-builder.ts'
import { closeGaps, type KeptContent, SmallFiles } from './small-files.ts'
import type { ChunkStore, CutTarget } from './store-chunks.ts'

/** A large file is read so far ahead by the kernel while what came before is sealed. */
const AHEAD = 4 * CUT_MAX
/** A change within this time of the read may not show in the times: such a file is read again next time. */
const RACY_MS = 20
/** A file's ctime that matches none. */
const NEVER = 0n

export interface EncodeContentOptions {
  root: Buffer
  manifest: Manifest
  /** The manifest of the last snapshot, when everything that it refers to may be pointed at. */
  prev: Manifest | null
  store: BlobStore
  chunks: ChunkStore
  crypto: LogCrypto
  /** Key of the hashes by which small files are found again; they stay on this host. */
  hashKey: Uint8Array
  singleFile: boolean
  /** Called for each file that is done, with its bytes unless `onBytes` told of them. */
  onFile(path: Buffer, bytes: number): void
  /** Called for each piece of a large file. */
  onBytes(path: Buffer, bytes: number): void
}

/** Where the chunks of a large file go: dropped when it changed while it was read. */
interface LargeFile extends CutTarget {
  dropped: boolean
  ref: RefBuilder
}

/** Reads every file that is still to be read, in walk order, and writes its content ref into the manifest. */
export class ContentEncoder {
  readonly #o: EncodeContentOptions
  readonly #small: SmallFiles
  readonly #own: Cutter
  /** What is being read. */
  #file: LargeFile
  #folder: { id: number; path: Buffer } = { id: 0, path: Buffer.alloc(0) }

  constructor(options: EncodeContentOptions) {
    this.#o = options
    const { store, chunks, prev, crypto, hashKey } = options
    this.#file = this.#newFile()
    this.#own = new Cutter(chunks.rooms(), (cuts, room) => chunks.store(cuts, room, this.#file))
    this.#small = new SmallFiles({
      chunks,
      crypto,
      hashKey,
      find: (hash) => prev?.contentOf(hash)?.ref,
      keep: (row, content) => this.#update(row, content),
      onReused: (bytes) => {
        store.reusedBytes += bytes
      },
    })
  }

  run(): void {
    const { manifest } = this.#o
    manifest.db.exec('BEGIN')
    for (const row of manifest.todo()) {
      const path = this.#pathOf(row)
      if (row.nlink > 1n && this.#linked(row)) continue
      if (row.ref !== null || row.size === 0n) this.#setTodo(row)
      else this.#encode(row, path)
    }
    this.#small.flush()
    this.#o.chunks.drain()
    manifest.indexHashes()
    manifest.db.exec('COMMIT')
  }

  #pathOf(row: TodoRow): Buffer {
    const { root, manifest, singleFile } = this.#o
    if (singleFile) return root
    const dir = Number(row.dir)
    if (this.#folder.id !== dir) {
      this.#folder = { id: dir, path: dir === 1 ? root : joinBytes(root, manifest.pathOf(dir)) }
    }
    return joinBytes(this.#folder.path, row.name)
  }

  /** True when another name of this inode came before: the row becomes a hard link to it. */
  #linked(row: TodoRow): boolean {
    const { manifest } = this.#o
    const first = manifest.sql('SELECT dir, name FROM link WHERE dev = ? AND ino = ?').get(row.dev, row.ino)
    if (!first) {
      manifest
        .sql('INSERT INTO link (dev, ino, dir, name) VALUES (?, ?, ?, ?)')
        .run(row.dev, row.ino, row.dir, row.name)
      return false
    }
    const { dir, name } = first as { dir: number; name: Uint8Array }
    manifest
      .sql(
        'UPDATE entry SET kind = ?, todo = 0, target = ?, ref = NULL, holes = NULL WHERE dir = ? AND name = ?',
      )
      .run(ENTRY_KIND.hardlink, joinBytes(manifest.pathOf(dir), name), row.dir, row.name)
    return true
  }

  #encode(row: TodoRow, path: Buffer): void {
    let large: { file: LargeFile; holes: number[] } | null = null
    let holes: HoleFinder | null = null
    const outcome = readStable(
      path,
      (fd, stat) => {
        const size = Number(stat.size)
        holes = stat.blocks * 512n < stat.size ? new HoleFinder() : null
        large = null
        if (size < CUT_MIN) return this.#readSmall(fd, size, path)
        if (!this.#readLarge(fd, size, path, holes)) return false
        this.#own.flush()
        large = { file: this.#file, holes: holes?.finish() ?? [] }
        return true
      },
      () => {
        this.#own.reset()
        this.#file.dropped = true
        this.#file = this.#newFile()
      },
    )
    if (outcome === 'gone') this.#remove(row)
    else if ('listed' in outcome) {
      this.#o.manifest
        .sql(
          'UPDATE entry SET kind = ?, todo = 0, listed = ?, reason = ?, size = 0 WHERE dir = ? AND name = ?',
        )
        .run(ENTRY_KIND.listed, outcome.listed, outcome.reason, row.dir, row.name)
      this.#forgetLink(row)
    } else {
      this.#setStat(row, outcome.stat)
      if (large) this.#finish(row, large)
      else this.#small.add(row, Number(outcome.stat.size), holes)
      this.#o.onFile(path, large ? 0 : Number(outcome.stat.size))
    }
  }

  #newFile(): LargeFile {
    const file: LargeFile = {
      dropped: false,
      ref: new RefBuilder(this.#o.store),
      stored: ({ chunk, locator }) => file.ref.add({ ...locator, start: 0, length: chunk.length }),
    }
    return file
  }

  /** Once the last of its chunks is stored. */
  #finish(row: TodoRow, { file, holes }: { file: LargeFile; holes: number[] }): void {
    this.#file = this.#newFile()
    this.#o.chunks.after(() => {
      const { run, level } = file.ref.finish()
      const ref = run.length === 0 ? null : encodeRef({ run, level })
      this.#update(row, { ref, holes: holes.length === 0 ? null : JSON.stringify(holes), hash: null })
    })
  }

  #readSmall(fd: number, size: number, path: Buffer): boolean {
    const space = this.#small.space(size + 1)
    // one byte more shows a file that grew
    return readAt(fd, space.subarray(0, size + 1), 0, path) === size
  }

  #readLarge(fd: number, size: number, path: Buffer, holes: HoleFinder | null): boolean {
    if (size > AHEAD) readAhead(fd, 0, AHEAD)
    for (let at = 0; at < size; ) {
      const most = this.#own.behind
      if (at + AHEAD < size) readAhead(fd, at + AHEAD, most)
      const space = this.#own.space(most).subarray(0, Math.min(most, size - at))
      const read = readAt(fd, space, at, path)
      if (read < space.length) return false
      this.#own.commit(holes ? closeGaps(holes, space, at) : read)
      at += read
      this.#o.onBytes(path, read)
    }
    return readAt(fd, Buffer.allocUnsafe(1), size, path) === 0
  }

  #update(row: TodoRow, { ref, holes, hash }: KeptContent): void {
    this.#o.manifest
      .sql('UPDATE entry SET ref = ?, holes = ?, hash = ?, todo = 0 WHERE dir = ? AND name = ?')
      .run(ref, holes, hash, row.dir, row.name)
  }

  /** The file as it was when it was read, which may be later than when it was found. */
  #setStat(row: TodoRow, stat: BigIntStats): void {
    const racy = Date.now() - Number(stat.ctimeNs / 1_000_000n) < RACY_MS
    const mtime = keptTime(stat.mtimeNs)
    const ctime = racy ? NEVER : keptTime(stat.ctimeNs)
    if (mtime === row.mtime && ctime === row.ctime && stat.size === row.size) return
    this.#o.manifest
      .sql(
        `UPDATE entry SET mode = ?, mtime = ?, ctime = ?, dev = ?, ino = ?, size = ?, disk = ?, uid = ?, gid = ?
         WHERE dir = ? AND name = ?`,
      )
      .run(
        modeBits(stat.mode),
        mtime,
        ctime,
        signed(stat.dev),
        signed(stat.ino),
        stat.size,
        stat.blocks * 512n,
        stat.uid,
        stat.gid,
        row.dir,
        row.name,
      )
  }

  #setTodo(row: TodoRow): void {
    this.#o.manifest.sql('UPDATE entry SET todo = 0 WHERE dir = ? AND name = ?').run(row.dir, row.name)
  }

  #remove(row: TodoRow): void {
    this.#forgetLink(row)
    this.#o.manifest.sql('DELETE FROM entry WHERE dir = ? AND name = ?').run(row.dir, row.name)
  }

  /** The next name of this inode then counts as its first. */
  #forgetLink(row: TodoRow): void {
    this.#o.manifest
      .sql('DELETE FROM link WHERE dir = ? AND name = ? AND dev = ? AND ino = ?')
      .run(row.dir, row.name, row.dev, row.ino)
  }
}
