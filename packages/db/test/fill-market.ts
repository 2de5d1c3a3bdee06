import { DEFAULT_PARAMETERS } from '@dmc/core/market/parameters'
import { noteHead } from '@dmc/db/chain/note-head'
import { saveBatch } from '@dmc/db/chain/save-batch'
import { startChain } from '@dmc/db/chain/start-chain'
import type { BillRow, ChallengeRow, EventRow, OrderRow, PaymentRow } from '@dmc/db/market/rows'
import type { Database } from '@dmc/db/open-database'

/** 2026-11-28 12:00 UTC. */
export const HEAD_TIME = 1_795_867_200n
const DMC = 10n ** 18n
const WEEK = DEFAULT_PARAMETERS.week

/** Users and miners by number. */
export const A = (index: number) => `0xA${index.toString(16).padStart(39, '0')}`
export const M = (index: number) => `0xB${index.toString(16).padStart(39, '0')}`

const STATES = ['active', 'ended', 'active', 'preparing'] as const

/** A market as the indexer would have written it, made up by rules that a test can repeat; no chain stands behind it. */
export async function fillMarket(
  db: Database,
  { bills, orders }: { bills: number; orders: number },
): Promise<void> {
  await db.transaction(async (tx) => {
    const market = '0x0000000000000000000000000000000000000Ddd'
    await startChain(tx, {
      chainId: 31_337n,
      market,
      token: market,
      deploymentBlock: 1n,
      parameters: DEFAULT_PARAMETERS,
    })
    await noteHead(tx, { number: BigInt(orders + 1_000), timestamp: HEAD_TIME })
    const billRows = Array.from({ length: bills }, (_, i) => bill(BigInt(i + 1)))
    const orderRows = Array.from({ length: orders }, (_, i) => order(BigInt(i + 1), billRows))
    await saveBatch(tx, {
      blocks: [],
      events: orderRows.flatMap(eventsOf),
      payments: [...orderRows.flatMap(paymentsOf), withdrawal(orders)],
      bills: billRows,
      orders: orderRows,
      challenges: [challenge(4n, 1, 40n), challenge(8n, 1, 50n), challenge(4n, 2, null)],
      endpoints: [
        { miner: M(0), billId: 0n, url: 'https://default-0.example', blockNumber: 5n },
        { miner: M(0), billId: 4n, url: 'https://own-4.example', blockNumber: 5n },
        { miner: M(0), billId: 12n, url: '', blockNumber: 5n },
      ],
      operators: [
        {
          owner: A(2),
          operator: A(99),
          scopes: 15,
          expiresAt: HEAD_TIME + 9n,
          gasFloat: 7n,
          blockNumber: 5n,
        },
      ],
    })
  })
}

function bill(id: bigint): BillRow {
  const free = id % 11n === 0n ? 0n : 1_024n * id
  return {
    billId: id,
    miner: M(Number(id % 4n)),
    capacity: 1_024n * 100n,
    free: id % 5n === 0n ? 0n : free,
    step: 1n,
    price: (1n + (id % 10n)) * DMC,
    pledgeRate: 1 + Number(id % 6n),
    minWeeks: 2,
    maxWeeks: 20 + Number(id % 20n),
    bond: 3n,
    createdAt: 1_000n + id,
    expiresAt: id % 7n === 0n ? HEAD_TIME - 1n : HEAD_TIME + id,
    cancelled: id % 5n === 0n,
    pledge: DMC * id,
    orders: 3,
    createdBlock: id,
    blockNumber: id,
  }
}

function order(id: bigint, bills: readonly BillRow[]): OrderRow {
  const of = bills[Number((id - 1n) % BigInt(bills.length))] as BillRow
  const state = STATES[Number(id % 4n)] as OrderRow['state']
  const start = state === 'preparing' ? 0n : HEAD_TIME - (3n * WEEK) / 2n
  const endsAt = state === 'preparing' ? 0n : HEAD_TIME + id * 60n
  const final = state === 'ended'
  return {
    orderId: id,
    billId: of.billId,
    user: A(Number(id % 3n)),
    miner: of.miner,
    state,
    capacity: 1_024n,
    weeks: 10,
    price: of.price,
    pledgeRate: of.pledgeRate,
    bond: 3n,
    createdAt: 5_000n + id,
    start,
    endsAt,
    termEndsAt: endsAt,
    noticeEndsAt: 0n,
    endStatedByUser: 0n,
    endStatedByMiner: 0n,
    nextChallengeAt: 0n,
    escrow: final ? 0n : of.price * 10n,
    pledge: final ? 0n : of.price,
    reserve: 0n,
    claimed: 0n,
    putIn: of.price * 10n,
    paid: 0n,
    refunded: 0n,
    compensation: 0n,
    bondsWon: 0n,
    reward: 0n,
    burned: 0n,
    root: state === 'preparing' ? null : `0x${'ab'.repeat(32)}`,
    size: state === 'preparing' ? null : 4_096n,
    userRoot: null,
    userSize: null,
    userSigner: null,
    minerRoot: null,
    minerSize: null,
    minerSigner: null,
    userPreparedBlock: null,
    minerPreparedBlock: null,
    challengeLeaf: null,
    challengeDeadline: null,
    challengeBond: null,
    refuseReason: null,
    ending: final ? 0 : null,
    createdBlock: 100n + id,
    closedAt: final ? HEAD_TIME : null,
    blockNumber: 102n + id,
  }
}

const eventsOf = ({ orderId, billId, user, miner }: OrderRow): EventRow[] =>
  ['OrderCreated', 'Prepared', 'OrderActivated'].map((name, i) => ({
    name,
    args: { orderId: String(orderId) },
    // Blocks of neighbours overlap: several events in one block.
    blockNumber: 100n + orderId + BigInt(i),
    logIndex: i,
    blockHash: `0x${(100n + orderId + BigInt(i)).toString(16)}`,
    transactionHash: `0x${orderId}`,
    timestamp: 5_000n + orderId,
    billId,
    orderId,
    user,
    miner,
  }))

const paymentsOf = ({ orderId, billId, user }: OrderRow): PaymentRow[] =>
  [
    { kind: 'escrow', amount: 100n * DMC, credit: 0n },
    { kind: 'refund', amount: DMC, credit: DMC },
  ].map((payment, part) => ({
    ...payment,
    blockNumber: 100n + orderId,
    logIndex: 0,
    part,
    account: user,
    billId,
    orderId,
    timestamp: 5_000n + orderId,
    transactionHash: `0x${orderId}`,
  }))

const withdrawal = (orders: number): PaymentRow => ({
  blockNumber: BigInt(orders + 900),
  logIndex: 0,
  part: 0,
  account: A(2),
  kind: 'withdrawn',
  amount: 5n * DMC,
  credit: -5n * DMC,
  billId: null,
  orderId: null,
  timestamp: HEAD_TIME,
  transactionHash: '0x',
})

const challenge = (orderId: bigint, number: number, answeredAfter: bigint | null): ChallengeRow => ({
  orderId,
  number,
  user: A(Number(orderId % 3n)),
  miner: M(0),
  state: answeredAfter === null ? 'open' : 'answered',
  leafIndex: 1n,
  bond: 3n,
  challenger: A(1),
  openedAt: 1_000n,
  deadline: 9_000n,
  closedAt: answeredAfter === null ? null : 1_000n + answeredAfter,
  closedBy: null,
  openedTx: '0x',
  closedTx: null,
  openedBlock: 200n,
  blockNumber: 200n,
})
