import { afterEach, expect, it, vi } from 'vitest'
import { sampleData } from '../../test/merkle/model-of.ts'
import { chunkRoot } from './chunk-root.ts'
import { createPureHasher } from './pure-hasher.ts'
import { createWasmHasher } from './wasm-hasher.ts'

// What it hashes is shown by the suite that all hashers share.
afterEach(() => vi.unstubAllGlobals())

class Allowed {
  exports = {}
}
class Forbidden {
  constructor() {
    throw new Error('Refused to compile or instantiate WebAssembly module: unsafe-eval is not allowed')
  }
}
class Wrong {
  exports = { h64: () => {}, h1024: () => {} }
}
const Memory = class {
  buffer = new ArrayBuffer(2 * 65536)
}

it('is of WebAssembly where that runs', () => {
  expect(createWasmHasher().name).toBe('wasm')
})

it.each([
  ['missing', undefined],
  ['forbidden', { Memory, Module: Forbidden, Instance: Allowed }],
  ['without its functions', { Memory, Module: Allowed, Instance: Allowed }],
  ['wrong', { Memory, Module: Allowed, Instance: Wrong }],
])('is the plain one where WebAssembly is %s', (_, wasm) => {
  vi.stubGlobal('WebAssembly', wasm)
  expect(createWasmHasher().name).toBe('pure')
})

it('holds nothing of an earlier batch, and two hashers share nothing', () => {
  const [one, other] = [createWasmHasher(), createWasmHasher()]
  const expected = chunkRoot(createPureHasher(), sampleData(3, 5))
  chunkRoot(one, sampleData(1, 1024))
  chunkRoot(other, sampleData(2, 777))
  expect(chunkRoot(one, sampleData(3, 5))).toEqual(expected)
  expect(chunkRoot(other, sampleData(3, 5))).toEqual(expected)
})
