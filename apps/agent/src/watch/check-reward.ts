import { readOperator } from '@dmc/core/chain/read-operator'
import { DmcError } from '@dmc/core/errors/dmc-error'
import type { Address, PublicClient } from 'viem'

const NOBODY = `0x${'00'.repeat(20)}`
const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase()

/**
 * May this address be rewarded for a slash of the order? The same rule as the Market's, asked before anything is sent.
 * @throws MARKET_BAD_REWARD_ADDRESS, MARKET_REWARD_TO_OPERATOR; RPC_*
 */
export async function checkReward(
  { client, market }: { client: PublicClient; market: Address },
  order: { user: Address; miner: Address },
  rewardTo: Address,
): Promise<void> {
  if (same(rewardTo, NOBODY) || same(rewardTo, market)) {
    throw new DmcError('MARKET_BAD_REWARD_ADDRESS', `${rewardTo} can't be rewarded.`, {
      hint: 'Name a wallet: --reward-to ADDRESS',
    })
  }
  if (same(rewardTo, order.user) || same(rewardTo, order.miner)) return
  for (const owner of [order.user, order.miner]) {
    const { scopes } = await readOperator(client, { market, owner, operator: rewardTo })
    if (scopes === 0) continue
    throw new DmcError(
      'MARKET_REWARD_TO_OPERATOR',
      `${rewardTo} is an operator of ${owner}, and operators never earn.`,
      { hint: 'Name the wallet of its owner instead: --reward-to ADDRESS' },
    )
  }
}
