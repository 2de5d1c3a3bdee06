import { marketCall } from '@dmc/core/chain/acts/market-call'
import { readBill } from '@dmc/core/chain/read-bill'
import { readDefaultEndpoint } from '@dmc/core/chain/read-endpoint'
import { parseEndpoint } from '@dmc/core/protocol/endpoint'
import type { Address, LocalAccount } from 'viem'
import type { AccountContext } from './context.ts'
import { type Executed, type Execution, executePlan } from './execute-plan.ts'
import { makePlan, type Planned } from './plan.ts'

/**
 * Says on chain where this agent answers: for one bill, or (0n) for all bills of `miner` without an own one. Signed by the operator
 * (scope ENDPOINT), by the wallet where it is the miner's and here. Nothing to do when the chain says so already.
 * @throws ENDPOINT_INVALID, BILL_NOT_FOUND, RPC_*
 */
export async function planEndpoint(
  context: AccountContext,
  wish: { billId: bigint; miner: Address; url: string },
): Promise<Planned> {
  const { billId, url } = wish
  if (url !== '') parseEndpoint(url)
  const { market, rpc } = context
  const bill = billId === 0n ? null : await readBill(rpc.client, { market, billId })
  const miner = bill?.miner ?? wish.miner
  const current = bill?.endpoint ?? (await readDefaultEndpoint(rpc.client, { market, miner }))
  const call =
    billId === 0n
      ? marketCall(market, 'setDefaultEndpoint', [miner, url])
      : marketCall(market, 'setEndpoint', [billId, url])
  return makePlan(context, {
    title: `Publish ${url === '' ? 'no endpoint' : url} for ${billId === 0n ? `all bills of ${miner}` : `bill ${billId}`}`,
    account: signerFor(context, miner),
    call: current === url ? null : () => call,
    facts: [['Until now', current === '' ? 'none' : current]],
  })
}

export function setEndpoint(
  context: AccountContext,
  wish: { billId: bigint; miner: Address; url: string },
  execution: Execution,
): Promise<Executed> {
  return executePlan(context, () => planEndpoint(context, wish), {
    subject: `bill:${wish.billId}`,
    ...execution,
  })
}

function signerFor(context: AccountContext, miner: Address): LocalAccount {
  const own = context.wallet?.address.toLowerCase() === miner.toLowerCase()
  return own && context.wallet !== null ? context.wallet : context.operator
}
