import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import { findSource } from '../find-source.ts'
import { listOrderRows } from '../rows/list-orders.ts'

export const orderList: Handler<'order.list', AgentContext> = async (ctx, { source, role, all }) => ({
  orders: await listOrderRows(ctx, {
    role,
    all,
    sourceId: source === undefined ? undefined : findSource(ctx, source).sourceId,
  }),
})
