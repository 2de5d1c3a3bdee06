import type { ChallengeState } from '@dmc/core/market/states'
import { exact } from '../exact.ts'
import type { Queries } from '../open-database.ts'
import type { ChallengeRow } from './rows.ts'

/** Challenges on chain of a user's or a miner's orders, or of one order: the newest first, or by deadline when only open ones are asked for. */
export async function listChallenges(
  queries: Queries,
  options: {
    user?: string | undefined
    miner?: string | undefined
    orderId?: bigint | undefined
    states?: readonly ChallengeState[] | undefined
    limit?: number | undefined
  },
): Promise<ChallengeRow[]> {
  const { user, miner, orderId, states, limit = 100 } = options
  const rows = await queries.challenge.findMany({
    where: {
      ...(user === undefined ? {} : { user }),
      ...(miner === undefined ? {} : { miner }),
      ...(orderId === undefined ? {} : { orderId }),
      ...(states === undefined ? {} : { state: { in: [...states] } }),
    },
    orderBy:
      states?.length === 1 && states[0] === 'open'
        ? { deadline: 'asc' }
        : [{ openedBlock: 'desc' }, { orderId: 'desc' }],
    take: limit,
  })
  return rows.map(exact)
}
