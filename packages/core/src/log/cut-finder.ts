import { CUT_AVERAGE, CUT_MAX, CUT_MIN, MASK_AFTER, MASK_BEFORE } from './chunker.ts'

const PAGE = 65536
/** The gear table lies at the start of the memory, the data in the pages behind it. */
export const CUT_DATA_AT = PAGE
const DATA_AT = CUT_DATA_AT
const GEAR_BYTES = 1024
/** A gear hash of 32 bits depends on the last 32 bytes only. */
const WINDOW = 32

const leb = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)])
const section = (id: number, content: number[]): number[] => [id, ...leb(content.length), ...content]

/** Instructions of WebAssembly, by the names that its text format has for them. */
const get = (local: number) => [0x20, local]
const set = (local: number) => [0x21, local]
const tee = (local: number) => [0x22, local]
const num = (value: number) => [0x41, ...(value < 64 ? [value] : [(value & 127) | 128, value >> 7])] // 0 .. 8191
const load = [0x28, 0, 0]
const load8u = [0x2d, 0, 0]
const add = [0x6a]
const and = [0x71]
const shl = [0x74]
const shru = [0x76]
const end = [0x0b]

const [AT, END, MASK, HASH, WORD, FIRST] = [0, 1, 2, 3, 4, 5]

/** gear[byte i of WORD]: the table's entries have 4 bytes. */
const gearOf = (i: number) => [
  ...get(WORD),
  ...(i === 0 ? [...num(2), ...shl] : [...num(8 * i - 2), ...shru]),
  ...[...num(255 << 2), ...and, ...load],
]
/** if ((the number before & mask) == 0) return at + `behind` */
const returnIfCut = (behind: number) => [
  ...[...get(MASK), ...and, 0x45, 0x04, 0x40],
  ...[...get(AT), ...num(behind), ...add, 0x0f, ...end],
]
/**
 * Two bytes at once. Each hash needs the one before, which takes longer than all the rest; what is added to it by two bytes does not
 * need it: (hash << 1) + first, and (hash << 2) + ((first << 1) + second).
 */
const pair = (i: number) => [
  ...[...gearOf(i), ...set(FIRST)],
  ...[...get(HASH), ...num(1), ...shl, ...get(FIRST), ...add, ...returnIfCut(i + 1)],
  ...[...get(HASH), ...num(2), ...shl, ...get(FIRST), ...num(1), ...shl, ...gearOf(i + 1), ...add, ...add],
  ...[...tee(HASH), ...returnIfCut(i + 2)],
]

/** (at, end, mask, hash) -> the place behind the first byte at which (hash & mask) = 0, or `end` */
const SCAN = [
  ...[1, 2, 0x7f], // two more locals
  // block loop { if at + 4 > end break; word = data[at .. at + 4); two pairs; at += 4 }
  ...[0x02, 0x40, 0x03, 0x40, ...get(AT), ...num(4), ...add, ...get(END), 0x4b, 0x0d, 1],
  ...[...get(AT), ...load, ...set(WORD), ...pair(0), ...pair(2)],
  ...[...get(AT), ...num(4), ...add, ...set(AT), 0x0c, 0, ...end, ...end],
  // what is left, byte by byte
  // block loop { if at >= end break; hash = (hash << 1) + gear[data[at]]; at++; if hash & mask continue; break }
  ...[0x02, 0x40, 0x03, 0x40, ...get(AT), ...get(END), 0x4f, 0x0d, 1],
  ...[
    ...get(HASH),
    ...num(1),
    ...shl,
    ...get(AT),
    ...load8u,
    ...num(2),
    ...shl,
    ...load,
    ...add,
    ...tee(HASH),
  ],
  ...[...get(AT), ...num(1), ...add, ...set(AT), ...get(MASK), ...and, 0x0d, 0, ...end, ...end],
  ...[...get(AT), ...end],
]

/** Shared memory may have no more pages than the module says. */
const MOST_PAGES = 65536
const ALONE = [0, 1]
const SHARED = [3, 1, ...leb(MOST_PAGES)]

const moduleOver = (limits: number[]): Uint8Array =>
  Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f]),
    ...section(2, [1, 1, 0x65, 1, 0x6d, 2, ...limits]), // import memory "e" "m"
    ...section(3, [1, 0]),
    ...section(7, [1, 1, 0x66, 0, 0]), // export "f"
    ...section(10, [1, ...leb(SCAN.length), ...SCAN]),
  ])

type Scan = (at: number, end: number, mask: number, hash: number) => number

/** A WebAssembly.Memory; the ES library has no types for it. */
export interface CutMemory {
  buffer: ArrayBuffer | SharedArrayBuffer
}

/** The little of WebAssembly that is used. */
interface Wasm {
  Memory: new (limits: { initial: number }) => CutMemory
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object, imports: object) => { exports: { f: Scan } }
}
const wasm = (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly

const modules = new Map<number[], object>()
function compiled(limits: number[]): object {
  const module = modules.get(limits) ?? new wasm.Module(moduleOver(limits))
  modules.set(limits, module)
  return module
}

/**
 * `findCut` over a buffer of its own, three to four times as fast: some WebAssembly, written out above.
 * Fill `data` in place; the cuts are exactly those of `findCut`.
 */
export class CutFinder {
  readonly data: Uint8Array
  readonly #gear: Int32Array
  readonly #scan: Scan

  /**
   * @param size bytes of `data`
   * @param memory to work in, with room for `size` bytes from CUT_DATA_AT on, of which the first KiB is written to; may be shared with other threads. By default its own
   */
  constructor(
    gear: Int32Array,
    size: number,
    memory: CutMemory = new wasm.Memory({ initial: 1 + Math.ceil(size / PAGE) }),
  ) {
    new Int32Array(memory.buffer, 0, GEAR_BYTES / 4).set(gear)
    this.#gear = gear
    this.data = new Uint8Array(memory.buffer, DATA_AT, size)
    const module = compiled(memory.buffer instanceof SharedArrayBuffer ? SHARED : ALONE)
    this.#scan = new wasm.Instance(module, { e: { m: memory } }).exports.f
  }

  /** As `findCut(gear, this.data, start, end)`. */
  find(start: number, end: number): number {
    const last = Math.min(end, start + CUT_MAX)
    const first = start + CUT_MIN
    if (last <= first) return last
    const average = Math.min(last, start + CUT_AVERAGE)
    const cut = this.#to(first, first, average, MASK_BEFORE, 0)
    if (cut > 0) return cut
    return this.#to(first, average, last, MASK_AFTER, this.#hashBefore(average, first)) || last
  }

  /** 0 when there is no cut. A cut at the very end is told from none by hashing what lies before it. */
  #to(first: number, from: number, end: number, mask: number, hash: number): number {
    if (from >= end) return 0
    const at = this.#scan(DATA_AT + from, DATA_AT + end, mask, hash) - DATA_AT
    return at < end || (this.#hashBefore(at, first) & mask) === 0 ? at : 0
  }

  /** The hash after the byte before `at`, when hashing began at `first`. */
  #hashBefore(at: number, first: number): number {
    let hash = 0
    for (let i = Math.max(first, at - WINDOW); i < at; i++) {
      hash = ((hash << 1) + (this.#gear[this.data[i] as number] as number)) | 0
    }
    return hash
  }
}
