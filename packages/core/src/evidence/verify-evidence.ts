import { type Address, type Hex, isAddressEqual, type PublicClient } from 'viem'
import { dmcErrorIn, reading, toReadError } from '../chain/chain-error.ts'
import { checkMarket } from '../chain/check-market.ts'
import { decodeLogs, type MarketEvent, type RawLog } from '../chain/decode-log.ts'
import { type Commitment, OPERATOR_SCOPES } from '../chain/types.ts'
import { DmcError } from '../errors/dmc-error.ts'
import { MAX_CAPACITY_MIB, treeDepth } from '../merkle/constants.ts'
import type { Hasher } from '../merkle/hasher.ts'
import { type BlockFacts, readBlockFacts } from './block-times.ts'
import type { ChainClaim, EvidenceBundle } from './bundle.ts'
import { differenceOf, toClaim } from './chain-claim.ts'
import { readTransaction } from './collect-evidence.ts'
import { findOperatorLogs, findOrderLogs, ORDER_EVENTS } from './find-logs.ts'
import { type Judgement, judgeAnswer, type Span } from './judge-answer.ts'

export type ClaimResult = 'true' | 'false' | 'unverifiable'

/** What became of one thing that the bundle says about the chain. */
export interface CheckedClaim {
  /** `order`, `bill`, `history 3 (Prepared)`, `transaction 0x…`, `as of block 12`. */
  claim: string
  result: ClaimResult
  /** One sentence; '' for what is true. */
  reason: string
}

export interface CheckedAnswer extends Judgement {
  /** Position in the bundle, from 0. */
  index: number
  askedMs: number
  /** Unix seconds, as signed. */
  signedAt: bigint
  leaves: number
}

export interface EvidenceReport {
  chainId: number
  market: Address
  orderId: bigint
  user: Address | null
  miner: Address | null
  /** The block up to which the bundle tells everything, and what was looked at. */
  asOf: number
  claims: CheckedClaim[]
  /** Events of the order that the chain has and the bundle keeps quiet about. */
  leftOut: string[]
  /** True when that could be looked for at all. */
  complete: boolean
  answers: CheckedAnswer[]
  /**
   * `holds`: every claim is true, nothing is left out, and every answer is the miner's; `incomplete`: some of it can't be
   * verified; `false`: something in it is not so.
   */
  result: 'holds' | 'incomplete' | 'false'
}

export interface VerifyOptions {
  hasher: Hasher
  /** The Market that counts; without it the one that the bundle names, which the reader must know. */
  market?: Address
  onProgress?: (done: number, total: number) => void
}

/**
 * Checks a bundle against the chain, and against nothing of ours: every claim is looked up again, every answer's signer,
 * commitment and proof are judged anew.
 * @throws WRONG_CHAIN, NOT_A_DMC_MARKET, RPC_UNREACHABLE, RPC_BAD_ANSWER when the chain itself can't be asked
 */
