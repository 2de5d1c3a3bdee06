import { exact } from '../exact.ts'
import type { Queries } from '../open-database.ts'
import type { PaymentRow } from './rows.ts'

export interface PaymentPlace {
  blockNumber: bigint
  logIndex: number
  part: number
}

/** An account's payments, newest first, a page at a time. */
export async function listPayments(
  queries: Queries,
  options: {
    account: string
    kinds?: readonly string[] | undefined
    orderId?: bigint | undefined
    limit?: number | undefined
    cursor?: PaymentPlace | undefined
  },
): Promise<{ items: PaymentRow[]; next: PaymentPlace | null }> {
  const { account, kinds, orderId, limit = 100, cursor } = options
  const rows = await queries.payment.findMany({
    where: {
      account,
      ...(kinds === undefined ? {} : { kind: { in: [...kinds] } }),
      ...(orderId === undefined ? {} : { orderId }),
    },
    orderBy: [{ blockNumber: 'desc' }, { logIndex: 'desc' }, { part: 'desc' }],
    take: limit + 1,
    ...(cursor === undefined ? {} : { cursor: { blockNumber_logIndex_part: cursor }, skip: 1 }),
  })
  const items = rows.slice(0, limit).map(exact)
  const last = items.at(-1)
  return {
    items,
    next:
      rows.length > limit && last !== undefined
        ? { blockNumber: last.blockNumber, logIndex: last.logIndex, part: last.part }
        : null,
  }
}
