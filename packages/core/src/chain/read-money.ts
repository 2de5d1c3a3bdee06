import type { Address, PublicClient } from 'viem'
import { reading } from './chain-error.ts'
import { tokenAbi } from './generated/token-abi.ts'
import { type MarketAt, readMarket } from './read-market.ts'

/** What an account holds: tokens, what the Market may take of them, what it may withdraw from the Market, coin for gas (wei). */
export interface MoneyOnChain {
  address: Address
  token: bigint
  allowance: bigint
  credit: bigint
  gasWei: bigint
}

/** Four reads in one batch. */
export function readMoney(
  client: PublicClient,
  at: MarketAt & { token: Address; account: Address },
): Promise<MoneyOnChain> {
  const token = { address: at.token, abi: tokenAbi, blockNumber: at.blockNumber } as const
  return reading(`the balances of ${at.account}`, async () => {
    const [balance, allowance, credit, gasWei] = await Promise.all([
      client.readContract({
        ...token,
        functionName: 'balanceOf',
        args: [at.account],
      } as never) as Promise<bigint>,
      client.readContract({
        ...token,
        functionName: 'allowance',
        args: [at.account, at.market],
      } as never) as Promise<bigint>,
      readMarket(client, at, 'credit', [at.account]),
      client.getBalance({ address: at.account, blockNumber: at.blockNumber } as never) as Promise<bigint>,
    ])
    return { address: at.account, token: balance, allowance, credit, gasWei }
  })
}
