import type { Address, PublicClient } from 'viem'
import { reading } from './chain-error.ts'
import { type MarketAt, readMarket } from './read-market.ts'
import type { OperatorOnChain } from './types.ts'

/** What `operator` may do for `owner`; scopes 0 when nothing. Whether it has expired is for the caller to compare with chain time. */
export async function readOperator(
  client: PublicClient,
  at: MarketAt & { owner: Address; operator: Address },
): Promise<OperatorOnChain> {
  const [scopes, expiresAt] = await reading(`the operator ${at.operator}`, () =>
    readMarket(client, at, 'operatorOf', [at.owner, at.operator]),
  )
  return { scopes, expiresAt }
}
