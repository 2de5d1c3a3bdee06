import { devAccount } from '@dmc/testkit/dev-accounts'
import { type Devnet, startDevnet } from '@dmc/testkit/devnet'
import { rpc } from '@dmc/testkit/rpc'
import { type Address, bytesToHex, type Hex, type LocalAccount } from 'viem'
import { createBillCall } from '../../src/chain/acts/create-bill.ts'
import { createOrderCall } from '../../src/chain/acts/create-order.ts'
import { type ChainCall, marketCall } from '../../src/chain/acts/market-call.ts'
import { prepareCall } from '../../src/chain/acts/prepare.ts'
import { setOperatorCall } from '../../src/chain/acts/set-operator.ts'
import { approveCall } from '../../src/chain/acts/token-call.ts'
import { decodeLogs, type MarketEvent, type RawLog } from '../../src/chain/decode-log.ts'
import type { Commitment } from '../../src/chain/types.ts'
import type { EvidenceBundle, SignedLeaves } from '../../src/evidence/bundle.ts'
import { collectEvidence } from '../../src/evidence/collect-evidence.ts'
import { chunkRoot } from '../../src/merkle/chunk-root.ts'
import { ChunkTree } from '../../src/merkle/chunk-tree.ts'
import { LEAF_SIZE, treeDepth } from '../../src/merkle/constants.ts'
import { leafPath } from '../../src/merkle/leaf-path.ts'
import { createNodeHasher } from '../../src/merkle/node-hasher.ts'
import { type LeafAnswer, leafAnswersHash } from '../../src/protocol/answers-hash.ts'
import { answerTypedData } from '../../src/protocol/typed-data.ts'

export const hasher = createNodeHasher()
export const [miner, user, operator, stranger] = [devAccount(1), devAccount(2), devAccount(3), devAccount(4)]
/** MiB of every order here. */
const CAPACITY = 2n
const DEPTH = treeDepth(CAPACITY)

/** Less than a chunk of data, with its commitment and its proofs. */
export class Data {
  readonly #bytes: Uint8Array
  readonly #tree: ChunkTree
  readonly commitment: Commitment

  constructor(fill: number, leaves: number) {
    this.#bytes = new Uint8Array(leaves * LEAF_SIZE).map((_, i) => ((i >> 10) * 7 + i * 31 + fill) & 255)
    const root = new Uint8Array(32)
    chunkRoot(hasher, this.#bytes, root)
    this.#tree = new ChunkTree({ hasher, depth: DEPTH, chunkRoots: root })
    this.commitment = this.#tree.commitment(this.#bytes.length)
  }

  leaf(index: number): LeafAnswer {
    const path = leafPath({
      hasher,
      tree: this.#tree,
      chunkData: this.#bytes,
      leafIndex: index,
      size: this.#bytes.length,
      depth: DEPTH,
    })
    return {
      index: BigInt(index),
      leaf: this.#bytes.slice(index * LEAF_SIZE, (index + 1) * LEAF_SIZE),
      path,
    }
  }
}

/** A chain with bills and orders, told event by event. */
export class Story {
  readonly net: Devnet
  constructor(net: Devnet) {
    this.net = net
  }

  static async start(chainId?: number): Promise<Story> {
    const net = await startDevnet({ blockTime: 'auto', ...(chainId === undefined ? {} : { chainId }) })
    const story = new Story(net)
    for (const account of [miner, user]) {
      await net.fund(account.address)
      await story.send(account.address, approveCall(net.token, net.market, (1n << 256n) - 1n))
    }
    return story
  }

  async send(from: Address, { to, data, value }: ChainCall): Promise<MarketEvent[]> {
    const hash = await rpc<Hex>(this.net.url, 'eth_sendTransaction', [
      { from, to, data, value: `0x${value.toString(16)}`, gas: '0xf4240' },
    ])
    const receipt = await this.net.client.waitForTransactionReceipt({ hash })
    if (receipt.status !== 'success') throw new Error(`${hash} reverted`)
    return decodeLogs(this.net.market, receipt.logs as RawLog[])
  }

  async order(): Promise<bigint> {
    const { market } = this.net
    const now = await this.now()
    const offer = { capacity: CAPACITY, step: 1n, price: 1n << 60n, pledgeRate: 2, bond: 5n }
    const term = { minWeeks: 1, maxWeeks: 9, expiresAt: now + 1_000_000n }
    const [bill] = await this.send(miner.address, createBillCall(market, { ...offer, ...term }))
    if (bill?.name !== 'BillCreated') throw new Error('no bill')
    const order = {
      billId: bill.args.billId,
      expectedMiner: miner.address,
      capacity: CAPACITY,
      weeks: 3,
      maxPrice: offer.price,
      minPledgeRate: 2,
      maxBond: 5n,
      challenges: 5,
    }
    const [created] = await this.send(user.address, createOrderCall(market, order))
    if (created?.name !== 'OrderCreated') throw new Error('no order')
    return created.args.orderId
  }

  async agree(orderId: bigint, commitment: Commitment): Promise<void> {
    await this.send(user.address, prepareCall(this.net.market, orderId, 'user', commitment))
    await this.send(miner.address, prepareCall(this.net.market, orderId, 'miner', commitment))
  }

  authorise(owner: LocalAccount, key: LocalAccount, scopes: number, expiresAt: bigint) {
    const grant = { operator: key.address, scopes, expiresAt }
    return this.send(owner.address, setOperatorCall(this.net.market, grant))
  }

  challenge = (orderId: bigint, leaf: bigint) =>
    this.send(user.address, marketCall(this.net.market, 'challenge', [orderId, leaf]))

  answer = (orderId: bigint, { leaf, path }: LeafAnswer) =>
    this.send(
      miner.address,
      marketCall(this.net.market, 'answer', [
        orderId,
        bytesToHex(leaf),
        path.map((node) => bytesToHex(node)),
      ]),
    )

  now = async () => (await this.net.client.getBlock()).timestamp

  warp = async (seconds: bigint) => this.net.anvil.setTime((await this.now()) + seconds)

  async evidence(orderId: bigint, exchanges: EvidenceBundle['answers'][number]['exchange'][] = []) {
    const { client, market, anvil } = this.net
    return collectEvidence(client, {
      chainId: anvil.chainId,
      market,
      orderId,
      to: await client.getBlockNumber({ cacheTime: 0 }),
      now: 1_790_000_000,
      answers: exchanges.map((exchange) => ({ askedMs: 1_790_000_000_000, outcome: 'passed', exchange })),
    })
  }

  /** An answer as a miner's agent signs it. */
  async sign(
    signer: LocalAccount,
    said: {
      orderId: bigint
      commitment: Commitment
      answers: LeafAnswer[]
      signedAt: bigint
      /** When it is not what was answered. */
      leaves?: bigint[]
    },
  ): Promise<SignedLeaves> {
    const { orderId, commitment, answers, signedAt } = said
    const nonce: Hex = `0x${'5a'.repeat(32)}`
    const domain = { chainId: this.net.anvil.chainId, market: this.net.market }
    const answersHash = leafAnswersHash(answers)
    const message = { orderId, nonce, ...commitment, answersHash, signedAt }
    return {
      v: 1,
      orderId,
      nonce,
      ...commitment,
      leaves: said.leaves ?? answers.map(({ index }) => index),
      answers: answers.map(({ index, leaf, path }) => ({
        index,
        leaf: bytesToHex(leaf),
        path: path.map((node) => bytesToHex(node)),
      })),
      signedAt,
      signature: await signer.signTypedData(answerTypedData(domain, message)),
    }
  }
}
