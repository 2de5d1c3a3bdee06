import { HASH_SIZE, LEAF_SIZE } from './constants.ts'
import { batchCount, type Hasher } from './hasher.ts'
import { createPureHasher } from './pure-hasher.ts'
import { LANES, sha256LanesModule } from './sha256-lanes.ts'

const NODE_PAIR = 2 * HASH_SIZE
/** Bytes that are copied in at once: they stay in the CPU's cache. */
const INPUT = 64 * 1024
const PAGE = 65536

type HashMessages = (input: number, end: number, output: number) => void

/** The little of WebAssembly that is used; the ES library has no types for it. */
interface Wasm {
  Memory: new (limits: { initial: number }) => { buffer: ArrayBuffer }
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object, imports: object) => { exports: Record<string, HashMessages> }
}

const firstBatch = Uint8Array.from({ length: 9 * LEAF_SIZE }, (_, i) => (i * 31 + (i >> 5)) & 0xff)

/** True when both give the same for 1 to 9 leaves and pairs of nodes. */
const agree = (a: Hasher, b: Hasher): boolean =>
  [1, 2, 3, 4, 5, 9].every((count) => {
    const hash = (hasher: Hasher): string => {
      const out = new Uint8Array(2 * count * HASH_SIZE)
      hasher.hashLeaves(firstBatch.subarray(0, count * LEAF_SIZE), out.subarray(0, count * HASH_SIZE))
      hasher.hashNodes(firstBatch.subarray(0, count * NODE_PAIR), out.subarray(count * HASH_SIZE))
      return out.join()
    }
    return hash(a) === hash(b)
  })

const compile = (pure: Hasher): Hasher => {
  const wasm = (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly
  const memory = new wasm.Memory({ initial: 2 })
  const module = new wasm.Module(sha256LanesModule([NODE_PAIR, LEAF_SIZE]))
  const { exports } = new wasm.Instance(module, { e: { m: memory } })
  const input = new Uint8Array(memory.buffer, 0, INPUT)
  const output = new Uint8Array(memory.buffer, PAGE, (INPUT / NODE_PAIR) * HASH_SIZE)
  const hashItems = (data: Uint8Array, itemSize: number, out: Uint8Array): void => {
    const run = exports[`h${itemSize}`] as HashMessages
    const count = batchCount(data, itemSize, out)
    const most = INPUT / itemSize
    for (let first = 0; first < count; first += most) {
      const some = Math.min(most, count - first)
      input.set(data.subarray(first * itemSize, (first + some) * itemSize))
      // What is left of an earlier batch may fill the last lanes: those hashes are not taken.
      run(0, Math.ceil(some / LANES) * LANES * itemSize, PAGE)
      out.set(output.subarray(0, some * HASH_SIZE), first * HASH_SIZE)
    }
  }
  return {
    name: 'wasm',
    hashLeaves: (data, out) => hashItems(data, LEAF_SIZE, out),
    hashNodes: (nodes, out) => hashItems(nodes, NODE_PAIR, out),
    sha256: pure.sha256,
  }
}

/**
 * The hasher for browsers: four lanes of WebAssembly SIMD for leaves and nodes, several times as fast as plain
 * JavaScript. Where that is not allowed (a Content-Security-Policy without 'wasm-unsafe-eval'), not there, or wrong, the
 * plain hasher. Tested against it before it is returned.
 */
export const createWasmHasher = (): Hasher => {
  const pure = createPureHasher()
  try {
    const wasm = compile(pure)
    return agree(wasm, pure) ? wasm : pure
  } catch {
    return pure
  }
}
