import { BLOB_TYPE, type BlobType, openBlob } from '@dmc/core/log/blob'
import { toHex } from '@dmc/core/log/bytes'
import type { Catalog } from '@dmc/core/log/catalog'
import { cborItemLength, decodeCbor } from '@dmc/core/log/cbor'
import { deriveVolumeKey } from '@dmc/core/log/derive-keys'
import type { ContentRef, Locator, Slice } from '@dmc/core/log/locator'
import { sliceFromCbor } from '@dmc/core/log/locator'
import { logCorrupt } from '@dmc/core/log/log-error'
import { nodeLogCrypto as crypto } from '@dmc/core/log/node-log-crypto'
import { giveBack } from '../disk/give-back.ts'
import type { SourceKeys, VolumeReader } from './types.ts'

/** Opened blobs that are kept, in bytes: files of one folder share some few. */
const CACHE = 8 * 1024 * 1024
/** Neighbouring blobs are asked for in one request of at most so many bytes. */
const MERGE = 4 * 1024 * 1024

/**
 * Opens blobs of a log: each is read, authenticated and decompressed; the last ones are kept. Two wishes for one blob
 * share one read.
 */
export class BlobReader {
  readonly #reader: VolumeReader
  readonly #keys = new Map<string, Uint8Array>()
  readonly #cache = new Map<string, Opened>()
  #cached = 0
  readonly #signal: AbortSignal | undefined

  constructor(reader: VolumeReader, keys: SourceKeys, catalog: Catalog, signal?: AbortSignal) {
    this.#reader = reader
    this.#signal = signal
    for (const { volumeId, keyEpoch } of catalog.volumes) {
      this.#keys.set(toHex(volumeId), deriveVolumeKey(crypto, keys.sourceKey, volumeId, keyEpoch))
    }
  }

  /** The decompressed body. Do not write to it. @throws LOG_CORRUPT and what the reader throws. */
  async open(type: BlobType, locator: Locator): Promise<Uint8Array> {
    const entry = this.#take(type, locator)
    entry.kept = true
    return entry.body
  }

  /** One more use of a blob, opened now if it is not here. */
  #take(type: BlobType, locator: Locator): Opened {
    const key = `${toHex(locator.blobId)}:${toHex(locator.volumeId)}:${locator.offset}`
    const known = this.#cache.get(key)
    if (known) {
      this.#cache.delete(key)
      this.#cache.set(key, known) // the newest stands last
      known.users++
      return known
    }
    const body = this.#load(type, locator)
    const entry: Opened = { body, opened: null, bytes: locator.stored, users: 1, kept: false, evicted: false }
    this.#remember(key, entry)
    body.then(
      (opened) => {
        entry.opened = opened
        if (!entry.evicted) this.#cached += opened.length - entry.bytes
        entry.bytes = opened.length
        this.#evict()
      },
      () => {
        if (this.#cache.get(key) === entry) this.#forget(key)
      },
    )
    return entry
  }