export async function verifyEvidence(
  client: PublicClient,
  bundle: EvidenceBundle,
  options: VerifyOptions,
): Promise<EvidenceReport> {
  await mustBeItsChain(client, bundle, options.market)
  const chain = new ChainLookup(client, bundle)
  const claims: CheckedClaim[] = [await chain.asOf()]
  const named: [string, ChainClaim, readonly string[]][] = [
    ['bill', bundle.bill, ['BillCreated']],
    ['order', bundle.order, ['OrderCreated']],
    ...bundle.operators.map(
      (claim, i) =>
        [`operator ${i} (${claim.event})`, claim, ['OperatorSet']] as [string, ChainClaim, string[]],
    ),
    ...bundle.history.map(
      (claim, i) =>
        [`history ${i} (${claim.event})`, claim, ORDER_EVENTS] as [string, ChainClaim, readonly string[]],
    ),
  ]
  const total = named.length + bundle.transactions.length + bundle.answers.length
  let done = 0
  const tell = (checked: CheckedClaim[]) => {
    claims.push(...checked)
    done += checked.length
    options.onProgress?.(done, total)
  }
  // the order first: what belongs to it is judged by it
  for (const [name, claim, events] of named.slice(0, 2)) tell([await chain.claim(name, claim, events)])
  for (const part of groups(named.slice(2))) {
    tell(await Promise.all(part.map(([name, claim, events]) => chain.claim(name, claim, events))))
  }
  for (const part of groups(bundle.transactions)) {
    tell(await Promise.all(part.map((one) => chain.transaction(one))))
  }
  const order = chain.order
  const facts = order && {
    domain: { chainId: bundle.chainId, market: bundle.market },
    orderId: bundle.orderId,
    miner: order.miner,
    depth: treeDepth(order.capacity),
    hasher: options.hasher,
    commitments: await chain.commitments(),
    authorised: (signer: Address) => chain.authorised(signer),
  }
  const answers: CheckedAnswer[] = []
  for (const [index, { askedMs, exchange }] of bundle.answers.entries()) {
    const judgement: Judgement = facts
      ? await judgeAnswer(facts, exchange)
      : { verdict: 'unverifiable', reason: 'The order it is about is not on chain as told.', signer: null }
    const leaves = 'leaves' in exchange ? exchange.answers.length : 0
    answers.push({ index, askedMs, signedAt: exchange.signedAt, leaves, ...judgement })
    options.onProgress?.(++done, total)
  }
  const missing = await chain.leftOut()
  const isFalse =
    claims.some(({ result }) => result === 'false') ||
    answers.some(({ verdict }) => verdict === 'worthless') ||
    (missing ?? []).length > 0
  const isOpen =
    missing === null ||
    claims.some(({ result }) => result === 'unverifiable') ||
    answers.some(({ verdict }) => verdict === 'unverifiable')
  return {
    chainId: bundle.chainId,
    market: bundle.market,
    orderId: bundle.orderId,
    user: order?.user ?? null,
    miner: order?.miner ?? null,
    asOf: bundle.asOf.block,
    claims,
    leftOut: missing ?? [],
    complete: missing !== null,
    answers,
    result: isFalse ? 'false' : isOpen ? 'incomplete' : 'holds',
  }
}

/** Asked together, so that they travel as one batch. */
const AT_ONCE = 50
const groups = <T>(items: T[]): T[][] =>
  Array.from({ length: Math.ceil(items.length / AT_ONCE) }, (_, i) =>
    items.slice(i * AT_ONCE, (i + 1) * AT_ONCE),
  )

async function mustBeItsChain(client: PublicClient, bundle: EvidenceBundle, market: Address | undefined) {
  const actual = await reading('its chain id', () => client.getChainId())
  if (actual !== bundle.chainId) {
    throw new DmcError(
      'WRONG_CHAIN',
      `The evidence is about chain ${bundle.chainId}, the RPC is on ${actual}.`,
      {
        hint: 'Give the RPC URL of the chain that the evidence names.',
        meta: { wanted: bundle.chainId, actual },
      },
    )
  }
  if (market !== undefined && !isAddressEqual(market, bundle.market)) {
    throw new DmcError(
      'NOT_A_DMC_MARKET',
      `The evidence is about the Market ${bundle.market}, not ${market}.`,
      {
        hint: 'Anybody can deploy a Market of their own and make evidence there: ask which one your order is on.',
      },
    )
  }
  await checkMarket(client, bundle.market)
}

const SCOPES = OPERATOR_SCOPES.PREPARE | OPERATOR_SCOPES.REFUSE | OPERATOR_SCOPES.ENDPOINT

/** What the chain says, each thing asked once; a node that can't answer makes a claim unverifiable, not false. */
class ChainLookup {
  readonly #client: PublicClient
  readonly #bundle: EvidenceBundle
  readonly #receipts = new Map<Hex, Promise<MarketEvent[] | null>>()
  readonly #blocks = new Map<bigint, Promise<BlockFacts | null>>()
  readonly #spans = new Map<Address, Promise<Span[] | null>>()
  #history: Promise<ChainClaim[] | null> | undefined
  /** The order as the chain has it, once its claim was found to be true. */
  order: { user: Address; miner: Address; capacity: bigint; block: bigint } | null = null

