import type { Queries } from '../open-database.ts'

/** What the dropped events had changed: these rows are gone, to be made again from the events that are left. */
export interface Dropped {
  billIds: bigint[]
  orderIds: bigint[]
  endpoints: { miner: string; billId: bigint }[]
  operators: { owner: string; operator: string }[]
}

/** Takes back blocks above `ancestor` with their events and payments, and every row that one of these events had changed. */
export async function dropAbove(tx: Queries, ancestor: bigint): Promise<Dropped> {
  const above = { blockNumber: { gt: ancestor } }
  // A row carries the block of the newest event that changed it, so these are all.
  const bills = await tx.bill.findMany({ where: above, select: { billId: true } })
  const orders = await tx.order.findMany({ where: above, select: { orderId: true } })
  const endpoints = await tx.endpoint.findMany({ where: above, select: { miner: true, billId: true } })
  const operators = await tx.operator.findMany({ where: above, select: { owner: true, operator: true } })
  const orderIds = orders.map((row) => row.orderId)
  await tx.challenge.deleteMany({ where: { orderId: { in: orderIds } } })
  await tx.bill.deleteMany({ where: above })
  await tx.order.deleteMany({ where: above })
  await tx.endpoint.deleteMany({ where: above })
  await tx.operator.deleteMany({ where: above })
  await tx.payment.deleteMany({ where: above })
  await tx.marketEvent.deleteMany({ where: above })
  await tx.chainBlock.deleteMany({ where: { number: { gt: ancestor } } })
  return { billIds: bills.map((row) => row.billId), orderIds, endpoints, operators }
}
