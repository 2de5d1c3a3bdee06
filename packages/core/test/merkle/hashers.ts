import type { Hasher } from '../../src/merkle/hasher.ts'
import { chooseHasher } from '../../src/merkle/node-hasher.ts'
import { createPortableHasher } from '../../src/merkle/node-portable-hasher.ts'
import { createPureHasher } from '../../src/merkle/pure-hasher.ts'
import { createWasmHasher } from '../../src/merkle/wasm-hasher.ts'

/** Every implementation that loads here, once each, with its name: what holds for one holds for all. */
export const HASHERS: readonly [string, Hasher][] = [
  chooseHasher().hasher,
  createPortableHasher(),
  createPortableHasher({ hashtree: false }),
  createWasmHasher(),
  createPureHasher(),
]
  .map((hasher): [string, Hasher] => [hasher.name, hasher])
  .filter(([name], i, all) => all.findIndex(([other]) => other === name) === i)
