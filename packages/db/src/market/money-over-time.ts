import type { Queries } from '../open-database.ts'

export const MONEY_PERIODS = ['week', 'month'] as const
export type MoneyPeriod = (typeof MONEY_PERIODS)[number]

export interface PeriodOfMoney {
  /** Unix seconds at which the week (Monday) or month begins, UTC. */
  from: bigint
  kind: string
  /** Token wei. */
  amount: bigint
}

/** An account's payments summed by period and kind, oldest first; what the charts of spending and earnings draw. */
export async function moneyOverTime(
  queries: Queries,
  { account, by, since = 0n }: { account: string; by: MoneyPeriod; since?: bigint | undefined },
): Promise<PeriodOfMoney[]> {
  const rows = await queries.$queryRaw<{ from: string; kind: string; amount: string }[]>`
    SELECT extract(epoch FROM date_trunc(${by}, to_timestamp(timestamp::float8), 'UTC'))::bigint::text AS "from",
      kind, sum(amount)::text AS amount
    FROM payments WHERE account = ${account} AND timestamp >= ${since} GROUP BY 1, 2 ORDER BY 1, 2`
  return rows
    .map(({ from, kind, amount }) => ({ from: BigInt(from), kind, amount: BigInt(amount) }))
    .sort((a, b) => Number(a.from - b.from))
}
