import { toEventRow } from '../chain/load-events.ts'
import { readChainState } from '../chain/read-chain-state.ts'
import type { Prisma } from '../generated/client.ts'
import type { Queries } from '../open-database.ts'
import type { EventArguments, EventRow } from './rows.ts'

/** An event as it is shown. */
export interface MarketEventView {
  name: string
  /** Integers as decimal text. */
  args: EventArguments
  billId: bigint | null
  orderId: bigint | null
  blockNumber: bigint
  blockHash: string
  logIndex: number
  transactionHash: string
  /** Unix seconds of its block. */
  timestamp: bigint
  /** Blocks on top of it, itself counted; 1: it is in the newest block. */
  confirmations: bigint
}

export interface EventPlace {
  blockNumber: bigint
  logIndex: number
}

export interface EventFilter {
  orderId?: bigint | undefined
  billId?: bigint | undefined
  /** Events that concern this wallet: its orders and bills, as user or miner, and what it did itself. */
  account?: string | undefined
  names?: readonly string[] | undefined
}

/** Events, newest first unless said. `cursor`: where the last page ended. */
export async function listEvents(
  queries: Queries,
  options: EventFilter & {
    direction?: 'asc' | 'desc' | undefined
    limit?: number | undefined
    cursor?: EventPlace | undefined
  },
): Promise<{ items: MarketEventView[]; next: EventPlace | null }> {
  const { orderId, billId, account, names, direction = 'desc', limit = 100, cursor } = options
  const all: Prisma.MarketEventWhereInput[] = []
  if (orderId !== undefined) all.push({ orderId })
  if (billId !== undefined) all.push({ billId })
  if (account !== undefined) all.push({ OR: [{ user: account }, { miner: account }] })
  if (names !== undefined) all.push({ name: { in: [...names] } })
  if (cursor !== undefined) all.push(beyond(cursor, direction))
  const [rows, state] = await Promise.all([
    queries.marketEvent.findMany({
      where: { AND: all },
      orderBy: [{ blockNumber: direction }, { logIndex: direction }],
      take: limit + 1,
    }),
    readChainState(queries),
  ])
  const items = rows
    .slice(0, limit)
    .map((row) => toView(toEventRow(row), state?.headNumber ?? row.blockNumber))
  const last = items.at(-1)
  return {
    items,
    next:
      rows.length > limit && last !== undefined
        ? { blockNumber: last.blockNumber, logIndex: last.logIndex }
        : null,
  }
}

function beyond(
  { blockNumber, logIndex }: EventPlace,
  direction: 'asc' | 'desc',
): Prisma.MarketEventWhereInput {
  const past = <T>(value: T) => (direction === 'asc' ? { gt: value } : { lt: value })
  return { OR: [{ blockNumber: past(blockNumber) }, { blockNumber, logIndex: past(logIndex) }] }
}

function toView({ user: _, miner: __, ...row }: EventRow, head: bigint): MarketEventView {
  return { ...row, confirmations: head < row.blockNumber ? 1n : head - row.blockNumber + 1n }
}
