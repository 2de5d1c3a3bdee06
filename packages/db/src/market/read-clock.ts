import { readChainState } from '../chain/read-chain-state.ts'
import type { Queries } from '../open-database.ts'
import type { ChainClock } from './order-view.ts'

export async function readClock(queries: Queries): Promise<ChainClock | null> {
  const state = await readChainState(queries)
  return state === null ? null : { headTime: state.headTime, week: state.parameters.week }
}
