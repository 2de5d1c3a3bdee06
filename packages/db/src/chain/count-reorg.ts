import type { Queries } from '../open-database.ts'

export async function countReorg(tx: Queries): Promise<void> {
  await tx.chainState.updateMany({ where: { id: 1 }, data: { reorgs: { increment: 1 } } })
}
