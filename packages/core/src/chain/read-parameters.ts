import type { Address, PublicClient } from 'viem'
import type { MarketParameters } from '../market/parameters.ts'
import { reading } from './chain-error.ts'
import { type MarketAt, readMarket } from './read-market.ts'

/** What the Market was made with; fixed for good, so it may be kept. */
export function readParameters(client: PublicClient, at: MarketAt): Promise<MarketParameters> {
  return reading('the Market’s parameters', () => readMarket(client, at, 'parameters', []))
}

/** The Market's token; fixed for good. */
export function readToken(client: PublicClient, at: MarketAt): Promise<Address> {
  return reading('the Market’s token', () => readMarket(client, at, 'token', []))
}
