import type { Address, PublicClient } from 'viem'
import { DmcError } from '../errors/dmc-error.ts'
import { dmcErrorIn, revertIn, toReadError } from './chain-error.ts'
import { readMarket } from './read-market.ts'

/** The Market's version that this code understands. */
export const MARKET_VERSION = '1'

/**
 * Proves that a DMC Market of a known version stands at the address: code, and the answer of `version()`.
 * @throws NOT_A_DMC_MARKET, RPC_UNREACHABLE, RPC_BAD_ANSWER
 */
export async function checkMarket(client: PublicClient, market: Address): Promise<void> {
  let code: string | undefined
  try {
    code = await client.getCode({ address: market })
  } catch (error) {
    throw toReadError(error, `the Market ${market}`)
  }
  if (code === undefined || code === '0x') throw notMarket(market, 'holds no contract on this chain')
  let version: string
  try {
    version = await readMarket(client, { market }, 'version', [])
  } catch (error) {
    const known = dmcErrorIn(error)
    if (known !== null) throw known
    // A contract without version() reverts without a name, or answers with nothing: both are an answer.
    if (revertIn(error) === null && !/revert|returned no data|out of bounds|invalid/i.test(String(error))) {
      throw toReadError(error, `the Market ${market}`)
    }
    throw notMarket(market, 'is another contract')
  }
  if (version !== MARKET_VERSION) {
    throw notMarket(market, `has version ${version.slice(0, 20)}; this agent knows ${MARKET_VERSION}`)
  }
}

function notMarket(market: Address, why: string): DmcError {
  return new DmcError('NOT_A_DMC_MARKET', `${market} ${why}.`, {
    hint: 'Check the Market’s address and the chain of your configuration (DMC_MARKET, DMC_RPC_URLS).',
  })
}
