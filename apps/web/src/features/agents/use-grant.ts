'use client'

import type { OperatorGrant } from '@dmc/core/chain/acts/terms'
import { useQuery } from '@tanstack/react-query'
import type { Address } from 'viem'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { readOperatorStand } from '../../lib/chain-read.ts'
import { useOwner } from '../../lib/session.tsx'

/** An operator that must act until some day is authorised for half a year more, so that not every order renews it. */
const SPARE_WEEKS = 26n
/** Gas that a float pays for: some hundred prepares; in a moment of dear gas at most a tenth of a coin. */
const FLOAT_UNITS = 15_000_000n
const MOST_FLOAT = 10n ** 17n

export interface GrantNeeded {
  grant: OperatorGrant | null
  gasFloatWei: bigint
}

/** What an agent's key lacks to do `scopes` until `until`, asked of the chain, not of the agent: scopes, time, or coin for gas. */
export function useGrant(operator: Address | undefined, scopes: number, until: bigint | null) {
  const config = useChainConfig()
  const owner = useOwner()
  return useQuery({
    queryKey: ['grant', owner, operator, scopes, String(until)],
    enabled: operator !== undefined && until !== null,
    staleTime: 10_000,
    queryFn: async (): Promise<GrantNeeded> => {
      if (operator === undefined || until === null) return { grant: null, gasFloatWei: 0n }
      const has = await readOperatorStand(config, { owner, operator })
      const live = has.expiresAt >= has.now ? has.scopes : 0
      const price = FLOAT_UNITS * has.gasPrice
      const float = price < MOST_FLOAT ? price : MOST_FLOAT
      const gasFloatWei = has.coin * 5n < float ? float - has.coin : 0n
      if ((live & scopes) === scopes && has.expiresAt >= until && gasFloatWei === 0n)
        return { grant: null, gasFloatWei: 0n }
      const expiresAt = has.expiresAt >= until ? has.expiresAt : until + SPARE_WEEKS * config.parameters.week
      return { grant: { operator, scopes: live | scopes, expiresAt }, gasFloatWei }
    },
  })
}
