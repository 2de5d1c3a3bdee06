import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import { sectorRow } from '../rows/sector-row.ts'

/** flow 1: a folder of this host becomes space to offer. */
export const sectorAdd: Handler<'sector.add', AgentContext> = async (ctx, { path, size }) => {
  const sector = await ctx.sectors.add(path, Number(size))
  ctx.journal.add({
    event: 'sector-added',
    subject: `sector:${sector.sectorId}`,
    message: `Sector ${sector.sectorId} offers ${sector.size} bytes at ${sector.path}.`,
  })
  await ctx.serve()
  return sectorRow(ctx, sector)
}
