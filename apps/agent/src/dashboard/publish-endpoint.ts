import { OPERATOR_SCOPES } from '@dmc/core/chain/types'
import { isOwnEndpoint } from '../account/endpoint-rows.ts'
import { operatorAllowed } from '../account/operator-allowed.ts'
import type { AgentContext } from '../agent-context.ts'
import { endpointSet } from '../handlers/endpoint-set.ts'
import { ownerOf } from '../rows/owner-of.ts'
import { countCost, MOST_A_DAY } from './command-rows.ts'
import { refused } from './refused.ts'

/**
 * Puts this host's own address on chain for one bill, or (0n) for all bills of the wallet, because the dashboard wished it. Never over
 * another host's: a dashboard could have two hosts take it from each other for ever, at the cost of their gas and of the users who look
 * for their miner. That is for a person at the host.
 * @param current what stands on chain @throws COMMAND_REFUSED, NOT_OPERATOR, OPERATOR_EXPIRED, RPC_*
 */
export async function publishEndpoint(
  how: { ctx: AgentContext; commandId: bigint; signal: AbortSignal },
  { billId, current }: { billId: bigint; current: string },
): Promise<string> {
  const { ctx, commandId, signal } = how
  const own = await ctx.endpoint()
  if (current === own) return own
  mustNotBeAnothers(ctx, { billId, current, own })
  await operatorAllowed(await ctx.account(), ownerOf(ctx), OPERATOR_SCOPES.ENDPOINT)
  if (!countCost(ctx.store, commandId, 'endpoint')) {
    throw refused(
      `the dashboard has had this host change its endpoint ${MOST_A_DAY.endpoint} times within a day`,
      `Each time costs gas. If it is to be: ${commandOf(billId)} on this host; or wait a day.`,
    )
  }
  const { done } = await endpointSet(ctx, { mode: 'execute', billId, url: own }, () => {}, signal)
  return done?.endpoint ?? own
}

/** @throws COMMAND_REFUSED when the chain leads to a host that is not this one */
export function mustNotBeAnothers(
  { store }: Pick<AgentContext, 'store'>,
  of: { billId: bigint; current: string; own: string },
): void {
  const { billId, current, own } = of
  if (current === '' || isOwnEndpoint(store, current, own)) return
  throw refused(
    `on chain stands another host’s endpoint, ${current.slice(0, 300)}, not one that this host has put there`,
    `Nothing was done. If users are to come to this host instead, run on it: ${commandOf(billId)}`,
  )
}

const commandOf = (billId: bigint): string =>
  billId === 0n ? 'dmc-agent endpoint set' : `dmc-agent endpoint set --bill ${billId}`
