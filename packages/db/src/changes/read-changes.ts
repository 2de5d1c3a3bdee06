import type { Change } from '../generated/client.ts'
import type { Queries } from '../open-database.ts'

export interface ChangesRead {
  changes: Change[]
  /** The id to go on from. */
  last: bigint
  /** Changes after `since` were pruned already: read everything again. */
  missed: boolean
}

/** What changed after `since`, for everybody and for `owner`, oldest first. */
export async function readChanges(
  queries: Queries,
  { since, owner, limit = 500 }: { since: bigint; owner: string | null; limit?: number },
): Promise<ChangesRead> {
  const mine = owner === null ? [{ owner: null }] : [{ owner: null }, { owner }]
  const changes = await queries.change.findMany({
    where: { id: { gt: since }, OR: mine },
    orderBy: { id: 'asc' },
    take: limit,
  })
  const oldest = await queries.change.findFirst({ orderBy: { id: 'asc' }, select: { id: true } })
  return {
    changes,
    last: changes.at(-1)?.id ?? since,
    missed: oldest !== null && since < oldest.id - 1n,
  }
}
