import { decode } from 'cborg'
import { equalBytes } from './bytes.ts'
import { logCorrupt } from './log-error.ts'
import { type EncodedCbor, writeCbor } from './write-cbor.ts'

export type CborValue =
  | number
  | bigint
  | string
  | boolean
  | null
  | Uint8Array
  | EncodedCbor
  | CborValue[]
  | Map<CborValue, CborValue>

/** Deterministic CBOR (RFC 8949 4.2.1). Maps are `Map`s; `undefined` and floats do not occur. */
export const encodeCbor = (value: CborValue): Uint8Array => writeCbor(value)

/**
 * One item with nothing behind it; not yet known to be deterministic: a caller that encodes what it understood checks
 * that with `assertSameBytes`. @throws LOG_CORRUPT, naming `what`.
 */
export function parseCbor(bytes: Uint8Array, what: string): CborValue {
  try {
    return decode(bytes, {
      strict: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowInfinity: false,
      allowNaN: false,
      useMaps: true,
      rejectDuplicateMapKeys: true,
    })
  } catch (error) {
    throw logCorrupt(`${what} is not valid CBOR.`, error)
  }
}

/** The one check that covers key order, shortest forms, floats that look like integers and written-out defaults. */
export function assertSameBytes(bytes: Uint8Array, again: Uint8Array, what: string): void {
  if (!equalBytes(bytes, again)) throw logCorrupt(`${what} is not in its one deterministic encoding.`)
}

/** One item in deterministic encoding, with nothing behind it. @throws LOG_CORRUPT, naming `what`. */
export function decodeCbor(bytes: Uint8Array, what: string): CborValue {
  const value = parseCbor(bytes, what)
  let again: Uint8Array
  try {
    again = encodeCbor(value)
  } catch (error) {
    throw logCorrupt(`${what} is not valid CBOR.`, error)
  }
  assertSameBytes(bytes, again, what)
  return value
}

/**
 * Bytes of the item that starts at `at`, or -1 when it goes on past the end of `bytes`: cuts CBOR sequences.
 * @throws LOG_CORRUPT for indefinite lengths, reserved heads and nesting deeper than 16.
 */
export function cborItemLength(bytes: Uint8Array, at: number, depth = 0): number {
  if (depth > 16) throw logCorrupt('CBOR is nested deeper than 16 levels.')
  const head = bytes[at]
  if (head === undefined) return -1
  const major = head >> 5
  const info = head & 31
  if (info > 27) throw logCorrupt(`CBOR has an indefinite or reserved head 0x${head.toString(16)}.`)
  const extra = info < 24 ? 0 : 1 << (info - 24)
  if (at + 1 + extra > bytes.length) return -1
  let count = info < 24 ? info : 0
  for (let i = 0; i < extra; i++) count = count * 256 + (bytes[at + 1 + i] as number)
  let end = at + 1 + extra
  if (major === 2 || major === 3) return end + count > bytes.length ? -1 : end + count - at
  if (major < 4 || major === 7) return end - at
  for (let left = major === 5 ? 2 * count : major === 6 ? 1 : count; left > 0; left--) {
    const length = cborItemLength(bytes, end, depth + 1)
    if (length === -1) return -1
    end += length
  }
  return end - at
}
