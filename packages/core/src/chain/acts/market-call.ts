import {
  type Address,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type EncodeFunctionDataParameters,
  encodeFunctionData,
  type Hex,
} from 'viem'
import { marketAbi } from '../generated/market-abi.ts'

/** A transaction to be sent: whom, what, and the chain's coin that goes with it (wei). `name` is the act, for people. */
export interface ChainCall {
  name: string
  to: Address
  data: Hex
  value: bigint
}

export type MarketAct = ContractFunctionName<typeof marketAbi, 'nonpayable' | 'payable'>
export type MarketActArgs<N extends MarketAct> = ContractFunctionArgs<
  typeof marketAbi,
  'nonpayable' | 'payable',
  N
>

/** Any act of the Market as a transaction, its arguments checked by the ABI's types (design: market, acts). */
export function marketCall<N extends MarketAct>(
  market: Address,
  name: N,
  args: MarketActArgs<N>,
  value = 0n,
): ChainCall {
  const data = encodeFunctionData({
    abi: marketAbi,
    functionName: name,
    args,
  } as EncodeFunctionDataParameters)
  return { name, to: market, data, value }
}
