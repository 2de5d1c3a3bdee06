import { readMoney } from '@dmc/core/chain/read-money'
import { readOperator } from '@dmc/core/chain/read-operator'
import type { Address } from 'viem'
import { scopeNames } from '../account/operator-grant.ts'
import type { AgentContext } from '../agent-context.ts'
import type { WalletInfo } from '../control/types.ts'

/** Balances of the wallet, and what this host's operator key may do and still can pay. @throws RPC_* */
export async function walletInfo(ctx: AgentContext): Promise<WalletInfo> {
  const { rpc, market, facts } = await ctx.account()
  const owner: Address | null = ctx.wallet?.address ?? ctx.config.owner
  const operator = ctx.operator.address
  const [wallet, gasWei, allowed] = await Promise.all([
    owner ? readMoney(rpc.client, { market, token: facts.token, account: owner }) : null,
    readMoney(rpc.client, { market, token: facts.token, account: operator }).then((money) => money.gasWei),
    owner ? readOperator(rpc.client, { market, owner, operator }) : { scopes: 0, expiresAt: 0n },
  ])
  return {
    chainId: rpc.chainId,
    market,
    tokenSymbol: facts.symbol,
    tokenAddress: facts.token,
    wallet,
    operator: { address: operator, gasWei, scopes: scopeNames(allowed.scopes), expiresAt: allowed.expiresAt },
  }
}
