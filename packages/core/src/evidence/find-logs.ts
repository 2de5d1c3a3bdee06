import {
  type Address,
  encodeEventTopics,
  formatLog,
  type Hex,
  numberToHex,
  type PublicClient,
  toHex,
} from 'viem'
import { reading } from '../chain/chain-error.ts'
import { decodeLogs, type MarketEvent, type MarketEventName, type RawLog } from '../chain/decode-log.ts'
import { marketAbi } from '../chain/generated/market-abi.ts'

/** Every event that names an order in its first topic. */
export const ORDER_EVENTS = [
  'OrderCreated',
  'Prepared',
  'OrderActivated',
  'CommitmentReplaced',
  'OrderRefused',
  'OrderCancelled',
  'OrderExtended',
  'OrderShortened',
  'ReserveToppedUp',
  'ChallengeOpened',
  'ChallengeAnswered',
  'OrderSlashed',
  'Claimed',
  'EndStated',
  'EndCleared',
  'NoticeStarted',
  'OrderEnded',
] as const satisfies readonly MarketEventName[]

export const topicOf = (name: MarketEventName): Hex =>
  encodeEventTopics({ abi: marketAbi, eventName: name } as never)[0] as Hex

export const idTopic = (id: bigint): Hex => toHex(id, { size: 32 })
export const addressTopic = (address: Address): Hex => `0x${address.slice(2).toLowerCase().padStart(64, '0')}`

/** Requests for one search; many providers answer only for some thousand blocks at a time. */
const MOST_REQUESTS = 2_000

/**
 * The Market's events with these topics in blocks `from`..`to`, in order. A node that refuses a wide range is asked for halves of it.
 * @throws RPC_UNREACHABLE, RPC_BAD_ANSWER
 */
export async function findLogs(
  client: PublicClient,
  search: { market: Address; topics: (Hex | Hex[] | null)[]; from: bigint; to: bigint },
): Promise<MarketEvent[]> {
  let left = MOST_REQUESTS
  const ask = async (from: bigint, to: bigint): Promise<RawLog[]> => {
    if (from > to) return []
    left--
    try {
      const logs = await client.request({
        method: 'eth_getLogs',
        params: [
          {
            address: search.market,
            topics: search.topics as never,
            fromBlock: numberToHex(from),
            toBlock: numberToHex(to),
          },
        ],
      })
      return logs.map((log) => formatLog(log) as RawLog)
    } catch (error) {
      if (from === to || left <= 0) throw error
      const middle = (from + to) / 2n
      return [...(await ask(from, middle)), ...(await ask(middle + 1n, to))]
    }
  }
  const logs = await reading(`the events of blocks ${search.from} to ${search.to}`, () =>
    ask(search.from, search.to),
  )
  return decodeLogs(search.market, logs).sort((a, b) =>
    a.blockNumber === b.blockNumber ? a.logIndex - b.logIndex : a.blockNumber < b.blockNumber ? -1 : 1,
  )
}

/** Every event of one order, its creation first. */
export const findOrderLogs = (
  client: PublicClient,
  at: { market: Address; orderId: bigint; from: bigint; to: bigint },
): Promise<MarketEvent[]> =>
  findLogs(client, { ...at, topics: [ORDER_EVENTS.map(topicOf), idTopic(at.orderId)] })

/** Whom `owner` authorised and when; one operator or all of them. */
export const findOperatorLogs = (
  client: PublicClient,
  at: { market: Address; owner: Address; operator?: Address; from: bigint; to: bigint },
): Promise<MarketEvent[]> =>
  findLogs(client, {
    ...at,
    topics: [
      topicOf('OperatorSet'),
      addressTopic(at.owner),
      ...(at.operator ? [addressTopic(at.operator)] : []),
    ],
  })
