import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import { sectorRow } from '../rows/sector-row.ts'

export const sectorList: Handler<'sector.list', AgentContext> = async (ctx) => ({
  sectors: await Promise.all((await ctx.sectors.list()).map((sector) => sectorRow(ctx, sector))),
})
