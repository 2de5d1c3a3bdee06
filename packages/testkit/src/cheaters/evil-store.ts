import { createHmac, randomBytes } from 'node:crypto'
import type { Commitment } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { LEAF_SIZE } from '@dmc/core/merkle/constants'
import type { OrderStore } from '../../../../apps/agent/src/sector/types.ts'
import { seededRandom } from '../seeded-random.ts'
import { lostLeaves } from './lost-leaves.ts'

/** How a miner cheats that would like to be paid without keeping what it is paid for. */
export type MinerCheat =
  | { kind: 'honest' }
  /** Has thrown a share of the leaves away; `tells`: says so, as honest code finds it, instead of making something up. */
  | { kind: 'drops'; share: number; seed?: number; tells?: boolean }
  /** Keeps every hash and no data: all paths are right, no leaf is. */
  | { kind: 'hashes-only' }
  /** Has everything, and takes its time. */
  | { kind: 'late'; ms: number }
  /** Says again what it said the first time, whatever is asked. */
  | { kind: 'old-answers' }
  | { kind: 'garbage'; seed?: number }
  /** Proves what it holds for somebody else. */
  | { kind: 'other-order'; store: OrderStore }
  /** Took the bytes, threw them away, and stated the user's own root. */
  | { kind: 'echo' }

export type CheatKind = MinerCheat['kind']

/** An order's store as a cheat gives it out. Writing is honest: nobody would agree on a commitment otherwise. */
export function evilStore(store: OrderStore, cheat: MinerCheat): OrderStore {
  const lie = LIES[cheat.kind](store, cheat as never)
  return new Proxy(store, {
    get(target, name) {
      const own = lie[name as keyof Lie] ?? Reflect.get(target, name, target)
      return typeof own === 'function' ? own.bind(target) : own
    },
  })
}

type Lie = Partial<Pick<OrderStore, 'leafProof' | 'probe' | 'readProven' | 'read'>>
type Leaf = Awaited<ReturnType<OrderStore['leafProof']>>

const garbled = (leaf: Uint8Array, random: () => number): Uint8Array =>
  Uint8Array.from(leaf, () => Math.floor(random() * 256))

/** Path and index right, the leaf made up. */
async function madeUp(store: OrderStore, index: number, commitment: Commitment): Promise<Leaf> {
  const { leaf, path } = await store.leafProof(index, commitment)
  return { leaf: garbled(leaf, seededRandom(index)), path }
}

const makeUpProbe = async (_offset: number, _length: number, key: Uint8Array) =>
  new Uint8Array(createHmac('sha256', key).update('I have it').digest())

const isGone = (what: string) =>
  new DmcError('SECTOR_DAMAGED', `${what} is damaged on the disk.`, { hint: 'Check the disk.' })

const LIES: { [K in CheatKind]: (store: OrderStore, cheat: Extract<MinerCheat, { kind: K }>) => Lie } = {
  honest: () => ({}),

  drops(store, { share, seed = 1, tells = false }) {
    let gone: ((leaf: number) => boolean) | null = null
    const isLost = (leaf: number, { size }: Commitment) => {
      gone ??= lostLeaves(Number(size) / LEAF_SIZE, share, seed)
      return gone(leaf)
    }
    const touches = (offset: number, length: number, commitment: Commitment) => {
      const past = Math.ceil((offset + length) / LEAF_SIZE)
      for (let leaf = Math.floor(offset / LEAF_SIZE); leaf < past; leaf++)
        if (isLost(leaf, commitment)) return true
      return false
    }
    return {
      async leafProof(index, commitment) {
        if (!isLost(index, commitment)) return store.leafProof(index, commitment)
        if (tells) throw isGone(`Leaf ${index}`)
        return madeUp(store, index, commitment)
      },
      async probe(offset, length, key, commitment) {
        if (!touches(offset, length, commitment)) return store.probe(offset, length, key, commitment)
        if (tells) throw isGone('The range')
        return makeUpProbe(offset, length, key)
      },
      async readProven(offset, length, commitment, checked) {
        const honest = await store.readProven(offset, length, commitment, checked)
        if (!touches(offset, length, commitment)) return honest
        if (tells) {
          honest.release()
          throw isGone('The range')
        }
        return { ...honest, data: Buffer.alloc(honest.data.length) }
      },
    }
  },

  'hashes-only': (store) => ({
    leafProof: (index, commitment) => madeUp(store, index, commitment),
    probe: makeUpProbe,
    async readProven(offset, length, commitment, checked) {
      const honest = await store.readProven(offset, length, commitment, checked)
      return { ...honest, data: Buffer.alloc(honest.data.length) }
    },
  }),

  late: (store, { ms }) => {
    const after = async <T>(work: () => Promise<T>): Promise<T> => {
      await new Promise((resolve) => setTimeout(resolve, ms))
      return work()
    }
    return {
      leafProof: (index, commitment) => after(() => store.leafProof(index, commitment)),
      probe: (offset, length, key, commitment) => after(() => store.probe(offset, length, key, commitment)),
    }
  },

  'old-answers': (store) => {
    let first: Promise<Leaf> | null = null
    let hmac: Promise<Uint8Array> | null = null
    return {
      leafProof(index, commitment) {
        first ??= store.leafProof(index, commitment)
        return first
      },
      probe(offset, length, key, commitment) {
        hmac ??= store.probe(offset, length, key, commitment)
        return hmac
      },
    }
  },

  garbage: (store, { seed = 1 }) => {
    const random = seededRandom(seed)
    return {
      async leafProof(index, commitment) {
        const { leaf, path } = await store.leafProof(index, commitment)
        return { leaf: garbled(leaf, random), path: path.map((node) => garbled(node, random)) }
      },
      probe: async () => new Uint8Array(randomBytes(32)),
      async readProven(offset, length, commitment, checked) {
        const honest = await store.readProven(offset, length, commitment, checked)
        return { ...honest, data: randomBytes(honest.data.length) }
      },
    }
  },

  'other-order': (_store, { store: other }) => {
    const theirs = () => {
      if (other.commitment === null) throw new Error('the other order has no commitment')
      return other.commitment
    }
    return {
      leafProof: (index) => other.leafProof(index % (Number(theirs().size) / LEAF_SIZE), theirs()),
      probe: (_offset, length, key) => other.probe(0, Math.min(length, Number(theirs().size)), key, theirs()),
      readProven: (_offset, length, _commitment, checked) => other.readProven(0, length, theirs(), checked),
    }
  },

  echo: (store) => LIES['hashes-only'](store, { kind: 'hashes-only' }),
}
