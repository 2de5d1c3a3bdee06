import type { Queries } from '../open-database.ts'

/** Every change after an id, whosever: for a process that hands them out to its subscribers. At most 500, oldest first. */
export function readAllChanges(queries: Queries, since: bigint) {
  return queries.change.findMany({ where: { id: { gt: since } }, orderBy: { id: 'asc' }, take: 500 })
}
