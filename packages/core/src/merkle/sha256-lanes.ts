import { HASH_SIZE } from './constants.ts'

/** Messages that are hashed at once, one in each lane of 32 bits. */
export const LANES = 4

/** FIPS 180-4: the first 32 bits of the fractional parts of the square and cube roots of the first primes. */
const firstBits = (root: (prime: number) => number, count: number): number[] => {
  const found: number[] = []
  for (let n = 2; found.length < count; n++) {
    if (Array.from({ length: n - 2 }, (_, i) => i + 2).some((d) => n % d === 0)) continue
    found.push(Math.floor((root(n) % 1) * 2 ** 32) | 0)
  }
  return found
}
const START = firstBits(Math.sqrt, 8)
const K = firstBits(Math.cbrt, 64)

/** The schedule of the last block of a message of `size` bytes (a multiple of 64), constants added. */
const padSchedule = (size: number): number[] => {
  const rotate = (x: number, n: number) => (x >>> n) | (x << (32 - n))
  const w = [0x8000_0000 | 0, ...Array<number>(14).fill(0), size * 8]
  const at = (i: number) => w[i] as number
  for (let i = 16; i < 64; i++) {
    const [x, y] = [at(i - 15), at(i - 2)]
    const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3)
    const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10)
    w.push((at(i - 16) + s0 + at(i - 7) + s1) | 0)
  }
  return w.map((value, i) => (value + (K[i] as number)) | 0)
}

// WebAssembly, written as lists of bytes: what stands on the stack first is emitted first.
type Code = readonly number[]
const leb = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)])
const signedLeb = (value: number): number[] =>
  value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signedLeb(value >> 7)]
const simd = (op: number): number[] => [0xfd, ...leb(op)]
const get = (index: number): Code => [0x20, index]
const set = (index: number, value: Code): Code => value.concat(0x21, index)
const tee = (index: number, value: Code): Code => value.concat(0x22, index)
const i32 = (value: number): Code => [0x41, ...signedLeb(value)]
const op = (code: Code, first: Code, ...more: Code[]): Code => first.concat(...more, code)
const sum = (first: Code, ...rest: Code[]): Code => rest.reduce((a, b) => op(simd(0xae), a, b), first)
const xor = (first: Code, ...rest: Code[]): Code => rest.reduce((a, b) => op(simd(0x51), a, b), first)
const or = (a: Code, b: Code): Code => op(simd(0x50), a, b)
/** Bits of a where mask is 1, of b where it is 0. */
const select = (a: Code, b: Code, mask: Code): Code => op(simd(0x52), a, b, mask)
const right = (x: number, n: number): Code => op(simd(0xad), get(x), i32(n))
const rotate = (x: number, n: number): Code => or(right(x, n), op(simd(0xab), get(x), i32(32 - n)))
const splat = (value: number): Code => {
  const bytes = [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255]
  return [...simd(0x0c), ...bytes, ...bytes, ...bytes, ...bytes]
}
const shuffle = (a: Code, b: Code, lanes: Code): Code => a.concat(b, simd(0x0d), lanes)
/** Lanes of 32 bits: 0 to 3 of a, 4 to 7 of b. */
const words = (a: number, b: number, ...lanes: number[]): Code =>
  shuffle(
    get(a),
    get(b),
    lanes.flatMap((lane) => [0, 1, 2, 3].map((i) => 4 * lane + i)),
  )
/** Big-endian words into lanes, and back. */
const swap = (spare: number, value: Code): Code =>
  shuffle(tee(spare, value), get(spare), [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12])
const load = (at: number, offset: number): Code => [...get(at), ...simd(0), 0, ...leb(offset)]
const store = (at: number, offset: number, value: Code): Code => [
  ...get(at),
  ...value,
  ...simd(11),
  0,
  ...leb(offset),
]

// Locals: three parameters, the place in a message and its end, then the vectors.
const [INPUT, END, OUTPUT, AT, MESSAGE_END] = [0, 1, 2, 3, 4] as const
const vectors = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i)
const STATE = vectors(5, 8)
const WORK = vectors(13, 8)
const W = vectors(21, 16)
const TURN = vectors(37, 4)
const T = 41

/** Four vectors of four words: rows to columns. */
const transpose = (rows: readonly number[]): Code => {
  const [r0 = 0, r1 = 0, r2 = 0, r3 = 0] = rows
  const [a = 0, b = 0, c = 0, d = 0] = TURN
  return [
    ...set(a, words(r0, r1, 0, 4, 1, 5)),
    ...set(b, words(r2, r3, 0, 4, 1, 5)),
    ...set(c, words(r0, r1, 2, 6, 3, 7)),
    ...set(d, words(r2, r3, 2, 6, 3, 7)),
    ...set(r0, words(a, b, 0, 1, 4, 5)),
    ...set(r1, words(a, b, 2, 3, 6, 7)),
    ...set(r2, words(c, d, 0, 1, 4, 5)),
    ...set(r3, words(c, d, 2, 3, 6, 7)),
  ]
}

