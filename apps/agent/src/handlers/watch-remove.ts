import { DmcError } from '@dmc/core/errors/dmc-error'
import type { AgentContext } from '../agent-context.ts'
import { findContract } from '../contract/contract-rows.ts'
import type { Handler } from '../control/handler.ts'
import { deleteWatched } from '../watch/watch-rows.ts'

export const watchRemove: Handler<'watch.remove', AgentContext> = async (ctx, { orderId }) => {
  if (!deleteWatched(ctx.store, orderId)) {
    throw new DmcError('ORDER_NOT_FOUND', `Order ${orderId} is not watched.`, {
      hint: 'List what is: dmc-agent watch list',
    })
  }
  // what this host itself owes for the order stays
  if (
    findContract(ctx.store, orderId, 'miner') === null &&
    findContract(ctx.store, orderId, 'user') === null
  ) {
    for (const { key, subject } of ctx.alarms.list())
      if (subject === `order:${orderId}`) ctx.alarms.clear(key)
  }
  ctx.journal.add({
    event: 'watching-ended',
    subject: `order:${orderId}`,
    message: `Order ${orderId} is no longer watched.`,
  })
  return { orderId }
}