  constructor(client: PublicClient, bundle: EvidenceBundle) {
    this.#client = client
    this.#bundle = bundle
  }

  async asOf(): Promise<CheckedClaim> {
    const { block, blockHash, time } = this.#bundle.asOf
    return this.#checked(`as of block ${block}`, async () => {
      const found = await this.#block(BigInt(block))
      if (found === null) return `There is no block ${block} on this chain.`
      return found.hash === blockHash && found.time === time
        ? null
        : `Block ${block} is another one on this chain.`
    })
  }

  /** Is that event in that transaction's receipt, word for word, and about this order, bill or miner? */
  claim(name: string, claim: ChainClaim, may: readonly string[]): Promise<CheckedClaim> {
    return this.#checked(name, async () => {
      if (!may.includes(claim.event)) return `A ${claim.event} does not belong there.`
      const events = await this.#receipt(claim.at.transaction)
      if (events === null) return `There is no transaction ${claim.at.transaction} on this chain.`
      const event = events.find(({ logIndex }) => logIndex === claim.at.logIndex)
      if (event === undefined) {
        return `Transaction ${claim.at.transaction} has no event ${claim.at.logIndex} of the Market.`
      }
      const time = (await this.#block(event.blockNumber))?.time ?? -1
      const difference = differenceOf(claim, toClaim(event, time))
      if (difference !== null) return `It is not as told: ${difference}.`
      if (claim.at.block > this.#bundle.asOf.block)
        return 'It is newer than the block up to which the evidence tells.'
      return this.#belongs(event)
    })
  }

  #belongs(event: MarketEvent): string | null {
    const { orderId, order } = this.#bundle
    if (event.name === 'BillCreated') {
      return String(event.args.billId) === order.args.billId
        ? null
        : `It is bill ${event.args.billId}, not the order’s.`
    }
    if (event.name === 'OperatorSet') {
      return event.args.owner === order.args.miner
        ? null
        : `It is about ${event.args.owner}, not the order’s miner.`
    }
    if (!('orderId' in event.args) || event.args.orderId !== orderId)
      return `It is not about order ${orderId}.`
    if (event.name === 'OrderCreated') {
      const { user, miner, capacity } = event.args
      if (capacity < 1n || capacity > BigInt(MAX_CAPACITY_MIB))
        return `Its capacity of ${capacity} MiB has no tree.`
      this.order = { user, miner, capacity, block: event.blockNumber }
    }
    return null
  }

  transaction(said: EvidenceBundle['transactions'][number]): Promise<CheckedClaim> {
    return this.#checked(`transaction ${said.hash}`, async () => {
      let found: EvidenceBundle['transactions'][number]
      try {
        found = await readTransaction(this.#client, this.#bundle.market, said.hash)
      } catch (error) {
        if ((error as { name?: string }).name === 'TransactionNotFoundError')
          return 'It is not on this chain.'
        throw toReadError(error, `transaction ${said.hash}`)
      }
      for (const name of ['block', 'from', 'to', 'call'] as const) {
        if (said[name] !== found[name]) return `Its ${name} is ${found[name]} on chain, not ${said[name]}.`
      }
      return null
    })
  }

  /** null when the node can't say. */
  async leftOut(): Promise<string[] | null> {
    const found = await this.#wholeHistory()
    if (found === null) return null
    const told = new Set(this.#bundle.history.map(({ at }) => `${at.blockHash}/${at.logIndex}`))
    return found
      .slice(1)
      .filter(({ at }) => !told.has(`${at.blockHash}/${at.logIndex}`))
      .map(({ event, at }) => `${event} in block ${at.block} (${at.transaction})`)
  }

  /** The commitments from first to last, with the time in which each was in force. */
  async commitments(): Promise<(Commitment & Span)[] | null> {
    const history = await this.#wholeHistory()
    if (history === null) return null
    const spans: (Commitment & Span)[] = []
    for (const { event, args, at } of history) {
      const agreed = event === 'OrderActivated' || event === 'CommitmentReplaced'
      const over = ['OrderEnded', 'OrderSlashed'].includes(event)
      const last = spans.at(-1)
      if ((agreed || over) && last) last.to = BigInt(at.time)
      if (agreed) {
        spans.push({
          root: args.root as Hex,
          size: BigInt(String(args.size)),
          from: BigInt(at.time),
          to: null,
        })
      }
    }
    return spans
  }

  authorised(signer: Address): Promise<Span[] | null> {
    const known = this.#spans.get(signer)
    if (known) return known
    const asking = this.#orNull(async () => {
      const { market, asOf } = this.#bundle
      const { miner } = this.order ?? { miner: signer }
      const to = BigInt(asOf.block)
      const events = await findOperatorLogs(this.#client, {
        market,
        owner: miner,
        operator: signer,
        from: 0n,
        to,
      })
      const spans: Span[] = []
      for (const event of events) {
        if (event.name !== 'OperatorSet') continue
        const from = BigInt((await this.#block(event.blockNumber))?.time ?? 0)
        const last = spans.at(-1)
        if (last && (last.to === null || last.to > from)) last.to = from
        if ((event.args.scopes & BigInt(SCOPES)) !== 0n) spans.push({ from, to: event.args.expiresAt })
      }
      return spans
    })
    this.#spans.set(signer, asking)
    return asking
  }

  #wholeHistory(): Promise<ChainClaim[] | null> {
    this.#history ??= this.#orNull(async () => {
      if (this.order === null) return null
      const { market, orderId, asOf } = this.#bundle
      const search = { market, orderId, from: this.order.block, to: BigInt(asOf.block) }
      const events = await findOrderLogs(this.#client, search)
      // a node that forgets its own receipts' events has pruned its logs, or lies
      if (events[0]?.name !== 'OrderCreated') return null
      const blocks = await readBlockFacts(
        this.#client,
        events.map(({ blockNumber }) => blockNumber),
      )
      return events.map((event) => toClaim(event, blocks.get(event.blockNumber)?.time ?? 0))
    })
    return this.#history
  }

  #block(number: bigint): Promise<BlockFacts | null> {
    const known = this.#blocks.get(number)
    if (known) return known
    const asking = readBlockFacts(this.#client, [number]).then((found) => found.get(number) ?? null)
    this.#blocks.set(number, asking)
    return asking
  }

  #receipt(hash: Hex): Promise<MarketEvent[] | null> {
    const known = this.#receipts.get(hash)
    if (known) return known
    const asking = this.#client
      .getTransactionReceipt({ hash })
      .then(({ logs }) => decodeLogs(this.#bundle.market, logs as readonly RawLog[]))
      .catch((error: unknown) => {
        if ((error as { name?: string }).name === 'TransactionReceiptNotFoundError') return null
        throw toReadError(error, `transaction ${hash}`)
      })
    this.#receipts.set(hash, asking)
    return asking
  }

  /** `find` says why a claim is false, null when it is true. */
  async #checked(claim: string, find: () => Promise<string | null>): Promise<CheckedClaim> {
    try {
      const reason = await find()
      return reason === null ? { claim, result: 'true', reason: '' } : { claim, result: 'false', reason }
    } catch (error) {
      const known = dmcErrorIn(error)
      if (known === null) throw error
      return { claim, result: 'unverifiable', reason: known.message }
    }
  }

  async #orNull<T>(ask: () => Promise<T | null>): Promise<T | null> {
    try {
      return await ask()
    } catch (error) {
      if (dmcErrorIn(error) === null) throw error
      return null
    }
  }
}
