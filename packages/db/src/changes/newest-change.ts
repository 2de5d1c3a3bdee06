import type { Queries } from '../open-database.ts'

/** Where a new subscription begins; 0 before the first change. */
export async function newestChange(queries: Queries): Promise<bigint> {
  const newest = await queries.change.findFirst({ orderBy: { id: 'desc' }, select: { id: true } })
  return newest?.id ?? 0n
}
