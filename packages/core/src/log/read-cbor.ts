import type { CborValue } from './cbor.ts'
import { logCorrupt } from './log-error.ts'

/** Typed looks at decoded CBOR; each throws LOG_CORRUPT with the field's name. */
export function asUint(value: CborValue | undefined, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw logCorrupt(`${what} is not an unsigned integer below 2^53.`)
  }
  return value
}

export function asBytes(value: CborValue | undefined, what: string, length?: number): Uint8Array {
  if (!(value instanceof Uint8Array) || (length !== undefined && value.length !== length)) {
    throw logCorrupt(`${what} is not a byte string${length === undefined ? '' : ` of ${length} bytes`}.`)
  }
  return value
}

export function asText(value: CborValue | undefined, what: string): string {
  if (typeof value !== 'string') throw logCorrupt(`${what} is not text.`)
  return value
}

export function asArray(value: CborValue | undefined, what: string, length?: number): CborValue[] {
  if (!Array.isArray(value) || (length !== undefined && value.length !== length)) {
    throw logCorrupt(`${what} is not an array${length === undefined ? '' : ` of ${length}`}.`)
  }
  return value
}

export function asMap(value: CborValue | undefined, what: string): Map<CborValue, CborValue> {
  if (!(value instanceof Map)) throw logCorrupt(`${what} is not a map.`)
  return value
}

/** Refuses a key that this version does not know: it could change the meaning of the others. */
export function onlyKeys(map: Map<CborValue, CborValue>, known: readonly CborValue[], what: string): void {
  for (const key of map.keys()) {
    if (!known.includes(key)) throw logCorrupt(`${what} has the unknown key ${String(key)}.`)
  }
}
