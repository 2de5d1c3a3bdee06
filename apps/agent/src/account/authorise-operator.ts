import { setOperatorCall } from '@dmc/core/chain/acts/set-operator'
import { readOperator } from '@dmc/core/chain/read-operator'
import { type AccountContext, needWallet } from './context.ts'
import { type Executed, type Execution, executePlan } from './execute-plan.ts'
import { describeGrant } from './operator-grant.ts'
import { makePlan, type Planned } from './plan.ts'

export interface AuthoriseWish {
  /** Bit set of OPERATOR_SCOPES; 0 revokes. Exactly these: what it had before is replaced. */
  scopes: number
  weeks: number
  gasFloatWei: bigint
}

/** Lets this host's operator act for the wallet, or no longer. Nothing to do when the chain says so already. @throws KEY_MISSING, RPC_* */
export async function planAuthorise(context: AccountContext, wish: AuthoriseWish): Promise<Planned> {
  const wallet = needWallet(context, 'Authorising an operator')
  const { market, rpc, facts } = context
  const operator = context.operator.address
  const [now, has] = await Promise.all([
    context.reader.chainTime(),
    readOperator(rpc.client, { market, owner: wallet.address, operator }),
  ])
  const { scopes } = wish
  const expiresAt = scopes === 0 ? 0n : now + BigInt(wish.weeks) * facts.parameters.week
  const gasFloatWei = scopes === 0 ? 0n : wish.gasFloatWei
  const grant = { operator, scopes, expiresAt }
  return makePlan(context, {
    title: scopes === 0 ? `Revoke ${operator}` : `Let ${operator} act for ${wallet.address}`,
    account: wallet,
    call: scopes === 0 && has.scopes === 0 ? null : () => setOperatorCall(market, grant, gasFloatWei),
    money: gasFloatWei === 0n ? {} : { gasFloatWei },
    facts: scopes === 0 ? [] : describeGrant({ grant, gasFloatWei }),
  })
}

export function authoriseOperator(
  context: AccountContext,
  wish: AuthoriseWish,
  execution: Execution,
): Promise<Executed> {
  return executePlan(context, () => planAuthorise(context, wish), execution)
}
