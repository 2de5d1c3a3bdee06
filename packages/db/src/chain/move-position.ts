import type { Queries } from '../open-database.ts'

/**
 * Moves the position from `from` to `to`, or says false when it stands elsewhere: another indexer was faster, and this transaction
 * must change nothing. Locks the position until the commit.
 */
export async function movePosition(tx: Queries, from: bigint, to: bigint): Promise<boolean> {
  const { count } = await tx.chainState.updateMany({
    where: { id: 1, nextBlock: from },
    data: { nextBlock: to },
  })
  return count === 1
}
