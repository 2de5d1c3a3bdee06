import { compareBytes } from './bytes.ts'
import type { CborValue } from './cbor.ts'

/** One item that is encoded already, to be taken over as it is. */
export class EncodedCbor {
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
}

const UTF8 = new TextEncoder()
const MOST_UINT = 2n ** 64n

/** Of a thread: an item is written here and then copied out, so that it costs one object however deep it is. */
let space = new Uint8Array(64 * 1024)
let end = 0

/** Deterministic CBOR (RFC 8949 4.2.1) of what a log is made of. @throws RangeError for what that is not, such as floats */
export function writeCbor(value: CborValue): Uint8Array {
  end = 0
  write(value)
  return space.slice(0, end)
}

function write(value: CborValue): void {
  switch (typeof value) {
    case 'number':
      if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not an integer of CBOR`)
      if (value >= 0) head(0, value)
      else head(1, -1 - value)
      return
    case 'bigint':
      if (value >= 0n) bigHead(0, value)
      else bigHead(1, -1n - value)
      return
    case 'string': {
      const bytes = UTF8.encode(value)
      head(3, bytes.length)
      put(bytes)
      return
    }
    case 'boolean':
      head(7, value ? 21 : 20)
      return
  }
  if (value instanceof Uint8Array) {
    head(2, value.length)
    put(value)
  } else if (Array.isArray(value)) {
    head(4, value.length)
    for (const item of value) write(item)
  } else if (value instanceof Map) writeMap(value)
  else if (value instanceof EncodedCbor) put(value.bytes)
  else if (value === null) head(7, 22)
  else throw new RangeError(`CBOR has no ${typeof value}`)
}

function writeMap(map: ReadonlyMap<CborValue, CborValue>): void {
  head(5, map.size)
  if (inOrder(map)) {
    for (const [key, value] of map) {
      write(key)
      write(value)
    }
    return
  }
  const start = end
  const pairs: { key: Uint8Array; pair: Uint8Array }[] = []
  for (const [key, value] of map) {
    end = start
    write(key)
    const length = end - start
    write(value)
    const pair = space.slice(start, end)
    pairs.push({ key: pair.subarray(0, length), pair })
  }
  end = start
  pairs.sort((a, b) => compareBytes(a.key, b.key))
  for (const { pair } of pairs) put(pair)
}

/** Ascending numbers, as all maps of the log have: nothing to sort. */
function inOrder(map: ReadonlyMap<CborValue, CborValue>): boolean {
  let last = -1
  for (const key of map.keys()) {
    if (typeof key !== 'number' || key <= last) return false
    last = key
  }
  return true
}

/** The shortest head of a major type with its number. */
function head(major: number, count: number): void {
  grow(9)
  const type = major << 5
  if (count < 24) {
    space[end++] = type | count
    return
  }
  const size = count < 2 ** 8 ? 1 : count < 2 ** 16 ? 2 : count < 2 ** 32 ? 4 : 8
  space[end] = type | (size === 1 ? 24 : size === 2 ? 25 : size === 4 ? 26 : 27)
  let left = count
  for (let at = end + size; at > end; at--) {
    space[at] = left % 256
    left = Math.floor(left / 256)
  }
  end += 1 + size
}

function bigHead(major: number, count: bigint): void {
  if (count <= Number.MAX_SAFE_INTEGER) {
    head(major, Number(count))
    return
  }
  if (count >= MOST_UINT) throw new RangeError(`${count} exceeds 64 bits`)
  grow(9)
  space[end] = (major << 5) | 27
  let left = count
  for (let at = end + 8; at > end; at--) {
    space[at] = Number(left & 255n)
    left >>= 8n
  }
  end += 9
}

function put(bytes: Uint8Array): void {
  grow(bytes.length)
  space.set(bytes, end)
  end += bytes.length
}

function grow(by: number): void {
  if (end + by <= space.length) return
  const larger = new Uint8Array(Math.max(2 * space.length, end + by))
  larger.set(space.subarray(0, end))
  space = larger
}
