import { statfs } from 'node:fs/promises'
import { billsOfSector } from '../account/bill-rows.ts'
import type { AgentContext } from '../agent-context.ts'
import type { SectorRow } from '../control/types.ts'
import type { SectorInfo } from '../sector/types.ts'

export async function sectorRow(ctx: AgentContext, sector: SectorInfo): Promise<SectorRow> {
  const orders = (await ctx.sectors.orders()).filter((order) => order.sectorId === sector.sectorId)
  const disk = sector.mounted ? await statfs(sector.path).catch(() => null) : null
  return {
    ...sector,
    diskFree: disk ? disk.bavail * disk.bsize : -1,
    orders: orders.length,
    bills: billsOfSector(ctx.store, sector.sectorId),
  }
}
