import { BLOB_TYPE } from '@dmc/core/log/blob'
import { encodeCbor } from '@dmc/core/log/cbor'
import {
  type ContentRef,
  contentRefToCbor,
  MAX_INLINE_SLICES,
  type Slice,
  sliceToCbor,
} from '@dmc/core/log/locator'
import type { BlobStore } from './blob-store.ts'

/** Plain bytes of one blob of a list. */
const LIST_BLOB = 512 * 1024

/** Gathers the slices of one file or folder; longer lists move into blobs of their own, level by level. */
export class RefBuilder {
  readonly #store: BlobStore
  #inline: Slice[] = []
  /** The lists that are being filled: list k holds slices of level k (level 0: of the bytes themselves). */
  readonly #lists: { slices: Slice[]; parts: Uint8Array[]; bytes: number }[] = []

  readonly #listBytes: number

  constructor(store: BlobStore, listBytes = LIST_BLOB) {
    this.#store = store
    this.#listBytes = listBytes
  }

  add(slice: Slice): void {
    const last = this.#inline.at(-1)
    if (last && this.#lists.length === 0 && joins(last, slice)) {
      last.length += slice.length
      return
    }
    if (this.#lists.length === 0 && this.#inline.length < MAX_INLINE_SLICES) {
      this.#inline.push({ ...slice })
      return
    }
    for (const earlier of this.#inline) this.#push(0, earlier)
    this.#inline = []
    this.#push(0, slice)
  }

  /** The content ref of everything added. */
  finish(): ContentRef {
    if (this.#lists.length === 0) return { level: 0, run: this.#inline }
    for (let level = 0; ; level++) {
      const list = this.#lists[level]
      if (!list) throw new Error(`no list of level ${level}`)
      const top = level === this.#lists.length - 1
      if (top && level > 0 && list.slices.length <= MAX_INLINE_SLICES) return { level, run: list.slices }
      if (list.slices.length > 0) this.#flush(level)
    }
  }

  #push(level: number, slice: Slice): void {
    const list = this.#lists[level] ?? { slices: [], parts: [], bytes: 0 }
    this.#lists[level] = list
    const encoded = encodeCbor(sliceToCbor(slice))
    list.slices.push(slice)
    list.parts.push(encoded)
    list.bytes += encoded.length
    if (list.bytes >= this.#listBytes) this.#flush(level)
  }

  /** The list becomes a blob, and a slice of it enters the list above. */
  #flush(level: number): void {
    const list = this.#lists[level]
    if (!list) throw new Error(`no list of level ${level}`)
    this.#lists[level] = { slices: [], parts: [], bytes: 0 }
    const body = Buffer.concat(list.parts, list.bytes)
    this.#push(level + 1, { ...this.#store.store(BLOB_TYPE.node, body), start: 0, length: body.length })
  }
}

const joins = (a: Slice, b: Slice): boolean =>
  a.start + a.length === b.start &&
  a.offset === b.offset &&
  a.stored === b.stored &&
  Buffer.compare(a.blobId, b.blobId) === 0

export const encodeRef = (ref: ContentRef): Uint8Array => encodeCbor(contentRefToCbor(ref))
