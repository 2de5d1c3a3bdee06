import type { BlockRow } from '../market/rows.ts'
import type { Queries } from '../open-database.ts'

/** Blocks that were read, at `upTo` and below, newest first. */
export function listBlocks(
  queries: Queries,
  { upTo, limit }: { upTo: bigint; limit: number },
): Promise<BlockRow[]> {
  return queries.chainBlock.findMany({
    where: { number: { lte: upTo } },
    orderBy: { number: 'desc' },
    take: limit,
  })
}
