import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import {
  type Account,
  type Address,
  BaseError,
  type Chain,
  ContractFunctionRevertedError,
  createPublicClient,
  createWalletClient,
  decodeEventLog,
  type Hex,
  http,
  type PublicClient,
  type Transport,
  toHex,
  type WalletClient,
} from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAnvil } from '../../../testkit/src/start-anvil.ts'
import { fraction, sampleData } from '../../test/merkle/model-of.ts'
import { createBillCall } from '../chain/acts/create-bill.ts'
import { createOrderCall } from '../chain/acts/create-order.ts'
import { type ChainCall, marketCall } from '../chain/acts/market-call.ts'
import { prepareCall } from '../chain/acts/prepare.ts'
import { approveCall, faucetCall } from '../chain/acts/token-call.ts'
import { deployMarket } from '../chain/deploy-market.ts'
import { marketAbi } from '../chain/generated/market-abi.ts'
import { DmcError } from '../errors/dmc-error.ts'
import { ChunkTree } from './chunk-tree.ts'
import type { Commitment } from './commitment.ts'
import { treeDepth } from './constants.ts'
import { hashChunks } from './hash-chunks.ts'
import { leafPath } from './leaf-path.ts'
import { createNodeHasher } from './node-hasher.ts'
import { type LeafProof, verifyLeaf } from './verify-leaf.ts'

// The Market itself judges paths that TypeScript made: challenge and answer on a real chain.

type Wallet = WalletClient<Transport, Chain, Account>
const hasher = createNodeHasher()
const MNEMONIC = 'test test test test test test test test test test test junk'
const COOLDOWN = 1n

let stop = async () => {}
let jump: (seconds: number) => Promise<void>
let client: PublicClient<Transport, Chain>
let user: Wallet
let miner: Wallet
let market: Address

const send = async (wallet: Wallet, { to, data, value }: ChainCall) => {
  const hash = await wallet.sendTransaction({ to, data, value, gas: 2_000_000n })
  const receipt = await client.waitForTransactionReceipt({ hash })
  if (receipt.status !== 'success') throw new Error(`${data.slice(0, 10)} reverted`)
  return receipt
}

/** The id in the first event of that name. */
const created = async (
  wallet: Wallet,
  call: ChainCall,
  eventName: 'BillCreated' | 'OrderCreated',
): Promise<bigint> => {
  for (const log of (await send(wallet, call)).logs) {
    if (log.address.toLowerCase() !== market.toLowerCase()) continue
    const event = decodeEventLog({ abi: marketAbi, data: log.data, topics: log.topics })
    if (event.eventName !== eventName) continue
    const id = 'orderId' in event.args ? event.args.orderId : event.args.billId
    if (typeof id === 'bigint') return id
  }
  throw new Error(`no ${eventName}`)
}

/** An active order of this capacity with this commitment. */
const activeOrder = async (capacityMiB: number, commitment: Commitment): Promise<bigint> => {
  const { timestamp } = await client.getBlock()
  const capacity = BigInt(capacityMiB)
  const bill = {
    capacity,
    step: 1n,
    price: 1024n,
    pledgeRate: 1,
    minWeeks: 1,
    maxWeeks: 9,
    bond: 1n,
    expiresAt: timestamp + 86_400n,
  }
  const billId = await created(miner, createBillCall(market, bill), 'BillCreated')
  const order = {
    billId,
    expectedMiner: miner.account.address,
    capacity,
    weeks: 9,
    maxPrice: 1024n,
    minPledgeRate: 0,
    maxBond: 1n,
    challenges: 50,
  }
  const orderId = await created(user, createOrderCall(market, order), 'OrderCreated')
  await send(user, prepareCall(market, orderId, 'user', commitment))
  await send(miner, prepareCall(market, orderId, 'miner', commitment))
  return orderId
}

/** Name of the Market's error, or `ok`. */
const verdict = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call
    return 'ok'
  } catch (error) {
    const reverted =
      error instanceof BaseError
        ? error.walk((cause) => cause instanceof ContractFunctionRevertedError)
        : null
    if (reverted instanceof ContractFunctionRevertedError) return reverted.data?.errorName ?? 'unknown'
    throw error
  }
}

