import type { MarketParameters } from '@dmc/core/market/parameters'
import type { ChainState } from '../generated/client.ts'
import type { Queries } from '../open-database.ts'

export interface ChainTrouble {
  code: string
  message: string
  /** ISO time since when. */
  since: string
}

export type ChainStateRow = Omit<ChainState, 'id' | 'parameters' | 'trouble'> & {
  parameters: MarketParameters
  trouble: ChainTrouble | null
}

/** How far the chain was read; null before the first start. */
export async function readChainState(queries: Queries): Promise<ChainStateRow | null> {
  const row = await queries.chainState.findUnique({ where: { id: 1 } })
  return row === null ? null : toState(row)
}

export function toState({ id: _, parameters, trouble, ...row }: ChainState): ChainStateRow {
  const values = Object.entries(parameters as Record<string, string>).map(([name, value]) => [
    name,
    BigInt(value),
  ])
  return {
    ...row,
    parameters: Object.fromEntries(values) as MarketParameters,
    trouble: trouble as unknown as ChainTrouble | null,
  }
}
