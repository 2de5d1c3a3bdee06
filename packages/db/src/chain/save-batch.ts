import type {
  BillRow,
  BlockRow,
  ChallengeRow,
  EndpointRow,
  EventRow,
  OperatorRow,
  OrderRow,
  PaymentRow,
} from '../market/rows.ts'
import type { Queries } from '../open-database.ts'

/** What the events of a run of blocks make of the tables; rows replace the ones of the same id. */
export interface ChainBatch {
  blocks: BlockRow[]
  events: EventRow[]
  payments: PaymentRow[]
  bills: BillRow[]
  orders: OrderRow[]
  /** All challenges of the orders above. */
  challenges: ChallengeRow[]
  endpoints: EndpointRow[]
  operators: OperatorRow[]
}

/** Amounts go as decimal text: Prisma takes no bigint for a Decimal. */
function written<T extends object, K extends keyof T>(rows: readonly T[], amounts: readonly K[]) {
  return rows.map((row) => {
    const texts = amounts.map((name) => [name, row[name] === null ? null : String(row[name])])
    return { ...row, ...Object.fromEntries(texts) } as Omit<T, K> & { [N in K]: string }
  })
}

/** Writes rows of the chain; the caller moves the position in the same transaction. */
export async function saveBatch(tx: Queries, batch: ChainBatch): Promise<void> {
  const { bills, orders, endpoints, operators } = batch
  if (batch.blocks.length > 0) {
    await tx.chainBlock.deleteMany({ where: { number: { in: batch.blocks.map((row) => row.number) } } })
    await tx.chainBlock.createMany({ data: batch.blocks })
  }
  if (batch.events.length > 0) await tx.marketEvent.createMany({ data: batch.events })
  if (batch.payments.length > 0) {
    await tx.payment.createMany({ data: written(batch.payments, ['amount', 'credit']) })
  }
  await inParts(bills, async (part) => {
    await tx.bill.deleteMany({ where: { billId: { in: part.map((row) => row.billId) } } })
    await tx.bill.createMany({ data: written(part, ['price', 'bond', 'pledge']) })
  })
  await inParts(orders, async (part) => {
    const ids = part.map((row) => row.orderId)
    await tx.challenge.deleteMany({ where: { orderId: { in: ids } } })
    await tx.order.deleteMany({ where: { orderId: { in: ids } } })
    await tx.order.createMany({ data: written(part, ORDER_AMOUNTS) })
  })
  if (batch.challenges.length > 0) {
    await tx.challenge.createMany({ data: written(batch.challenges, ['bond']) })
  }
  for (const row of endpoints) {
    const { miner, billId } = row
    await tx.endpoint.upsert({ where: { miner_billId: { miner, billId } }, create: row, update: row })
  }
  for (const row of operators) {
    const { owner, operator } = row
    const data = { ...row, gasFloat: String(row.gasFloat) }
    await tx.operator.upsert({ where: { owner_operator: { owner, operator } }, create: data, update: data })
  }
}

const ORDER_AMOUNTS = [
  'price',
  'bond',
  'escrow',
  'pledge',
  'reserve',
  'claimed',
  'putIn',
  'paid',
  'refunded',
  'compensation',
  'bondsWon',
  'reward',
  'burned',
  'challengeBond',
] as const satisfies (keyof OrderRow)[]

async function inParts<T>(rows: readonly T[], save: (part: readonly T[]) => Promise<void>): Promise<void> {
  for (let at = 0; at < rows.length; at += 5_000) await save(rows.slice(at, at + 5_000))
}
