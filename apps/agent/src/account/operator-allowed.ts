import { readOperator } from '@dmc/core/chain/read-operator'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { formatTime } from '@dmc/core/units/format-time'
import type { Address } from 'viem'
import type { AccountContext } from './context.ts'
import { scopeNames } from './operator-grant.ts'

/**
 * Is this host's operator allowed one scope for the owner, now?
 * @throws NOT_OPERATOR, OPERATOR_EXPIRED with the next step; RPC_*
 */
export async function operatorAllowed(
  context: Pick<AccountContext, 'rpc' | 'market' | 'operator' | 'reader'>,
  owner: Address,
  scope: number,
): Promise<void> {
  const operator = context.operator.address
  if (operator.toLowerCase() === owner.toLowerCase()) return
  const [{ scopes, expiresAt }, now] = await Promise.all([
    readOperator(context.rpc.client, { market: context.market, owner, operator }),
    context.reader.chainTime(),
  ])
  const hint = 'Let the wallet authorise this host: dmc-agent operator authorise'
  if ((scopes & scope) === 0) {
    const name = scopeNames(scope).join()
    throw new DmcError('NOT_OPERATOR', `This host’s key ${operator} has no ${name} for ${owner}.`, { hint })
  }
  if (expiresAt < now) {
    throw new DmcError(
      'OPERATOR_EXPIRED',
      `What ${owner} let this host do ended at ${formatTime(expiresAt)}.`,
      { hint },
    )
  }
}
