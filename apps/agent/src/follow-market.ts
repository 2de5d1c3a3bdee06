import type { MarketEvent } from '@dmc/core/chain/decode-log'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import { sectorOfBill } from './account/bill-rows.ts'
import type { AgentContext } from './agent-context.ts'
import { followLogs } from './chain/follow-logs.ts'
import { findContract, setContract } from './contract/contract-rows.ts'
import { serveOrders } from './contract/serve-orders.ts'
import { pause } from './contract/wait.ts'

/** Confirmed final orders keep their data for this long (design/03: deletion). */
const GRACE_MS = 24 * 3600 * 1000
const DEVNETS = [31337, 1337]

/**
 * Follows the Market (point of truth: the chain, never a list of ours) and hands each event of one of this host's orders on.
 * The first start begins at the chain's present; orders from before are found by the contract rows and the sweep.
 * @param onReorg told when confirmed blocks are gone, before anything is read again
 */
export function followMarket(
  ctx: AgentContext,
  onReorg: () => void,
): { close(): Promise<void>; touch(orderId: bigint): void } {
  const { signal, store, journal, rpc } = ctx
  const orders = serveOrders(ctx.contract, ctx.queue, { graceMs: GRACE_MS })

  /** Challenges don't wait for confirmations. */
  const react = (events: MarketEvent[]) => {
    ctx.answering?.onEvents(events)
    ctx.slashing?.onEvents(events)
  }

  const onEvents = (events: MarketEvent[]) => {
    setImmediate(() => react(events))
    const touched = new Set<bigint>()
    for (const event of events) {
      const orderId = 'orderId' in event.args ? event.args.orderId : null
      if (orderId === null) continue
      const mine = event.name === 'OrderCreated' && sectorOfBill(store, event.args.billId) !== null
      if (mine || findContract(store, orderId, 'miner')) touched.add(orderId)
      if (event.name === 'OrderRefused' && findContract(store, orderId, 'user'))
        noteRefusal(ctx, orderId, event.args.reason)
    }
    // after the store transaction that these events arrive in
    setImmediate(() => {
      for (const orderId of touched) orders.touch(orderId)
    })
  }

  const follow = async () => {
    for (;;) {
      try {
        // on a devnet from the first block: everything of it is ours and recent
        const fromBlock = DEVNETS.includes(rpc.chainId) ? 0n : await rpc.head()
        await followLogs({
          rpc,
          store,
          market: ctx.config.chain.market,
          fromBlock,
          onEvents,
          onHint: react,
          onReorg: ({ blockNumber }) => {
            onReorg()
            journal.add({
              level: 'warning',
              event: 'reorg',
              message: `The chain went back to block ${blockNumber}; everything after it is read again.`,
            })
            // what the gone blocks said of an order, its end too, counts no more; no new event needs to say so
            setImmediate(() => {
              orders.touchAll()
              ctx.answering?.sweep()
              ctx.slashing?.sweep()
            })
          },
          signal,
        })
        return
      } catch (thrown) {
        if (signal.aborted) return
        const error = toDmcError(thrown)
        journal.add({ level: 'error', event: 'follow-trouble', message: `${error.message} ${error.hint}` })
        await pause(10_000, signal).catch(() => {})
      }
    }
  }
  const following = follow()
  return {
    touch: orders.touch,
    async close() {
      await following
      await orders.close()
    },
  }
}

/** flow 8: the user is told why, with the money already back in its credit. */
function noteRefusal(ctx: AgentContext, orderId: bigint, reason: string): void {
  setContract(ctx.store, orderId, 'user', { state: 'refused', reason })
  ctx.journal.add({
    level: 'error',
    event: 'order-refused',
    subject: `order:${orderId}`,
    message: `The miner refused order ${orderId}: "${reason}". Escrow and reserve are back in your credit; take another bill.`,
  })
}
