import type { Queries } from '../open-database.ts'

/** Forgets blocks without events below `below`: those with events stay, for their times and for the search of a common ancestor. */
export async function pruneBlocks(queries: Queries, below: bigint): Promise<void> {
  await queries.chainBlock.deleteMany({ where: { number: { lt: below }, hasEvents: false } })
}
