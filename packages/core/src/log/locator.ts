import { MAX_BLOB_BODY, SEAL_OVERHEAD } from './blob.ts'
import type { CborValue } from './cbor.ts'
import { logCorrupt } from './log-error.ts'
import { asArray, asBytes, asUint } from './read-cbor.ts'

/** Where a sealed blob lies. */
export interface Locator {
  /** 32 bytes. */
  blobId: Uint8Array
  /** 16 bytes. */
  volumeId: Uint8Array
  /** Bytes from the start of the volume. */
  offset: number
  /** Bytes, nonce and tag included. */
  stored: number
}

/** A part of a blob's decompressed body. */
export interface Slice extends Locator {
  start: number
  length: number
}

/** The concatenation of its slices. */
export type Run = Slice[]

/**
 * What a file's or directory's bytes are: level 0 is the run itself; a run of level n >= 1 holds a CBOR sequence of
 * slices of level n-1.
 */
export interface ContentRef {
  level: number
  run: Run
}

/** Slices of one list before another level of indirection is made. */
export const MAX_INLINE_SLICES = 64
const MAX_LEVEL = 6
/** Compressed bytes may be a little longer than the body only when stored raw, so this bounds every blob. */
export const MAX_STORED = MAX_BLOB_BODY + SEAL_OVERHEAD

export const locatorToCbor = (l: Locator): CborValue => [l.blobId, l.volumeId, l.offset, l.stored]

export function locatorFromCbor(value: CborValue | undefined): Locator {
  const [id, volume, offset, stored] = asArray(value, 'A locator', 4)
  const locator = {
    blobId: asBytes(id, 'A blob id', 32),
    volumeId: asBytes(volume, 'A volume id', 16),
    offset: asUint(offset, 'A blob offset'),
    stored: asUint(stored, 'A stored length'),
  }
  if (locator.stored < SEAL_OVERHEAD || locator.stored > MAX_STORED) {
    throw logCorrupt(`A stored length of ${locator.stored} bytes is not possible.`)
  }
  return locator
}

export const sliceToCbor = (s: Slice): CborValue => [locatorToCbor(s), s.start, s.length]

export function sliceFromCbor(value: CborValue | undefined): Slice {
  const [locator, start, length] = asArray(value, 'A slice', 3)
  const slice = {
    ...locatorFromCbor(locator),
    start: asUint(start, 'A slice start'),
    length: asUint(length, 'A slice length'),
  }
  if (slice.length === 0 || slice.start + slice.length > MAX_BLOB_BODY) {
    throw logCorrupt(`A slice of ${slice.length} bytes at ${slice.start} is not possible.`)
  }
  return slice
}

export const runToCbor = (run: Run): CborValue => run.map(sliceToCbor)
export const runFromCbor = (value: CborValue | undefined): Run => asArray(value, 'A run').map(sliceFromCbor)

export const contentRefToCbor = (ref: ContentRef): CborValue => [ref.level, runToCbor(ref.run)]

export function contentRefFromCbor(value: CborValue | undefined): ContentRef {
  const [level, run] = asArray(value, 'A content ref', 2)
  const ref = { level: asUint(level, 'A content level'), run: runFromCbor(run) }
  if (ref.level > MAX_LEVEL || ref.run.length > MAX_INLINE_SLICES) {
    throw logCorrupt(`A content ref has ${ref.run.length} slices at level ${ref.level}.`)
  }
  return ref
}

export const runLength = (run: Run): number => run.reduce((sum, slice) => sum + slice.length, 0)
