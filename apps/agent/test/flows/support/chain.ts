import { marketAbi } from '@dmc/core/chain/generated/market-abi'
import { readMoney } from '@dmc/core/chain/read-money'
import { readOrder } from '@dmc/core/chain/read-order'
import type { Commitment, OrderOnChain } from '@dmc/core/chain/types'
import type { Devnet } from '@dmc/testkit/devnet'
import { type Address, parseEventLogs } from 'viem'

/** All events of the Market of one kind, oldest first. */
export async function marketEvents<
  N extends
    | 'OrderCreated'
    | 'Prepared'
    | 'OrderActivated'
    | 'OrderRefused'
    | 'BillCreated'
    | 'ChallengeOpened'
    | 'ChallengeAnswered'
    | 'OrderSlashed',
>({ client, market }: Devnet, eventName: N) {
  const logs = await client.getLogs({ address: market, fromBlock: 0n, toBlock: 'latest' })
  return parseEventLogs({ abi: marketAbi, logs, eventName })
}

export interface Statement extends Commitment {
  side: 'user' | 'miner'
  signer: Address
}

/** Every statement of an order that was ever mined, withdrawals (root 0) too. */
export async function statementsOf(devnet: Devnet, orderId: bigint): Promise<Statement[]> {
  const events = await marketEvents(devnet, 'Prepared')
  return events
    .filter(({ args }) => args.orderId === orderId)
    .map(({ args: { side, root, size, signer } }) => ({
      side: side === 0n ? 'user' : 'miner',
      root,
      size,
      signer,
    }))
}

export const orderOf = ({ client, market }: Devnet, orderId: bigint): Promise<OrderOnChain> =>
  readOrder(client, { market, orderId })

/** Tokens, credit at the Market and gas of an account. */
export const moneyOf = ({ client, market, token }: Devnet, account: Address) =>
  readMoney(client, { market, token, account })

/** Transactions that an account has ever had mined. */
export const nonceOf = ({ client }: Devnet, address: Address): Promise<number> =>
  client.getTransactionCount({ address })
