import { exact } from '../exact.ts'
import type { Queries } from '../open-database.ts'
import type { OperatorRow } from './rows.ts'

/** The keys that a wallet has ever authorised; scopes 0: revoked. */
export async function listOperators(queries: Queries, owner: string): Promise<OperatorRow[]> {
  return (await queries.operator.findMany({ where: { owner }, orderBy: { blockNumber: 'desc' } })).map(exact)
}
