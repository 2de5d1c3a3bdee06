import type {
  Address,
  ContractFunctionArgs,
  ContractFunctionName,
  ContractFunctionReturnType,
  PublicClient,
} from 'viem'
import { marketAbi } from './generated/market-abi.ts'

export type MarketView = ContractFunctionName<typeof marketAbi, 'pure' | 'view'>
export type MarketViewReturn<N extends MarketView> = ContractFunctionReturnType<
  typeof marketAbi,
  'pure' | 'view',
  N
>

/** Which Market, and as of which block; the newest when none is named. */
export interface MarketAt {
  market: Address
  blockNumber?: bigint | undefined
}

/** One view of the Market by `eth_call`. Throws viem's errors: the verbs beside turn them into DmcErrors. */
export function readMarket<N extends MarketView>(
  client: PublicClient,
  at: MarketAt,
  functionName: N,
  args: ContractFunctionArgs<typeof marketAbi, 'pure' | 'view', N>,
): Promise<MarketViewReturn<N>> {
  return client.readContract({
    address: at.market,
    abi: marketAbi,
    functionName,
    args,
    blockNumber: at.blockNumber,
  } as never) as Promise<MarketViewReturn<N>>
}
