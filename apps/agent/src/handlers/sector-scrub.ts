import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import type { AgentContext } from '../agent-context.ts'
import { interrupted } from '../contract/wait.ts'
import type { Handler } from '../control/handler.ts'
import type { ScrubbedOrder } from '../control/types.ts'
import { findSector } from '../find-sector.ts'
import { scrubOrder } from '../scrub/scrub-order.ts'
import { listOrderRows } from '../sector/sector-rows.ts'

/** Reads everything through at once, at full speed. Damage, or what can't be read, is a result: the other orders are read, too. */
export const sectorScrub: Handler<'sector.scrub', AgentContext> = async (ctx, input, emit, signal) => {
  const { store, sectors, alarms, config } = ctx
  const sectorId = input.sectorId === undefined ? undefined : (await findSector(ctx, input.sectorId)).sectorId
  const rows = listOrderRows(store, sectorId)
  const context = { store, sectors, alarms, days: config.scrub.days }
  const orders: ScrubbedOrder[] = []
  for (const [i, row] of rows.entries()) {
    const orderId = BigInt(row.orderId)
    const stage = `order ${orderId} (${i + 1} of ${rows.length})`
    const onStep = (_bytes: number, done: number, total: number) => {
      if (signal.aborted) throw interrupted()
      emit({ type: 'progress', stage, done, total })
    }
    try {
      const { chunks, damaged } = await scrubOrder(context, orderId, onStep)
      orders.push({ orderId, sectorId: row.sectorId, chunks, damaged, error: null })
    } catch (thrown) {
      const error = toDmcError(thrown)
      if (error.code === 'INTERRUPTED') throw error
      orders.push({ orderId, sectorId: row.sectorId, chunks: 0, damaged: [], error: error.toJSON() })
    }
  }
  return { orders }
}
