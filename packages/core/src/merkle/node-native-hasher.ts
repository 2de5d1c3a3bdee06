import { hash } from 'node:crypto'
import { HASH_SIZE, LEAF_SIZE } from './constants.ts'
import { batchCount, type Hasher } from './hasher.ts'
import { ADDON_TARGET, requireAddon } from './node-addon.ts'
import { findDisagreement } from './node-hasher-self-test.ts'

/** Why the accelerator is not in use. `absent` and `cpu` are as they should be; the others deserve a look. */
export interface NativeRefusal {
  reason: 'absent' | 'cpu' | 'unloadable' | 'wrong'
  /** One sentence with the values. */
  detail: string
}

/** What `packages/native` exports; `lacks` = what this CPU can't do, and then there are no functions. */
interface Addon {
  lacks: string | null
  hashLeaves(data: Uint8Array, out: Uint8Array): void
  hashNodes(nodes: Uint8Array, out: Uint8Array): void
  chunkRoot(data: Uint8Array, out: Uint8Array): void
  hashMany(prefix: Uint8Array, bodies: readonly Uint8Array[], out: Uint8Array): void
}

const isAddon = (value: unknown): value is Addon => {
  if (typeof value !== 'object' || value === null || !('lacks' in value)) return false
  if (typeof value.lacks === 'string') return true
  const addon = value as Record<string, unknown>
  return ['hashLeaves', 'hashNodes', 'chunkRoot', 'hashMany'].every(
    (name) => typeof addon[name] === 'function',
  )
}

const messageOf = (thrown: unknown): string =>
  (thrown instanceof Error ? thrown.message : String(thrown)).split('\n', 1)[0]?.slice(0, 200) ?? ''

/**
 * The accelerator (`packages/native`: SHA extensions of the CPU, four streams at once), tested against `createHash`
 * before it is returned; or why it can't be used here. Never throws.
 *
 * @param reference a hasher known to be right
 * @param load for tests: what to load instead
 */
export const loadNativeHasher = (reference: Hasher, load = requireAddon): Hasher | NativeRefusal => {
  let addon: unknown
  try {
    addon = load()
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
    if (code === 'MODULE_NOT_FOUND' || code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') {
      return { reason: 'absent', detail: `no accelerator for ${ADDON_TARGET} comes with this installation` }
    }
    return { reason: 'unloadable', detail: `the accelerator does not load: ${messageOf(thrown)}` }
  }
  if (!isAddon(addon)) {
    return { reason: 'unloadable', detail: 'what loads as the accelerator lacks its functions' }
  }
  if (addon.lacks !== null) return { reason: 'cpu', detail: `this CPU lacks ${addon.lacks}` }
  const { hashLeaves, hashNodes, chunkRoot, hashMany } = addon
  const hasher: Hasher = {
    name: 'native',
    hashLeaves: (data, out) => {
      batchCount(data, LEAF_SIZE, out)
      hashLeaves(data, out)
    },
    hashNodes: (nodes, out) => {
      batchCount(nodes, 2 * HASH_SIZE, out)
      hashNodes(nodes, out)
    },
    chunkRoot,
    hashMany,
    sha256: (data) => new Uint8Array(hash('sha256', data, 'buffer')),
  }
  const wrong = findDisagreement(hasher, reference)
  if (wrong === null) return hasher
  return { reason: 'wrong', detail: `the accelerator fails its self-test (${wrong})` }
}
