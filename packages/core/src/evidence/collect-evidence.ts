import {
  type Address,
  decodeFunctionData,
  getAddress,
  type Hex,
  isAddressEqual,
  type PublicClient,
} from 'viem'
import { reading } from '../chain/chain-error.ts'
import type { MarketEvent } from '../chain/decode-log.ts'
import { marketAbi } from '../chain/generated/market-abi.ts'
import { DmcError } from '../errors/dmc-error.ts'
import { readBlockFacts } from './block-times.ts'
import { EVIDENCE_LIMITS, EVIDENCE_VERSION, type EvidenceBundle, type TransactionClaim } from './bundle.ts'
import { toClaim } from './chain-claim.ts'
import { findLogs, findOperatorLogs, findOrderLogs, idTopic, topicOf } from './find-logs.ts'

export interface CollectOptions {
  chainId: number
  market: Address
  orderId: bigint
  /** Where the search begins: the Market's first block, or 0. */
  from?: bigint
  /** The newest block that counts. */
  to: bigint
  /** Unix seconds. */
  now: number
  /** What was kept; oldest first. When there are too many, the oldest that passed are left out. */
  answers: EvidenceBundle['answers']
}

/**
 * Everything that the chain and this host know of one order, as a bundle that others can check (docs/PROTOCOL.md 7).
 * @throws ORDER_NOT_FOUND, RPC_UNREACHABLE, RPC_BAD_ANSWER
 */
export async function collectEvidence(
  client: PublicClient,
  options: CollectOptions,
): Promise<EvidenceBundle> {
  const { market, orderId, from = 0n, to } = options
  const [created, ...history] = await findOrderLogs(client, { market, orderId, from, to })
  if (created?.name !== 'OrderCreated') {
    throw new DmcError(
      'ORDER_NOT_FOUND',
      `Order ${orderId} is not on the Market ${market} up to block ${to}.`,
      {
        hint: 'Check the number, or wait until its block is confirmed.',
      },
    )
  }
  const { billId, miner } = created.args
  const [[bill], operators] = await Promise.all([
    findLogs(client, {
      market,
      topics: [topicOf('BillCreated'), idTopic(billId)],
      from,
      to: created.blockNumber,
    }),
    findOperatorLogs(client, { market, owner: miner, from, to }),
  ])
  if (bill?.name !== 'BillCreated') {
    throw new DmcError('RPC_BAD_ANSWER', `The RPC has order ${orderId} but not its bill ${billId}.`, {
      hint: 'Use an RPC URL that keeps the whole history of the chain.',
    })
  }
  const events = [bill, created, ...operators, ...history]
  const blocks = await readBlockFacts(client, [to, ...events.map(({ blockNumber }) => blockNumber)])
  const asOf = blocks.get(to)
  if (!asOf) {
    throw new DmcError('RPC_BAD_ANSWER', `The RPC does not have block ${to}, which it named itself.`, {
      hint: 'Try again.',
    })
  }
  const claim = (event: MarketEvent) => toClaim(event, blocks.get(event.blockNumber)?.time ?? 0)
  return {
    dmcEvidence: EVIDENCE_VERSION,
    madeAt: options.now,
    chainId: options.chainId,
    market: getAddress(market),
    orderId,
    asOf: { block: Number(to), blockHash: asOf.hash, time: asOf.time },
    bill: claim(bill),
    order: claim(created),
    operators: operators.map(claim),
    history: history.map(claim),
    transactions: await readTransactions(client, market, events),
    answers: mostTelling(options.answers),
  }
}

async function readTransactions(
  client: PublicClient,
  market: Address,
  events: MarketEvent[],
): Promise<TransactionClaim[]> {
  const hashes = [...new Set(events.map(({ transactionHash }) => transactionHash))]
  const found: TransactionClaim[] = []
  for (let at = 0; at < hashes.length; at += 50) {
    const part = await reading('transactions', () =>
      Promise.all(hashes.slice(at, at + 50).map((hash) => readTransaction(client, market, hash))),
    )
    found.push(...part)
  }
  return found.sort((a, b) => a.block - b.block)
}

/** A transaction as a bundle writes it. */
export async function readTransaction(
  client: PublicClient,
  market: Address,
  hash: Hex,
): Promise<TransactionClaim> {
  const { blockNumber, from, to, input } = await client.getTransaction({ hash })
  return {
    hash,
    block: Number(blockNumber ?? 0n),
    from: getAddress(from),
    to: to === null ? null : getAddress(to),
    call: to !== null && isAddressEqual(to, market) ? functionName(input) : '',
  }
}

function functionName(input: Hex): string {
  try {
    return decodeFunctionData({ abi: marketAbi, data: input }).functionName
  } catch {
    return ''
  }
}

/** Answers that did not pass are what a bundle is for: those that passed make room. */
function mostTelling(answers: EvidenceBundle['answers']): EvidenceBundle['answers'] {
  const surplus = answers.length - EVIDENCE_LIMITS.answers
  if (surplus <= 0) return answers
  let dropped = 0
  const kept = answers.filter(({ outcome }) => outcome !== 'passed' || ++dropped > surplus)
  return kept.slice(-EVIDENCE_LIMITS.answers)
}
