import type { Address, ContractEventName, GetEventArgs, Hex } from 'viem'
import { decodeEvent } from './decode-event.ts'
import type { marketAbi } from './generated/market-abi.ts'

export type MarketEventName = ContractEventName<typeof marketAbi>

/** Where an event stands on chain; (blockHash, logIndex) is its identity. */
export interface LogPlace {
  blockNumber: bigint
  blockHash: Hex
  logIndex: number
  transactionHash: Hex
}

/** An event of the Market with typed arguments; `name` tells which. */
export type MarketEvent = {
  [N in MarketEventName]: {
    name: N
    args: GetEventArgs<typeof marketAbi, N, { EnableUnion: false; IndexedOnly: false; Required: true }>
  } & LogPlace
}[MarketEventName]

export interface RawLog {
  address: string
  topics: readonly Hex[]
  data: Hex
  blockNumber: bigint | null
  blockHash: Hex | null
  logIndex: number | null
  transactionHash: Hex | null
  removed?: boolean
}

/**
 * A Market event from a raw log, strictly: the address must be the Market's, the topic one of its events, topics and data complete,
 * the log mined and not removed. null for everything else: an event that only looks like one is nobody's statement.
 */
export function decodeLog(market: Address, log: RawLog): MarketEvent | null {
  if (log.address.toLowerCase() !== market.toLowerCase() || log.removed === true) return null
  if (
    log.blockNumber === null ||
    log.blockHash === null ||
    log.logIndex === null ||
    log.transactionHash === null
  ) {
    return null
  }
  const event = decodeEvent(log.topics, log.data)
  if (event === null) return null
  return {
    ...event,
    blockNumber: log.blockNumber,
    blockHash: log.blockHash,
    logIndex: log.logIndex,
    transactionHash: log.transactionHash,
  } as MarketEvent
}

/** The events of one transaction, in order; from its receipt. */
export function decodeLogs(market: Address, logs: readonly RawLog[]): MarketEvent[] {
  return logs.map((log) => decodeLog(market, log)).filter((event) => event !== null)
}
