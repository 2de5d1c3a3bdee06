import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import type { WatchedRow } from '../control/types.ts'
import { watchedRow } from '../rows/watched-row.ts'
import { listWatched } from '../watch/watch-rows.ts'

export const watchList: Handler<'watch.list', AgentContext> = async (ctx) => {
  const watched: WatchedRow[] = []
  for (const { orderId } of listWatched(ctx.store)) {
    const row = await watchedRow(ctx, orderId)
    if (row) watched.push(row)
  }
  return { watched }
}
