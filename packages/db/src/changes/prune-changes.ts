import type { Queries } from '../open-database.ts'
import { newestChange } from './newest-change.ts'

/** Forgets changes from before a time. The newest one always stays: it tells a subscriber that it has missed some. */
export async function pruneChanges(queries: Queries, before: Date): Promise<number> {
  const newest = await newestChange(queries)
  const { count } = await queries.change.deleteMany({ where: { at: { lt: before }, id: { lt: newest } } })
  return count
}
