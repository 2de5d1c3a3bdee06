import type { Queries } from '../open-database.ts'

/** An account's money in the Market, token wei. */
export interface AccountMoney {
  /** What `withdraw` would pay now. */
  credit: bigint
  /** Sums of all times by kind of payment: escrow, reserve, pledge (paid in); refund, pledge-freed, earned, bond-won, compensation,
   * reward (credited); burned; withdrawn. */
  sums: Record<string, bigint>
  /** Locked now in its orders as user, and in its bills and orders as miner. */
  escrow: bigint
  reserve: bigint
  pledge: bigint
}

export async function accountMoney(queries: Queries, account: string): Promise<AccountMoney> {
  const [kinds, locked] = await Promise.all([
    queries.$queryRaw<{ kind: string; amount: string; credit: string }[]>`
      SELECT kind, sum(amount)::text AS amount, sum(credit)::text AS credit FROM payments WHERE account = ${account} GROUP BY kind`,
    queries.$queryRaw<{ escrow: string; reserve: string; pledge: string }[]>`
      SELECT
        (SELECT coalesce(sum(escrow), 0) FROM orders WHERE "user" = ${account})::text AS escrow,
        (SELECT coalesce(sum(reserve + coalesce("challengeBond", 0)), 0) FROM orders WHERE "user" = ${account})::text AS reserve,
        ((SELECT coalesce(sum(pledge), 0) FROM orders WHERE miner = ${account})
          + (SELECT coalesce(sum(pledge), 0) FROM bills WHERE miner = ${account}))::text AS pledge`,
  ])
  return {
    credit: kinds.reduce((sum, row) => sum + BigInt(row.credit), 0n),
    sums: Object.fromEntries(kinds.map(({ kind, amount }) => [kind, BigInt(amount)])),
    escrow: BigInt(locked[0]?.escrow ?? 0),
    reserve: BigInt(locked[0]?.reserve ?? 0),
    pledge: BigInt(locked[0]?.pledge ?? 0),
  }
}
