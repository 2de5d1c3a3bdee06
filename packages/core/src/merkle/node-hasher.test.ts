import { createHash } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { sampleData } from '../../test/merkle/model-of.ts'
import type { Hasher } from './hasher.ts'
import { forcedHasherTier, forceHasherTier } from './hasher-tier.ts'
import { chooseHasher, createNodeHasher } from './node-hasher.ts'
import { loadNativeHasher } from './node-native-hasher.ts'
import { createPortableHasher } from './node-portable-hasher.ts'

const portable = createPortableHasher()
/** An accelerator that works, made of the portable hasher. */
const addon = {
  lacks: null,
  hashLeaves: portable.hashLeaves,
  hashNodes: portable.hashNodes,
  chunkRoot: (data: Uint8Array, out: Uint8Array) => {
    const nodes = new Uint8Array(32 * 1024)
    portable.hashLeaves(data, nodes.subarray(0, data.length / 32))
    let level = nodes
    for (let width = 512; width >= 1; width /= 2) {
      const above = new Uint8Array(32 * width)
      portable.hashNodes(level, above)
      level = above
    }
    out.set(level)
  },
  hashMany: (prefix: Uint8Array, bodies: readonly Uint8Array[], out: Uint8Array) =>
    bodies.forEach((body, i) => {
      out.set(createHash('sha256').update(prefix).update(body).digest(), 32 * i)
    }),
}
const refusalOf = (load: () => unknown) => {
  const result = loadNativeHasher(portable, load)
  return 'reason' in result ? result : null
}
const failing = (code: string) => () => {
  throw Object.assign(new Error('something about it\nand more'), { code })
}

afterEach(() => forceHasherTier(null))

describe('the accelerator', () => {
  it('is taken when it is right', () => {
    const hasher = loadNativeHasher(portable, () => addon) as Hasher
    expect(hasher.name).toBe('native')
    const out = new Uint8Array(32)
    hasher.hashLeaves(sampleData(1, 1), out)
    expect(Buffer.from(out)).toEqual(createHash('sha256').update(sampleData(1, 1)).digest())
  })

  it.each([
    ['absent', 'MODULE_NOT_FOUND'],
    ['absent', 'ERR_PACKAGE_PATH_NOT_EXPORTED'],
    ['unloadable', 'ERR_DLOPEN_FAILED'],
  ])('that is %s (%s) is told as such', (reason, code) => {
    const refusal = refusalOf(failing(code))
    expect(refusal).toMatchObject({ reason })
    expect(refusal?.detail).not.toContain('\n')
  })

  it.each([[null], [undefined], [{}], [7], [{ lacks: null }], [{ ...addon, chunkRoot: 1 }]])(
    'that is %o is no accelerator',
    (what) => {
      expect(refusalOf(() => what)).toMatchObject({ reason: 'unloadable' })
    },
  )

  it('says what the CPU lacks', () => {
    expect(refusalOf(() => ({ sourceHash: '', lacks: 'the SHA extensions' }))).toEqual({
      reason: 'cpu',
      detail: 'this CPU lacks the SHA extensions',
    })
  })

  const bad: [string, string, Partial<Record<keyof typeof addon, unknown>>][] = [
    ['writes nothing', 'hashLeaves', { hashLeaves: () => {} }],
    [
      'swaps the fifth leaf',
      'hashLeaves',
      {
        hashLeaves: (data: Uint8Array, out: Uint8Array) => {
          portable.hashLeaves(data, out)
          if (out.length > 4 * 32) out[4 * 32] = (out[4 * 32] ?? 0) ^ 1
        },
      },
    ],
    [
      'writes beside its result',
      'hashNodes',
      {
        hashNodes: (nodes: Uint8Array, out: Uint8Array) => {
          portable.hashNodes(nodes, out)
          const after = new Uint8Array(out.buffer, out.byteOffset + out.length, 1)
          after[0] = (after[0] ?? 0) ^ 1
        },
      },
    ],
    [
      'throws',
      'hashNodes',
      {
        hashNodes: () => {
          throw new Error('no')
        },
      },
    ],
    [
      'has a wrong tree',
      'chunkRoot',
      { chunkRoot: (data: Uint8Array, out: Uint8Array) => out.set(data.subarray(0, 32)) },
    ],
    [
      'has a wrong tree only for odd chunks',
      'chunkRoot',
      {
        chunkRoot: (data: Uint8Array, out: Uint8Array) => {
          addon.chunkRoot(
            data.length % 2048 === 0 ? data : new Uint8Array([...data, ...new Uint8Array(1024)]),
            out,
          )
        },
      },
    ],
    [
      'forgets the prefix of the second body',
      'hashMany',
      {
        hashMany: (prefix: Uint8Array, bodies: readonly Uint8Array[], out: Uint8Array) =>
          bodies.forEach((body, i) => {
            const before = i === 1 ? new Uint8Array(0) : prefix
            out.set(createHash('sha256').update(before).update(body).digest(), 32 * i)
          }),
      },
    ],
    [
      'throws over a chunk',
      'chunkRoot',
      {
        chunkRoot: () => {
          throw new RangeError('no')
        },
      },
    ],
  ]
  it.each(bad)('that %s is refused by its self-test (%s)', (_, name, change) => {
    expect(refusalOf(() => ({ ...addon, ...change }))).toEqual({
      reason: 'wrong',
      detail: `the accelerator fails its self-test (${name})`,
    })
  })
})

describe('the choice', () => {
  it('is made once for a thread, and says why', () => {
    const choice = chooseHasher()
    expect(chooseHasher()).toBe(choice)
    expect(createNodeHasher()).toBe(choice.hasher)
    expect(choice.tier === 'native').toBe(choice.notNative === null)
    // an accelerator that is there and does not work is a defect of this repository, not of the machine
    if (choice.notNative !== null)
      expect(choice.notNative).toHaveProperty('reason', expect.stringMatching(/absent|cpu/))
  })

  it('can be forced to be portable', () => {
    forceHasherTier('portable')
    expect(forcedHasherTier()).toBe('portable')
    expect(chooseHasher()).toMatchObject({ tier: 'portable', notNative: 'forced' })
    expect(['crypto', 'crypto+hashtree']).toContain(createNodeHasher().name)
  })

  it('HASHER_UNAVAILABLE when the native tier is forced and can not be had, else it is given', () => {
    if (chooseHasher().tier === 'native') expect(createNodeHasher('native').name).toBe('native')
    else {
      const refused = expect.objectContaining({ code: 'HASHER_UNAVAILABLE', exitCode: 78 })
      expect(() => createNodeHasher('native')).toThrow(refused)
    }
  })
})

it('the portable hasher says what it is made of', () => {
  expect(createPortableHasher({ hashtree: false }).name).toBe('crypto')
  expect(['crypto', 'crypto+hashtree']).toContain(portable.name)
})
