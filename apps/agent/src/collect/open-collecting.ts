import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import type { AgentContext } from '../agent-context.ts'
import { rest } from '../chain/back-off.ts'
import { listContracts } from '../contract/contract-rows.ts'
import { TellOnce } from '../contract/tell-once.ts'
import { type Collectable, collectOrder } from './collect-order.ts'

/** The first round begins so long after the start, and then one an hour; each a little off, so that hosts don't all come at once. */
const FIRST_MS = 20_000
const EVERY_MS = 3_600_000

export interface Collecting {
  close(): Promise<void>
}

/** Claims what this host's orders have earned, and settles those that are over, by itself (`claim.automatic`). */
export function openCollecting(ctx: AgentContext): Collecting | null {
  if (!ctx.config.claim.automatic) return null
  const { signal, journal, store } = ctx
  const told = new TellOnce()
  const context = {
    rpc: ctx.rpc,
    market: ctx.config.chain.market,
    operator: ctx.operator,
    sender: ctx.sender,
    journal,
    parameters: async () => (await ctx.account()).facts.parameters,
    mostGasWei: ctx.config.answer.mostGasWei,
    minimum: ctx.config.claim.minimum,
    signal,
  }
  const round = async () => {
    const orders: Collectable[] = (['miner', 'user'] as const).flatMap((role) =>
      listContracts(store, role)
        .filter(({ state }) => state !== 'closed' && state !== 'refused')
        .map(({ orderId }) => ({ orderId, role })),
    )
    for (const order of orders) {
      if (signal.aborted) return
      try {
        await collectOrder(context, order)
      } catch (thrown) {
        const error = toDmcError(thrown)
        if (error.code === 'INTERRUPTED') return
        // somebody else was first, or the chain can't be asked, which is told by whoever follows it
        if (error.code.startsWith('MARKET_') || error.code.startsWith('RPC_')) continue
        if (!told.isNews(`order:${order.orderId}`, error)) continue
        journal.add({
          level: 'warning',
          event: 'collect-trouble',
          subject: `order:${order.orderId}`,
          message: `What order ${order.orderId} owes could not be collected: ${error.message} ${error.hint} It is tried again in an hour.`,
        })
      }
    }
  }
  const working = (async () => {
    for (let wait = FIRST_MS; !signal.aborted; wait = EVERY_MS) {
      await rest(wait * (0.75 + Math.random() / 2), signal).catch(() => {})
      if (signal.aborted) return
      await round().catch((error: unknown) => {
        journal.add({ level: 'error', event: 'collect-trouble', message: toDmcError(error).message })
      })
    }
  })()
  return { close: () => working }
}