/** Locals that take turns. */
const local = (all: readonly number[], i: number): number => all[i % all.length] as number

/** 64 rounds; `word(i)` leaves constant + schedule of round i on the stack. */
const rounds = (word: (i: number) => Code): Code => {
  const code: number[] = []
  STATE.forEach((state, i) => void code.push(...set(local(WORK, i), get(state))))
  for (let i = 0; i < 64; i++) {
    // The variables stay, their names move on: no copies.
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = WORK.map((_, k) =>
      local(WORK, k + 64 - i),
    )
    const s1 = xor(rotate(e, 6), rotate(e, 11), rotate(e, 25))
    const s0 = xor(rotate(a, 2), rotate(a, 13), rotate(a, 22))
    const choice = select(get(f), get(g), get(e))
    const majority = select(get(c), get(b), xor(get(a), get(b)))
    code.push(...set(T, sum(sum(word(i), get(h)), s1, choice)))
    code.push(...set(d, sum(get(d), get(T))))
    code.push(...set(h, sum(sum(get(T), majority), s0)))
  }
  STATE.forEach((state, i) => void code.push(...set(state, sum(get(state), get(local(WORK, i))))))
  return code
}

/** Constant + schedule of round i, which replaces the word of round i - 16. */
const scheduled = (i: number): Code => {
  const [w, x, y, z] = [local(W, i), local(W, i + 1), local(W, i + 14), local(W, i + 9)]
  if (i < 16) return sum(get(w), splat(K[i] as number))
  const s0 = xor(rotate(x, 7), rotate(x, 18), right(x, 3))
  const s1 = xor(rotate(y, 17), rotate(y, 19), right(y, 10))
  return sum(tee(w, sum(sum(get(w), get(z)), s0, s1)), splat(K[i] as number))
}

/**
 * (input, end, output): hashes the messages of `size` bytes from `input` to `end`, LANES at a time; there may be more
 * than that at the end, whose hashes then mean nothing. `blockRounds` are the rounds over the words in W.
 */
const hashMessages = (size: number, blockRounds: Code): Code => {
  const pad = padSchedule(size)
  const block = [0, 1, 2, 3].flatMap((q) => {
    const rows = W.slice(4 * q, 4 * q + 4)
    return [
      ...rows.flatMap((row, lane) => set(row, swap(T, load(AT, lane * size + 16 * q)))),
      ...transpose(rows),
    ]
  })
  const result = [0, 1].flatMap((q) => {
    const rows = STATE.slice(4 * q, 4 * q + 4)
    const stores = rows.flatMap((row, lane) => store(OUTPUT, lane * HASH_SIZE + 16 * q, swap(T, get(row))))
    return [...transpose(rows), ...stores]
  })
  const add = (to: number, what: Code) => set(to, op([0x6a], get(to), what))
  const again = (at: number, end: number): Code => [...op([0x49], get(at), get(end)), 0x0d, 0] // br_if: at < end
  return [
    ...[2, 2, 0x7f, ...leb(T - MESSAGE_END), 0x7b], // locals: 2 x i32, the rest v128
    ...[0x03, 0x40], // loop: groups
    ...STATE.flatMap((state, i) => set(state, splat(START[i] as number))),
    ...set(MESSAGE_END, op([0x6a], tee(AT, get(INPUT)), i32(size))),
    ...[0x03, 0x40], // loop: blocks
    ...block,
    ...blockRounds,
    ...add(AT, i32(64)),
    ...again(AT, MESSAGE_END),
    0x0b,
    ...rounds((i) => splat(pad[i] as number)),
    ...result,
    ...add(OUTPUT, i32(LANES * HASH_SIZE)),
    ...add(INPUT, i32(LANES * size)),
    ...again(INPUT, END),
    ...[0x0b, 0x0b],
  ]
}

/**
 * A WebAssembly module with one function `h<size>`(input, end, output) for each size of messages (multiples of 64 bytes),
 * over the imported memory "e" "m". It is written out here instead of compiled: four lanes of SIMD, straight lines.
 */
export const sha256LanesModule = (sizes: readonly number[]): Uint8Array => {
  const section = (id: number, content: Code): number[] => [id, ...leb(content.length), ...content]
  const blockRounds = rounds(scheduled)
  const bodies = sizes.map((size) => hashMessages(size, blockRounds))
  const names = sizes.map((size) => [...`h${size}`].map((char) => char.charCodeAt(0)))
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 3, 0x7f, 0x7f, 0x7f, 0]),
    ...section(2, [1, 1, 0x65, 1, 0x6d, 2, 0, 1]), // import memory "e" "m"
    ...section(3, [sizes.length, ...sizes.map(() => 0)]),
    ...section(7, [sizes.length, ...names.flatMap((name, i) => [name.length, ...name, 0, i])]),
    ...section(10, [sizes.length, ...bodies.flatMap((body) => [...leb(body.length), ...body])]),
  ])
}
