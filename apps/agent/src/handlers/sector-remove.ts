import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import { findSector } from '../find-sector.ts'

/** Refused while the sector holds an order's data (SECTOR_IN_USE). */
export const sectorRemove: Handler<'sector.remove', AgentContext> = async (ctx, input) => {
  const { sectorId } = await findSector(ctx, input.sectorId)
  await ctx.sectors.remove(sectorId)
  ctx.journal.add({
    event: 'sector-removed',
    subject: `sector:${sectorId}`,
    message: `Sector ${sectorId} is no longer offered.`,
  })
  return { sectorId }
}