const answerArgs = (orderId: bigint, leaf: Uint8Array, path: readonly Uint8Array[]) =>
  [orderId, toHex(leaf), path.map((sibling) => toHex(sibling))] as const

/** What the Market would say to an answer; changes nothing. */
const judge = (orderId: bigint, leaf: Uint8Array, path: readonly Uint8Array[]) =>
  verdict(
    client.simulateContract({
      account: miner.account,
      address: market,
      abi: marketAbi,
      functionName: 'answer',
      args: answerArgs(orderId, leaf, path),
    }),
  )

const challengeVerdict = (orderId: bigint, index: bigint) =>
  verdict(
    client.simulateContract({
      account: user.account,
      address: market,
      abi: marketAbi,
      functionName: 'challenge',
      args: [orderId, index],
    }),
  )

const challenge = async (orderId: bigint, index: number) => {
  await jump(Number(COOLDOWN) + 1)
  await send(user, marketCall(market, 'challenge', [orderId, BigInt(index)]))
}

const answer = (orderId: bigint, leaf: Uint8Array, path: readonly Uint8Array[]) =>
  send(miner, marketCall(market, 'answer', answerArgs(orderId, leaf, path)))

beforeAll(async () => {
  const anvil = await startAnvil({ blockTime: 'auto' })
  stop = () => anvil.stop()
  jump = (seconds) => anvil.increaseTime(seconds)
  const transport = http(anvil.url)
  client = createPublicClient({ chain: foundry, transport, pollingInterval: 10, cacheTime: 0 })
  const wallet = (addressIndex: number): Wallet =>
    createWalletClient({ account: mnemonicToAccount(MNEMONIC, { addressIndex }), chain: foundry, transport })
  ;[user, miner] = [wallet(1), wallet(2)]
  const deployed = await deployMarket(client, wallet(0), { devnet: true, parameters: { cooldown: COOLDOWN } })
  market = deployed.market
  for (const owner of [user, miner]) {
    await send(owner, faucetCall(deployed.token))
    await send(owner, approveCall(deployed.token, market, 10n ** 23n))
  }
})

afterAll(() => stop())

const ON_CHAIN: Record<string, string> = {
  PROOF_INDEX_OUT_OF_RANGE: 'LeafOutOfRange',
  PROOF_LEAF_SIZE: 'LeafLength',
  PROOF_PATH_LENGTH: 'PathLength',
  PROOF_INVALID: 'InvalidProof',
}

/** What `verifyLeaf` says, in the Market's words. */
const opinion = (proof: LeafProof): string => {
  try {
    verifyLeaf(proof)
    return 'ok'
  } catch (error) {
    return DmcError.is(error) ? (ON_CHAIN[error.code] ?? error.code) : 'unknown'
  }
}

