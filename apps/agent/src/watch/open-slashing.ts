import { listOrdersOf } from '@dmc/core/chain/list-orders-of'
import { FINAL_ORDER_STATES } from '@dmc/core/market/states'
import type { AgentContext } from '../agent-context.ts'
import { answerContext } from '../answer/open-answering.ts'
import { listContracts } from '../contract/contract-rows.ts'
import type { Slashable } from './slash-order.ts'
import { openSlashService, type SlashService } from './slash-service.ts'
import { listWatched } from './watch-rows.ts'

/** The chain's own list of the wallet's orders is asked for this often; a browser may have made new ones. */
const OWN_MS = 600_000

/** Slashes the wallet's own orders (`slash.automatic`), and watched ones whose watcher said so. */
export function openSlashing(ctx: AgentContext): SlashService {
  let own: bigint[] = []
  let askedAt = Number.NEGATIVE_INFINITY
  const owner = ctx.wallet?.address ?? ctx.config.owner

  const ownOrders = async (): Promise<bigint[]> => {
    if (owner === null || !ctx.config.slash.automatic) return []
    const rows = listContracts(ctx.store, 'user')
      .filter(({ state }) => state !== 'closed' && state !== 'refused')
      .map(({ orderId }) => orderId)
    if (performance.now() - askedAt > OWN_MS) {
      const orders = await listOrdersOf(ctx.rpc.client, { market: ctx.config.chain.market, user: owner })
      own = orders.filter(({ state }) => !FINAL_ORDER_STATES.includes(state)).map(({ orderId }) => orderId)
      askedAt = performance.now()
    }
    return [...new Set([...rows, ...own])]
  }

  return openSlashService(answerContext(ctx), {
    async orders() {
      const found = new Map<bigint, Slashable>()
      for (const { orderId, slash, rewardTo } of listWatched(ctx.store)) {
        if (slash) found.set(orderId, { orderId, own: false, rewardTo: rewardTo ?? owner })
      }
      for (const orderId of await ownOrders()) found.set(orderId, { orderId, own: true, rewardTo: owner })
      return [...found.values()]
    },
  })
}
