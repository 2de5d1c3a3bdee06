import type { DmcError } from '@dmc/core/errors/dmc-error'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import type { ContractContext } from './context.ts'
import { listContracts } from './contract-rows.ts'
import { deleteEnded } from './delete-ended.ts'
import type { OrderQueue } from './order-queue.ts'
import { reconcileOrder } from './reconcile-order.ts'
import { interrupted, pause, withRetry } from './wait.ts'

export interface OrderServing {
  /** Something happened to an order of one of this host's bills: brings it to what the chain says. Never throws. */
  touch(orderId: bigint): void
  /** Resolves when everything in hand is done or stopped. */
  close(): Promise<void>
}

const SWEEP_MS = 10_000

/**
 * The miner's side of all its orders (flows 8 to 10): every open contract is reconciled at start and after each event; a
 * slow sweep catches what an event missed and deletes what ended long enough ago.
 */
export function serveOrders(
  context: ContractContext,
  queue: OrderQueue,
  options: { graceMs: number },
): OrderServing {
  const { signal, journal } = context
  const waiting = new Set<bigint>()

  const work = (orderId: bigint) =>
    withRetry(
      async () => {
        const order = await context.reader.order(orderId)
        if (context.acts.sectorOfBill(order.billId) === null) return
        await reconcileOrder(context, order)
      },
      { signal, onRetry: (error) => tell(orderId, error) },
    ).catch((thrown: unknown) => {
      const error = toDmcError(thrown)
      if (error.code !== 'INTERRUPTED') tell(orderId, error)
    })

  const told = new Map<bigint, string>()
  const tell = (orderId: bigint, error: DmcError) => {
    // once for each new reason, not once for each try
    if (told.get(orderId) === error.message) return
    told.set(orderId, error.message)
    journal.add({
      level: 'error',
      event: 'order-trouble',
      subject: `order:${orderId}`,
      message: `Order ${orderId}: ${error.message} ${error.hint}`,
      data: { code: error.code },
    })
  }

  const touch = (orderId: bigint) => {
    if (waiting.has(orderId) || signal.aborted) return
    waiting.add(orderId)
    void queue.run(orderId, () => {
      waiting.delete(orderId)
      return work(orderId)
    })
  }

  const sweep = async () => {
    for (;;) {
      for (const contract of listContracts(context.store, 'miner')) {
        if (contract.state !== 'closed' || contract.finalAt === null) touch(contract.orderId)
      }
      await deleteEnded(context, options.graceMs).catch((error: unknown) => {
        const { code, message, hint } = toDmcError(error)
        if (code !== 'INTERRUPTED')
          journal.add({ level: 'warning', event: 'delete-trouble', message: `${message} ${hint}` })
      })
      await pause(SWEEP_MS, signal)
    }
  }
  const sweeping = sweep().catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
  return {
    touch,
    async close() {
      if (!signal.aborted) throw interrupted()
      await sweeping
      await queue.idle()
    },
  }
}
