import { hmacMany } from '@dmc/core/log/blob'
import { CUT_MIN } from '@dmc/core/log/chunker'
import type { Slice } from '@dmc/core/log/locator'
import type { LogCrypto } from '@dmc/core/log/log-crypto'
import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import { Cutter } from './cutter.ts'
import type { HoleFinder } from './find-holes.ts'
import type { TodoRow } from './manifest.ts'
import { encodeRef } from './ref-builder.ts'
import type { ChunkStore, StoredCut } from './store-chunks.ts'

/** After so many files the stream is cut, whatever its length. */
const PACK_FILES = 4096
/** Files of this session that are found again at once. */
const RECENT = 4096
/** Files that are hashed together: as many as `hashMany` takes. */
const BATCH = 64
/** Tells the hash of a small file from a blob id. */
const SMALL_FILE = 0

/** What the manifest keeps of a file's content. */
export interface KeptContent {
  ref: Uint8Array | null
  holes: string | null
  hash: Uint8Array | null
}

export interface SmallFilesOptions {
  crypto: LogCrypto
  /** Key of the hashes by which small files are found again. */
  hashKey: Uint8Array
  /** The content ref of the same bytes in the last snapshot. */
  find(hash: Uint8Array): Uint8Array | null | undefined
  /** Where chunks of the stream are stored. */
  chunks: ChunkStore
  /** What became of a file. */
  keep(row: TodoRow, content: KeptContent): void
  /** Bytes that were stored already. */
  onReused(bytes: number): void
}

interface Read {
  row: TodoRow
  size: number
  finder: HoleFinder | null
}

interface Packed {
  /** The file, and others with the same bytes. */
  rows: TodoRow[]
  start: number
  end: number
  slices: Slice[]
  holes: number[]
  hash: Uint8Array
}

/**
 * Small files share blobs: their bytes are one stream, which is cut by content. Those whose bytes are stored already, or
 * are in the stream, do not enter it: touched, copied or moved they cost their names only. Files wait behind the stream's
 * end, so that many are hashed together; that is twice as fast.
 */
export class SmallFiles {
  readonly #o: SmallFilesOptions
  readonly #cutter: Cutter
  /** Bytes that are held at most. */
  readonly #most: number
  readonly #hashMany = createNodeHasher().hashMany
  /** Read, not yet hashed; their bytes are held by the cutter. */
  #read: Read[] = []
  #bytes = 0
  /** In the stream, not yet stored, in order. */
  #packed: Packed[] = []
  /** Those of them that are as their hash (as text) says. */
  readonly #packedByHash = new Map<string, Packed>()
  /** Encoded content refs by hash (as text). */
  readonly #recent = new Map<string, Uint8Array>()

  constructor(options: SmallFilesOptions) {
    this.#o = options
    const target = { stored: (cut: StoredCut) => this.#onChunk(cut) }
    this.#cutter = new Cutter(options.chunks.rooms(), (cuts, room) =>
      options.chunks.store(cuts, room, target),
    )
    // no more bytes than lie behind the stream's end, with the file that they are read for
    this.#most = this.#cutter.behind - CUT_MIN
  }

  /** Where to read a file to; it is in the stream only once it was added. */
  space(length: number): Buffer {
    if (this.#bytes + length > this.#most) this.#settle()
    return this.#cutter.space(length)
  }

  /** The bytes of a file are in `space`, and whole. */
  add(row: TodoRow, size: number, finder: HoleFinder | null): void {
    this.#cutter.hold(size)
    this.#bytes += size
    this.#read.push({ row, size, finder })
    if (this.#read.length === BATCH) this.#settle()
  }

  /** Every file that was added is stored afterwards. */
  flush(): void {
    this.#settle()
    this.#endStream()
  }

  #endStream(): void {
    this.#cutter.flush()
    this.#o.chunks.drain()
    if (this.#packed.length > 0) throw new Error('a packed file is left without its blobs')
  }

  #settle(): void {
    const read = this.#read
    this.#read = []
    this.#bytes = 0
    const hashes = this.#hashesOf(read)
    for (const [i, file] of read.entries()) {
      const hash = hashes[i] as Uint8Array
      if (file.finder === null && this.#known(file, hash)) this.#cutter.drop(file.size)
      else this.#enter(file, hash)
      if (this.#packed.length >= PACK_FILES) this.#endStream()
    }
  }

  #hashesOf(read: readonly Read[]): Uint8Array[] {
    const { crypto, hashKey } = this.#o
    let at = 0
    const bodies = read.map(({ size }) => {
      at += size
      return this.#cutter.held(at - size, size)
    })
    if (this.#hashMany) return hmacMany(this.#hashMany, hashKey, SMALL_FILE, bodies)
    return bodies.map((body) => crypto.hmac(hashKey, Uint8Array.of(SMALL_FILE), body))
  }

  /** True when the same bytes are stored already, or about to be. */
  #known({ row, size }: Read, hash: Uint8Array): boolean {
    if (size === 0) return false
    const key = keyOf(hash)
    const packed = this.#packedByHash.get(key)
    if (packed) packed.rows.push(row)
    else {
      const ref = this.#recent.get(key) ?? this.#o.find(hash)
      if (!ref) return false
      this.#o.keep(row, { ref, holes: null, hash })
    }
    this.#o.onReused(size)
    return true
  }

  #enter({ row, size, finder }: Read, hash: Uint8Array): void {
    const length = finder ? closeGaps(finder, this.#cutter.held(0, size), 0) : size
    const holes = finder?.finish() ?? []
    if (length === 0) this.#o.keep(row, { ref: null, holes: holesText(holes), hash: null })
    else {
      const start = this.#cutter.streamEnd
      const packed = { rows: [row], start, end: start + length, slices: [], holes, hash }
      this.#packed.push(packed)
      // a sparse file's content is not all that its bytes are
      if (holes.length === 0) this.#packedByHash.set(keyOf(hash), packed)
    }
    this.#cutter.take(length)
    this.#cutter.drop(size - length)
  }

  #onChunk({ chunk, at, locator }: StoredCut): void {
    const end = at + chunk.length
    let done = 0
    for (const file of this.#packed) {
      const from = Math.max(file.start, at)
      const to = Math.min(file.end, end)
      if (to > from) file.slices.push({ ...locator, start: from - at, length: to - from })
      if (file.end > end) break
      this.#stored(file)
      done++
    }
    this.#packed = this.#packed.slice(done)
  }

  #stored({ rows, slices, holes, hash }: Packed): void {
    const ref = encodeRef({ level: 0, run: slices })
    const whole = holes.length === 0
    for (const row of rows) this.#o.keep(row, { ref, holes: holesText(holes), hash: whole ? hash : null })
    if (!whole) return
    const key = keyOf(hash)
    this.#packedByHash.delete(key)
    if (this.#recent.size >= RECENT) this.#recent.clear()
    this.#recent.set(key, ref)
  }
}

const keyOf = (hash: Uint8Array): string =>
  Buffer.from(hash.buffer, hash.byteOffset, hash.length).toString('latin1')

const holesText = (holes: readonly number[]): string | null =>
  holes.length === 0 ? null : JSON.stringify(holes)

/** Moves the data between the holes together, in place; returns its length. */
export function closeGaps(finder: HoleFinder, space: Buffer, position: number): number {
  let to = 0
  for (const { at, end } of finder.dataIn(space, position)) {
    if (to !== at) space.copyWithin(to, at, end)
    to += end - at
  }
  return to
}