describe('the Market and TypeScript judge alike', () => {
  it('every path that TypeScript makes is taken, and every spoiled one refused', async () => {
    const question = fc.record({
      capacityMiB: fc.constantFrom(1, 2, 3, 4, 5, 7, 1000, 1_048_576, 4_294_967_295),
      stored: fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.constantFrom(1, 1023, 1024, 1025, 2048, 2049)),
      asked: fc.array(fraction, { minLength: 2, maxLength: 2 }),
      spoilt: fc.constantFrom('leaf', 'path', 'swap', 'short', 'long', 'node', 'neighbour', 'other leaf'),
      at: fc.nat(),
    })
    await fc.assert(
      fc.asyncProperty(question, async ({ capacityMiB, stored, asked, spoilt, at }) => {
        const leaves = Math.min(stored, capacityMiB * 1024)
        const data = sampleData(at, leaves)
        const depth = treeDepth(capacityMiB)
        const tree = new ChunkTree({ hasher, depth, chunkRoots: hashChunks(hasher, data) })
        const commitment = tree.commitment(data.length)
        const orderId = await activeOrder(capacityMiB, commitment)
        const proofOf = (leafIndex: number) => {
          const chunk = Math.floor(leafIndex / 1024)
          const chunkData = data.subarray(chunk << 20, (chunk + 1) << 20)
          return {
            leaf: data.slice(leafIndex * 1024, leafIndex * 1024 + 1024),
            path: leafPath({ hasher, tree, chunkData, leafIndex, size: data.length, depth }),
          }
        }
        expect(await challengeVerdict(orderId, BigInt(leaves))).toBe('LeafOutOfRange')
        for (const place of asked) {
          const index = Math.min(leaves - 1, Math.floor(place * leaves))
          const good = proofOf(index)
          const { leaf, path } = spoil(spoilt, good, at, proofOf((index + 1) % leaves))
          await challenge(orderId, index)
          const inTypeScript = opinion({ hasher, ...commitment, depth, index, leaf, path })
          expect(await judge(orderId, leaf, path)).toBe(inTypeScript)
          // With a single leaf, its neighbour is itself.
          const unspoilt = leaves === 1 && (spoilt === 'other leaf' || spoilt === 'neighbour')
          expect(inTypeScript === 'ok').toBe(unspoilt)
          await answer(orderId, good.leaf, good.path)
        }
      }),
      { seed: 21, numRuns: 24 },
    )
  })

  interface Row {
    name: string
    capacityMiB: number
    size: number
    root: Hex
    index: number
    leaf: Hex
    path: Hex[]
    code?: string
  }
  const vectors: { proofs: Row[]; refused: Row[] } = JSON.parse(
    readFileSync(new URL('../../vectors/tree.json', import.meta.url), 'utf8'),
  )
  const bytes = (hex: Hex) => new Uint8Array(Buffer.from(hex.slice(2), 'hex'))

  it('takes every proof of the vectors', async () => {
    const orders = new Map<string, bigint>()
    for (const row of vectors.proofs) {
      const key = `${row.root} ${row.size} ${row.capacityMiB}`
      const orderId =
        orders.get(key) ?? (await activeOrder(row.capacityMiB, { root: row.root, size: BigInt(row.size) }))
      orders.set(key, orderId)
      await challenge(orderId, row.index)
      await answer(orderId, bytes(row.leaf), row.path.map(bytes))
    }
  })

  it.each(vectors.refused.filter((row) => row.size > 0 && !/^0x0*$/.test(row.root)))(
    'refuses: $name',
    async (row) => {
      const orderId = await activeOrder(row.capacityMiB, { root: row.root, size: BigInt(row.size) })
      const expected = ON_CHAIN[row.code ?? '']
      if (expected === 'LeafOutOfRange') {
        expect(await challengeVerdict(orderId, BigInt(row.index))).toBe(expected)
      } else {
        await challenge(orderId, row.index)
        expect(await judge(orderId, bytes(row.leaf), row.path.map(bytes))).toBe(expected)
      }
    },
  )
})

interface Proof {
  leaf: Uint8Array
  path: Uint8Array[]
}

const flip = (value: Uint8Array, at: number): Uint8Array =>
  value.map((byte, i) => (i === at % value.length ? byte ^ 1 : byte))

/** The proof with one thing wrong. */
const spoil = (how: string, { leaf, path }: Proof, at: number, other: Proof): Proof => {
  const [first = leaf, second = leaf] = path
  const changes: Record<string, Proof> = {
    leaf: { leaf: flip(leaf, at), path },
    path: { leaf, path: path.map((sibling, i) => (i === at % path.length ? flip(sibling, at) : sibling)) },
    swap: { leaf, path: [second, first, ...path.slice(2)] },
    short: { leaf, path: path.slice(1) },
    long: { leaf, path: [...path, first] },
    node: { leaf: new Uint8Array(Buffer.concat([hasher.sha256(leaf), first])), path: path.slice(1) },
    neighbour: { leaf, path: other.path },
    'other leaf': { leaf: other.leaf, path },
  }
  return changes[how] ?? { leaf, path }
}
