import { Prisma } from '../generated/client.ts'
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

type Table = keyof ChainBatch

/** Rows travel as one JSON value: a statement with a value for each field of a thousand rows costs many times as much. */
const INSERT: Record<Table, (rows: string) => Prisma.Sql> = {
  blocks: (rows) =>
    Prisma.sql`INSERT INTO chain_blocks SELECT * FROM jsonb_populate_recordset(NULL::chain_blocks, ${rows}::jsonb)`,
  events: (rows) =>
    Prisma.sql`INSERT INTO market_events SELECT * FROM jsonb_populate_recordset(NULL::market_events, ${rows}::jsonb)`,
  payments: (rows) =>
    Prisma.sql`INSERT INTO payments SELECT * FROM jsonb_populate_recordset(NULL::payments, ${rows}::jsonb)`,
  bills: (rows) =>
    Prisma.sql`INSERT INTO bills SELECT * FROM jsonb_populate_recordset(NULL::bills, ${rows}::jsonb)`,
  orders: (rows) =>
    Prisma.sql`INSERT INTO orders SELECT * FROM jsonb_populate_recordset(NULL::orders, ${rows}::jsonb)`,
  challenges: (rows) =>
    Prisma.sql`INSERT INTO challenges SELECT * FROM jsonb_populate_recordset(NULL::challenges, ${rows}::jsonb)`,
  endpoints: (rows) =>
    Prisma.sql`INSERT INTO endpoints SELECT * FROM jsonb_populate_recordset(NULL::endpoints, ${rows}::jsonb)`,
  operators: (rows) =>
    Prisma.sql`INSERT INTO operators SELECT * FROM jsonb_populate_recordset(NULL::operators, ${rows}::jsonb)`,
}

const AT_ONCE = 2_000

/** Writes rows of the chain; the caller moves the position in the same transaction. */
export async function saveBatch(tx: Queries, batch: ChainBatch): Promise<void> {
  await inParts(batch.blocks, async (part) => {
    await tx.chainBlock.deleteMany({ where: { number: { in: part.map((row) => row.number) } } })
  })
  await inParts(batch.bills, async (part) => {
    await tx.bill.deleteMany({ where: { billId: { in: part.map((row) => row.billId) } } })
  })
  await inParts(batch.orders, async (part) => {
    const orderId = { in: part.map((row) => row.orderId) }
    await tx.challenge.deleteMany({ where: { orderId } })
    await tx.order.deleteMany({ where: { orderId } })
  })
  await inParts(batch.endpoints, async (part) => {
    const keys = part.map(({ miner, billId }) => ({ miner, billId }))
    await tx.endpoint.deleteMany({ where: { OR: keys } })
  })
  await inParts(batch.operators, async (part) => {
    const keys = part.map(({ owner, operator }) => ({ owner, operator }))
    await tx.operator.deleteMany({ where: { OR: keys } })
  })
  for (const table of Object.keys(INSERT) as Table[]) {
    await inParts<object>(batch[table], async (part) => {
      await tx.$executeRaw(INSERT[table](toJson(part)))
    })
  }
}

/** Integers as decimal text: PostgreSQL reads them as what the column is, exactly. */
const toJson = (rows: readonly object[]): string =>
  JSON.stringify(rows, (_, value) => (typeof value === 'bigint' ? String(value) : value))

async function inParts<T>(rows: readonly T[], work: (part: readonly T[]) => Promise<void>): Promise<void> {
  for (let at = 0; at < rows.length; at += AT_ONCE) await work(rows.slice(at, at + AT_ONCE))
}
