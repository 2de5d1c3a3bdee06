import type { Address, PublicClient } from 'viem'
import { reading, revertIn, toReadError } from './chain-error.ts'
import { billNotFound } from './read-bill.ts'
import { type MarketAt, readMarket } from './read-market.ts'

/**
 * Where the agent of a bill answers: the bill's own endpoint, else its miner's default, else ''.
 * @throws BILL_NOT_FOUND, RPC_UNREACHABLE, RPC_BAD_ANSWER
 */
export async function readEndpoint(client: PublicClient, at: MarketAt & { billId: bigint }): Promise<string> {
  try {
    return await readMarket(client, at, 'endpointOf', [at.billId])
  } catch (error) {
    if (revertIn(error)?.name === 'UnknownBill') throw billNotFound(at)
    throw toReadError(error, `the endpoint of bill ${at.billId}`)
  }
}

/** The default of all bills of a miner; '' when none is set. */
export function readDefaultEndpoint(
  client: PublicClient,
  at: MarketAt & { miner: Address },
): Promise<string> {
  return reading(`the endpoint of ${at.miner}`, () => readMarket(client, at, 'defaultEndpointOf', [at.miner]))
}