  #letGo(entry: Opened): void {
    entry.users--
    if (entry.evicted) freeUnused(entry)
  }

  /**
   * Bodies of a list of slices' blobs, each opened once in its order, neighbours read together; for large files. A body
   * is gone when the next one is asked for.
   */
  async *openAll(type: BlobType, slices: Iterable<Slice> | AsyncIterable<Slice>): AsyncGenerator<Uint8Array> {
    let group: Slice[] = []
    let next: Promise<Group> | null = null
    // one request ahead of the one that is being used
    for await (const slice of slices) {
      const last = group.at(-1)
      if (last && !follows(group, slice)) {
        const started = this.#openGroup(type, group)
        started.catch(() => {})
        if (next) yield* bodiesOf(await next)
        next = started
        group = []
      }
      group.push(slice)
    }
    const started = group.length > 0 ? this.#openGroup(type, group) : null
    started?.catch(() => {})
    if (next) yield* bodiesOf(await next)
    if (started) yield* bodiesOf(await started)
  }

  /** The slices of the bytes themselves: follows the levels of a content ref. */
  async *slicesOf(ref: ContentRef): AsyncGenerator<Slice> {
    if (ref.level === 0) {
      yield* ref.run
      return
    }
    const parts = this.bytesOf(BLOB_TYPE.node, this.slicesOf({ level: ref.level - 1, run: ref.run }))
    for await (const item of cborItems(parts)) yield sliceFromCbor(decodeCbor(item, 'A slice'))
  }

  /** The bytes that slices stand for, part by part. A part of content is gone when the next one is asked for. */
  async *bytesOf(type: BlobType, slices: AsyncIterable<Slice>): AsyncGenerator<Uint8Array> {
    for await (const slice of slices) {
      const entry = this.#take(type, slice)
      // what is decoded out of nodes points into them
      if (type !== BLOB_TYPE.content) entry.kept = true
      try {
        yield sliceOf(await entry.body, slice)
      } finally {
        this.#letGo(entry)
      }
    }
  }

  async #openGroup(type: BlobType, group: Slice[]): Promise<Group> {
    const [first] = group
    const last = group.at(-1)
    if (!first || !last) return { bodies: [], kept: false }
    if (group.length === 1) return { bodies: [sliceOf(await this.open(type, first), first)], kept: true }
    const sealed = await this.#read(first, last.offset + last.stored - first.offset)
    const bodies = group.map((slice) => {
      const from = slice.offset - first.offset
      return sliceOf(this.#unseal(type, slice, sealed.subarray(from, from + slice.stored)), slice)
    })
    giveBack(sealed)
    return { bodies, kept: false }
  }

  async #load(type: BlobType, locator: Locator): Promise<Uint8Array> {
    const sealed = await this.#read(locator, locator.stored)
    const body = this.#unseal(type, locator, sealed)
    giveBack(sealed)
    return body
  }

  #read(from: Locator, length: number): Promise<Buffer> {
    return this.#reader.read(toHex(from.volumeId), from.offset, length, this.#signal)
  }

  #unseal(type: BlobType, locator: Locator, sealed: Uint8Array): Uint8Array {
    const key = this.#keys.get(toHex(locator.volumeId))
    if (!key)
      throw logCorrupt(`A locator names the volume ${toHex(locator.volumeId)}, which the catalog does not.`)
    return openBlob(crypto, key, { type, volumeId: locator.volumeId, blobId: locator.blobId }, sealed)
  }

  #remember(key: string, entry: Opened): void {
    this.#cache.set(key, entry)
    this.#cached += entry.bytes
    this.#evict()
  }

  #evict(): void {
    for (const key of this.#cache.keys()) {
      if (this.#cached <= CACHE || this.#cache.size <= 1) return
      this.#forget(key)
    }
  }

  #forget(key: string): void {
    const entry = this.#cache.get(key)
    if (!entry) return
    this.#cached -= entry.bytes
    this.#cache.delete(key)
    entry.evicted = true
    freeUnused(entry)
  }
}

/** A blob of the cache, or one that has left it while somebody still reads it. */
interface Opened {
  body: Promise<Uint8Array>
  /** `body`, once it is there. */
  opened: Uint8Array | null
  /** What it counts for: its stored length, then its own. */
  bytes: number
  users: number
  /** Somebody has the whole body, for as long as they like. */
  kept: boolean
  evicted: boolean
}

/** Left to the garbage collector, 64 MiB of bodies that nobody reads would gather first. */
function freeUnused({ users, kept, opened }: Opened): void {
  if (users > 0 || kept || opened === null || opened.length < OWN_MEMORY) return
  if (opened.buffer instanceof ArrayBuffer) opened.buffer.transfer(0)
}

/** Bodies that were opened together; `kept`: they are in the cache too. */
interface Group {
  bodies: Uint8Array[]
  kept: boolean
}

/** From here on a body has memory of its own: small ones may share Node's pool. */
const OWN_MEMORY = 64 * 1024

function* bodiesOf({ bodies, kept }: Group): Generator<Uint8Array> {
  for (const body of bodies) {
    yield body
    const { buffer } = body
    if (!kept && body.length >= OWN_MEMORY && buffer instanceof ArrayBuffer) buffer.transfer(0)
  }
}

function sliceOf(body: Uint8Array, { start, length }: Slice): Uint8Array {
  if (start + length > body.length) {
    throw logCorrupt(`A slice of ${length} bytes at ${start} leaves its blob of ${body.length} bytes.`)
  }
  return body.subarray(start, start + length)
}

/** True when `next` may be read in one request with the group before it. */
function follows(group: Slice[], next: Slice): boolean {
  const first = group[0]
  const last = group.at(-1)
  return (
    first !== undefined &&
    last !== undefined &&
    last.offset + last.stored === next.offset &&
    next.offset + next.stored - first.offset <= MERGE &&
    toHex(last.volumeId) === toHex(next.volumeId)
  )
}

/** Longer than any entry or slice that a writer makes. */
const MOST_ITEM = 4 * 1024 * 1024

/** The items of a CBOR sequence that comes in parts. @throws LOG_CORRUPT when it ends within an item. */
export async function* cborItems(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest = new Uint8Array(0)
  for await (const part of parts) {
    const bytes = rest.length === 0 ? part : Buffer.concat([rest, part])
    let at = 0
    while (at < bytes.length) {
      const length = cborItemLength(bytes, at)
      if (length === -1) break
      yield bytes.subarray(at, at + length)
      at += length
    }
    rest = new Uint8Array(bytes.subarray(at))
    if (rest.length > MOST_ITEM) throw logCorrupt('An item of a list is longer than 4 MiB.')
  }
  if (rest.length > 0) throw logCorrupt('A list ends within an item.')
}
