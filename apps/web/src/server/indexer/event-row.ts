import type { MarketEvent } from '@dmc/core/chain/decode-log'
import { marketAbi } from '@dmc/core/chain/generated/market-abi'
import type { EventArguments, EventRow } from '@dmc/db/market/rows'

/** Whom and what an event concerns, beyond what it says itself. */
export interface EventSubject {
  billId: bigint | null
  orderId: bigint | null
  user: string | null
  miner: string | null
}

const INTEGERS = new Map(
  marketAbi
    .filter((entry) => entry.type === 'event')
    .map(({ name, inputs }) => [
      name as string,
      new Set<string>(inputs.filter(({ type }) => type === 'uint256').map((input) => input.name)),
    ]),
)

/** An event as it is stored; JSON has no bigint, and PostgreSQL no text with U+0000. */
export function toEventRow(event: MarketEvent, timestamp: bigint, subject: EventSubject): EventRow {
  const args: EventArguments = {}
  for (const [name, value] of Object.entries(event.args)) {
    args[name] =
      typeof value === 'bigint' ? String(value) : typeof value === 'string' ? storable(value) : value
  }
  const { name, blockNumber, blockHash, logIndex, transactionHash } = event
  return { name, blockNumber, blockHash, logIndex, transactionHash, timestamp, args, ...subject }
}

/** The stored event with its arguments as the ABI types them. */
export function toMarketEvent(row: EventRow): MarketEvent {
  const integers = INTEGERS.get(row.name)
  const args = Object.fromEntries(
    Object.entries(row.args).map(([name, value]) => [
      name,
      integers?.has(name) ? BigInt(value as string) : value,
    ]),
  )
  const { name, blockNumber, blockHash, logIndex, transactionHash } = row
  return { name, args, blockNumber, blockHash, logIndex, transactionHash } as unknown as MarketEvent
}

/** A miner may put any bytes into an endpoint or a reason; one that no database takes must not stop the indexer. */
export const storable = (text: string): string => text.replaceAll('\u0000', '\uFFFD')
