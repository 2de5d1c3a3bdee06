import { randomBytes } from 'node:crypto'
import type { Commitment, MarketReader, OrderOnChain } from '@dmc/core/chain/types'
import { pickLeaves } from '@dmc/core/challenge/pick-leaves'
import { chunkLevels } from '@dmc/core/merkle/chunk-root'
import { ChunkTree } from '@dmc/core/merkle/chunk-tree'
import { CHUNK_LEAVES, CHUNK_SIZE, HASH_SIZE, LEAF_SIZE, treeDepth } from '@dmc/core/merkle/constants'
import { levelNode } from '@dmc/core/merkle/leaf-path'
import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import { leafAnswersHash } from '@dmc/core/protocol/answers-hash'
import { answerTypedData } from '@dmc/core/protocol/typed-data'
import type { Hex } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { checkOrder, type Questioned } from '../../../../apps/agent/src/challenge/check-order.ts'
import type { OrderStore } from '../../../../apps/agent/src/sector/types.ts'
import { seededRandom } from '../seeded-random.ts'
import { evilStore, type MinerCheat } from './evil-store.ts'

/** MiB of the order that is checked: enough leaves that no check asks for a notable part of them. */
const CAPACITY = 4
const MARKET = '0x00000000000000000000000000000000000d3c01'

/** Data whose proofs are all at hand: a store's answers without its disk. */
function provenData(capacity: number): { store: OrderStore; commitment: Commitment } {
  const hasher = createNodeHasher()
  const depth = treeDepth(capacity)
  const bytes = randomBytes(capacity * CHUNK_SIZE)
  const levels = Array.from({ length: capacity }, (_, chunk) =>
    chunkLevels(hasher, bytes.subarray(chunk * CHUNK_SIZE, (chunk + 1) * CHUNK_SIZE)),
  )
  const roots = new Uint8Array(capacity * HASH_SIZE)
  for (const [chunk, nodes] of levels.entries())
    roots.set(nodes.at(-1) ?? new Uint8Array(), chunk * HASH_SIZE)
  const tree = new ChunkTree({ hasher, depth, chunkRoots: roots })
  const commitment = tree.commitment(bytes.length)
  const store = {
    async leafProof(index: number) {
      const chunk = Math.floor(index / CHUNK_LEAVES)
      const at = index % CHUNK_LEAVES
      const low = Array.from({ length: 10 }, (_, height) =>
        levelNode(levels[chunk] ?? [], height, (at >> height) ^ 1),
      )
      return {
        leaf: bytes.subarray(index * LEAF_SIZE, (index + 1) * LEAF_SIZE),
        path: [...low, ...tree.siblings({ chunk, size: bytes.length })],
      }
    },
  }
  return { store: store as unknown as OrderStore, commitment }
}

export interface Detection {
  runs: number
  /** Runs in which the loss was noticed within the leaves allowed. */
  noticed: number
  /** Leaves asked for until it was, on average over those. */
  leaves: number
  /** Checks of it that called an honest answer anything but passed. */
  falseAccusations: number
}

/**
 * How often the real check, with its real choice of leaves, notices a miner that cheats: `runs` seeded runs of checks of 20 leaves, at most
 * `within` leaves each. Every answer is signed, judged and proved as over the wire; only the wire is left out.
 */
export async function detect(options: {
  cheat: (seed: number) => MinerCheat
  within: number
  runs: number
  leavesPerCheck?: number
  seed?: number
}): Promise<Detection> {
  const { within, runs, leavesPerCheck = 20, seed = 1 } = options
  const { store, commitment } = provenData(CAPACITY)
  const miner = privateKeyToAccount(generatePrivateKey())
  const user = privateKeyToAccount(generatePrivateKey())
  const order = {
    orderId: 1n,
    state: 'active',
    user: user.address,
    miner: miner.address,
    capacity: BigInt(CAPACITY),
    commitment,
  } as OrderOnChain
  const reader = {
    chainId: 31337,
    market: MARKET,
    order: async () => order,
    operator: async () => ({ scopes: 0, expiresAt: 0n }),
    chainTime: async () => BigInt(Math.floor(Date.now() / 1000)),
  } as unknown as MarketReader
  const signal = new AbortController().signal
  let noticed = 0
  let asked = 0
  let falseAccusations = 0
  for (let run = 0; run < runs; run++) {
    const cheat = options.cheat(seed + run)
    const evil = evilStore(store, cheat)
    const random = seededRandom((seed + run) * 7919)
    for (let left = within, used = 0; left > 0; left -= leavesPerCheck) {
      const count = Math.min(left, leavesPerCheck)
      used += count
      const { outcome } = await checkOrder({
        reader,
        orderId: 1n,
        role: 'user',
        signer: user,
        question: ({ size }) => ({ leaves: pickLeaves(size / BigInt(LEAF_SIZE), count, random) }),
        allowPrivate: true,
        signal,
        connect: async () => questioned(evil, miner),
      })
      if (outcome === 'passed') continue
      if (cheat.kind === 'honest') falseAccusations++
      noticed++
      asked += used
      break
    }
  }
  return { runs, noticed, leaves: noticed === 0 ? 0 : asked / noticed, falseAccusations }
}

/** A miner's side of a check in this process: proves, signs, and says who it is. */
function questioned(store: OrderStore, miner: ReturnType<typeof privateKeyToAccount>): Questioned {
  return {
    async askLeaves(leaves, commitment) {
      const answers = []
      for (const index of leaves)
        answers.push({ index, ...(await store.leafProof(Number(index), commitment)) })
      const nonce: Hex = `0x${randomBytes(32).toString('hex')}`
      const signedAt = BigInt(Math.floor(Date.now() / 1000))
      const answersHash = leafAnswersHash(answers)
      const message = { orderId: 1n, nonce, ...commitment, answersHash, signedAt }
      const signature = await miner.signTypedData(
        answerTypedData({ chainId: 31337, market: MARKET }, message),
      )
      return { nonce, commitment, signedAt, signature, miner: miner.address, latencyMs: 0, answers }
    },
    askProbe: async () => {
      throw new Error('leaves only')
    },
    close: async () => {},
  }
}
