import type { Address, PublicClient } from 'viem'
import { reading } from './chain-error.ts'
import { type MarketAt, readMarket } from './read-market.ts'

/** Where the agent of a bill answers: the bill's own endpoint, else its miner's default, else ''. */
export function readEndpoint(client: PublicClient, at: MarketAt & { billId: bigint }): Promise<string> {
  return reading(`the endpoint of bill ${at.billId}`, () => readMarket(client, at, 'endpointOf', [at.billId]))
}

/** The default of all bills of a miner; '' when none is set. */
export function readDefaultEndpoint(
  client: PublicClient,
  at: MarketAt & { miner: Address },
): Promise<string> {
  return reading(`the endpoint of ${at.miner}`, () => readMarket(client, at, 'defaultEndpointOf', [at.miner]))
}
