import { exact } from '../exact.ts'
import { type ChainClock, type MarketOrder, toMarketOrder } from '../market/order-view.ts'
import type { Database } from '../open-database.ts'

/** Everything that rules look at, for some wallets: a number of queries that does not depend on how many they are. */
export async function loadAlertFacts(
  db: Database,
  of: { owners: readonly string[]; clock: ChainClock | null; slashedAfter: bigint },
) {
  const { prisma } = db
  const owners = [...of.owners]
  const mine = { owner: { in: owners } }
  const paired = { ...mine, agent: { revokedAt: null } }
  const [
    orders,
    credits,
    operators,
    agents,
    sources,
    schedules,
    sectors,
    contracts,
    proofs,
    answers,
    snapshots,
  ] = await Promise.all([
    prisma.order.findMany({
      where: {
        AND: [
          { OR: [{ user: { in: owners } }, { miner: { in: owners } }] },
          {
            OR: [
              { state: { in: ['preparing', 'active'] } },
              { state: 'slashed', closedAt: { gte: of.slashedAfter } },
            ],
          },
        ],
      },
      orderBy: { orderId: 'desc' },
      take: 20_000,
    }),
    prisma.$queryRaw<{ account: string; credit: string }[]>`
        SELECT account, sum(credit)::text AS credit FROM payments WHERE account = ANY(${owners}::text[])
        GROUP BY account HAVING sum(credit) > 0`,
    prisma.operator.findMany({ where: mine }),
    prisma.agent.findMany({ where: { ...mine, revokedAt: null }, orderBy: { createdAt: 'asc' } }),
    prisma.source.findMany({ where: { ...paired, removedAt: null } }),
    prisma.schedule.findMany({ where: paired }),
    prisma.sector.findMany({ where: { ...paired, removedAt: null } }),
    prisma.contract.findMany({ where: { ...paired, state: { notIn: ['refused', 'closed'] } } }),
    prisma.proof.findMany({ where: { ...paired, removed: false } }),
    prisma.answer.findMany({ where: { ...paired, state: { not: 'confirmed' } } }),
    prisma.$queryRaw<NewestSnapshot[]>`
        SELECT DISTINCT ON ("agentId", "sourceId") owner, "agentId", "sourceId", "snapshotId", "takenAt", partial, unreadable
        FROM snapshots WHERE owner = ANY(${owners}::text[]) AND NOT forgotten
        ORDER BY "agentId", "sourceId", "takenAt" DESC`,
  ])
  return {
    orders: orders.map((row): MarketOrder => toMarketOrder(exact(row), of.clock)),
    credits: new Map(credits.map(({ account, credit }) => [account, BigInt(credit)])),
    operators: operators.map(exact),
    agents,
    sources,
    schedules,
    sectors,
    contracts,
    proofs,
    answers,
    snapshots,
  }
}

export interface NewestSnapshot {
  owner: string
  agentId: string
  sourceId: string
  snapshotId: string
  takenAt: Date
  partial: boolean
  unreadable: number
}

export type AlertFactRows = Awaited<ReturnType<typeof loadAlertFacts>>

/** Wallets that have signed in, in the order of their addresses. */
export async function listOwners(db: Database, of: { after: string; limit: number }): Promise<string[]> {
  const rows = await db.prisma.user.findMany({
    where: { address: { gt: of.after } },
    orderBy: { address: 'asc' },
    take: of.limit,
    select: { address: true },
  })
  return rows.map(({ address }) => address)
}

/** Both wallets of these orders. */
export async function partiesOf(db: Database, orderIds: readonly bigint[]): Promise<string[]> {
  if (orderIds.length === 0) return []
  const rows = await db.prisma.order.findMany({
    where: { orderId: { in: [...orderIds] } },
    select: { user: true, miner: true },
  })
  return rows.flatMap(({ user, miner }) => [user, miner])
}

/** Those of the wallets that have ever signed in. */
export async function knownOwners(db: Database, wallets: readonly string[]): Promise<string[]> {
  if (wallets.length === 0) return []
  const rows = await db.prisma.user.findMany({
    where: { address: { in: [...wallets] } },
    select: { address: true },
  })
  return rows.map(({ address }) => address)
}
