import type { Queries } from '../open-database.ts'

export interface MonthOfMoney {
  /** "2026-11", UTC. */
  month: string
  kind: string
  amount: bigint
}

/** An account's payments summed by month and kind, oldest first; what the charts of spending and earnings draw. */
export async function moneyByMonth(
  queries: Queries,
  { account, since = 0n }: { account: string; since?: bigint | undefined },
): Promise<MonthOfMoney[]> {
  const rows = await queries.$queryRaw<{ month: string; kind: string; amount: string }[]>`
    SELECT to_char(to_timestamp(timestamp::float8) AT TIME ZONE 'UTC', 'YYYY-MM') AS month, kind, sum(amount)::text AS amount
    FROM payments WHERE account = ${account} AND timestamp >= ${since} GROUP BY 1, 2 ORDER BY 1, 2`
  return rows.map(({ month, kind, amount }) => ({ month, kind, amount: BigInt(amount) }))
}
