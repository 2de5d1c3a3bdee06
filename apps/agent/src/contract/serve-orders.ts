import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import { listOrderRows } from '../sector/sector-rows.ts'
import type { ContractContext } from './context.ts'
import { addContract, findContract, listContracts } from './contract-rows.ts'
import { deleteEnded } from './delete-ended.ts'
import type { OrderQueue } from './order-queue.ts'
import { reconcileOrder } from './reconcile-order.ts'
import { TellOnce } from './tell-once.ts'
import { pause, withRetry } from './wait.ts'

export interface OrderServing {
  /** Something happened to an order of one of this host's bills: brings it to what the chain says. Never throws. */
  touch(orderId: bigint): void
  /** The same for every order of this host, ended ones too: after a start or a reorg. */
  touchAll(): void
  /** Resolves when everything in hand is done or stopped; the context's signal has been aborted. */
  close(): Promise<void>
}

const SWEEP_MS = 10_000
/** Sweeps between two looks at what only events change: active orders, and ended ones that wait for their deletion. */
const SLOW = 6

/**
 * The miner's side of all its orders (flows 8 to 10): every open contract is reconciled at start and after each event; a
 * slow sweep catches what an event missed and deletes what ended long enough ago.
 */
export function serveOrders(
  context: ContractContext,
  queue: OrderQueue,
  options: { graceMs: number; sweepMs?: number },
): OrderServing {
  const { signal, journal, store } = context
  const waiting = new Set<bigint>()
  const told = new TellOnce()

  const tell = (orderId: bigint, thrown: unknown) => {
    const error = toDmcError(thrown)
    if (signal.aborted || error.code === 'INTERRUPTED' || !told.isNews(`order:${orderId}`, error)) return
    journal.add({
      level: 'error',
      event: 'order-trouble',
      subject: `order:${orderId}`,
      message: `Order ${orderId}: ${error.message} ${error.hint}`,
      data: { code: error.code },
    })
  }

  const work = async (orderId: bigint) => {
    const order = await context.reader.order(orderId)
    if (findContract(store, orderId, 'miner') === null) {
      // on a disk that this agent does not remember: its state was lost, the disk was not
      const held = listOrderRows(store).find((row) => row.orderId === orderId.toString())
      if (held) {
        const { billId, capacity } = order
        const { sectorId } = held
        addContract(store, { orderId, role: 'miner', billId, capacityMib: Number(capacity), sectorId })
      } else if (context.acts.sectorOfBill(order.billId) === null) return
    }
    await reconcileOrder(context, order)
  }

  const touch = (orderId: bigint) => {
    if (waiting.has(orderId) || signal.aborted) return
    waiting.add(orderId)
    queue
      .run(orderId, () => {
        waiting.delete(orderId)
        return withRetry(() => work(orderId), { signal, onRetry: (error) => tell(orderId, error) })
      })
      .catch((error: unknown) => tell(orderId, error))
  }

  const touchAll = () => {
    for (const { orderId, state, finalAt } of listContracts(store, 'miner')) {
      if (state !== 'closed' || finalAt !== null) touch(orderId)
    }
    for (const { orderId } of listOrderRows(store)) touch(BigInt(orderId))
  }

  const touchOpen = (activeToo: boolean) => {
    for (const { orderId, state } of listContracts(store, 'miner')) {
      if (state !== 'closed' && (activeToo || state !== 'active')) touch(orderId)
    }
  }

  const sweep = async () => {
    for (let count = 0; !signal.aborted; count++) {
      const slow = count % SLOW === 0
      try {
        if (count === 0) touchAll()
        else touchOpen(slow)
        if (slow) await deleteEnded(context, options.graceMs)
      } catch (thrown) {
        const error = toDmcError(thrown)
        if (!signal.aborted && told.isNews('sweep', error)) {
          journal.add({
            level: 'warning',
            event: 'sweep-trouble',
            message: `${error.message} ${error.hint}`,
          })
        }
      }
      await pause(options.sweepMs ?? SWEEP_MS, signal).catch(() => {})
    }
  }
  const sweeping = sweep()
  // a store that can't even be read any more: told by whoever reads it next
  sweeping.catch(() => {})
  return {
    touch,
    touchAll,
    async close() {
      await sweeping.catch(() => {})
      await queue.idle()
    },
  }
}
