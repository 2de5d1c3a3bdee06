import type { BigIntStats } from 'node:fs'
import { BLOB_TYPE } from '@dmc/core/log/blob'
import { CUT_MAX, CUT_MIN } from '@dmc/core/log/chunker'
import type { ContentRef } from '@dmc/core/log/locator'
import type { LogCrypto } from '@dmc/core/log/log-crypto'
import { ENTRY_KIND } from '@dmc/core/log/node-entry'
import { readAhead } from '../../disk/read-ahead.ts'
import { joinBytes } from '../path-bytes.ts'
import type { BlobStore } from './blob-store.ts'
import { type Cut, Cutter } from './cutter.ts'
import { HoleFinder } from './find-holes.ts'
import type { Manifest, TodoRow } from './manifest.ts'
import { readAt, readStable } from './read-content.ts'
import { encodeRef, RefBuilder } from './ref-builder.ts'
import { signed } from './scan.ts'
import { closeGaps, type KeptContent, SmallFiles, type StoredCut } from './small-files.ts'

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
  crypto: LogCrypto
  /** Key of the hashes by which small files are found again; they stay on this host. */
  hashKey: Uint8Array
  gear: Int32Array
  singleFile: boolean
  /** Called for each file that is done, with its bytes unless `onBytes` told of them. */
  onFile(path: Buffer, bytes: number): void
  /** Called for each piece of a large file. */
  onBytes(path: Buffer, bytes: number): void
}

/** Reads every file that is still to be read, in walk order, and writes its content ref into the manifest. */
export class ContentEncoder {
  readonly #o: EncodeContentOptions
  readonly #small: SmallFiles
  readonly #own: Cutter
  /** What a file's own chunks are added to. */
  #ref: RefBuilder
  #folder: { id: number; path: Buffer } = { id: 0, path: Buffer.alloc(0) }

  constructor(options: EncodeContentOptions) {
    this.#o = options
    const { gear, store, prev, crypto, hashKey } = options
    this.#ref = new RefBuilder(store)
    this.#own = new Cutter(gear, (cuts) => {
      for (const { chunk, locator } of this.#storeAll(cuts))
        this.#ref.add({ ...locator, start: 0, length: chunk.length })
    })
    this.#small = new SmallFiles({
      gear,
      crypto,
      hashKey,
      find: (hash) => prev?.contentOf(hash)?.ref,
      store: (cuts) => this.#storeAll(cuts),
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
    let large: { ref: ContentRef; holes: number[] } | null = null
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
        large = { ref: this.#ref.finish(), holes: holes?.finish() ?? [] }
        this.#ref = new RefBuilder(this.#o.store)
        return true
      },
      () => {
        this.#own.reset()
        this.#ref = new RefBuilder(this.#o.store)
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
      if (large) this.#update(row, keptOf(large))
      else this.#small.add(row, Number(outcome.stat.size), holes)
      this.#o.onFile(path, large ? 0 : Number(outcome.stat.size))
    }
  }

  #readSmall(fd: number, size: number, path: Buffer): boolean {
    const space = this.#small.space(size + 1)
    // one byte more shows a file that grew
    return readAt(fd, space.subarray(0, size + 1), 0, path) === size
  }

  #readLarge(fd: number, size: number, path: Buffer, holes: HoleFinder | null): boolean {
    if (size > AHEAD) readAhead(fd, 0, AHEAD)
    for (let at = 0; at < size; ) {
      if (at + AHEAD < size) readAhead(fd, at + AHEAD, CUT_MAX)
      const space = this.#own.space(CUT_MAX).subarray(0, Math.min(CUT_MAX, size - at))
      const read = readAt(fd, space, at, path)
      if (read < space.length) return false
      this.#own.commit(holes ? closeGaps(holes, space, at) : read)
      at += read
      this.#o.onBytes(path, read)
    }
    return readAt(fd, Buffer.allocUnsafe(1), size, path) === 0
  }

  *#storeAll(cuts: readonly Cut[]): Generator<StoredCut> {
    const { store } = this.#o
    const ids = store.idsOf(
      BLOB_TYPE.content,
      cuts.map(({ chunk }) => chunk),
    )
    for (const [i, cut] of cuts.entries()) {
      yield { ...cut, locator: store.store(BLOB_TYPE.content, cut.chunk, ids[i]) }
    }
  }

  #update(row: TodoRow, { ref, holes, hash }: KeptContent): void {
    this.#o.manifest
      .sql('UPDATE entry SET ref = ?, holes = ?, hash = ?, todo = 0 WHERE dir = ? AND name = ?')
      .run(ref, holes, hash, row.dir, row.name)
  }

  /** The file as it was when it was read, which may be later than when it was found. */
  #setStat(row: TodoRow, stat: BigIntStats): void {
    const racy = Date.now() - Number(stat.ctimeNs / 1_000_000n) < RACY_MS
    const ctime = racy ? NEVER : stat.ctimeNs
    if (!racy && stat.mtimeNs === row.mtime && stat.ctimeNs === row.ctime && stat.size === row.size) return
    this.#o.manifest
      .sql(
        `UPDATE entry SET mode = ?, mtime = ?, ctime = ?, dev = ?, ino = ?, size = ?, disk = ?, uid = ?, gid = ?
         WHERE dir = ? AND name = ?`,
      )
      .run(
        stat.mode & 0o7777n,
        stat.mtimeNs,
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

const keptOf = ({ ref, holes }: { ref: ContentRef; holes: number[] }): KeptContent => ({
  ref: ref.run.length === 0 ? null : encodeRef(ref),
  holes: holes.length === 0 ? null : JSON.stringify(holes),
  hash: null,
})
