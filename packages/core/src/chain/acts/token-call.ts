import { type Address, encodeFunctionData } from 'viem'
import { tokenAbi } from '../generated/token-abi.ts'
import type { ChainCall } from './market-call.ts'

/** Allows `spender` (the Market) to take exactly `value` token wei. */
export function approveCall(token: Address, spender: Address, value: bigint): ChainCall {
  const data = encodeFunctionData({ abi: tokenAbi, functionName: 'approve', args: [spender, value] })
  return { name: 'approve', to: token, data, value: 0n }
}

/** Devnets only: mints test tokens to the caller. */
export function faucetCall(token: Address): ChainCall {
  return {
    name: 'faucet',
    to: token,
    data: encodeFunctionData({ abi: tokenAbi, functionName: 'faucet' }),
    value: 0n,
  }
}

export function transferCall(token: Address, to: Address, value: bigint): ChainCall {
  const data = encodeFunctionData({ abi: tokenAbi, functionName: 'transfer', args: [to, value] })
  return { name: 'transfer', to: token, data, value: 0n }
}
