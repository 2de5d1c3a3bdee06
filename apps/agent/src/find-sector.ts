import { DmcError } from '@dmc/core/errors/dmc-error'
import type { AgentContext } from './agent-context.ts'
import type { SectorInfo } from './sector/types.ts'

/** A sector by id or unique id prefix. @throws SECTOR_NOT_FOUND listing what there is. */
export async function findSector(ctx: AgentContext, wanted: string): Promise<SectorInfo> {
  const sectors = await ctx.sectors.list()
  const matches = sectors.filter((sector) => sector.sectorId.startsWith(wanted))
  const exact =
    matches.find((sector) => sector.sectorId === wanted) ?? (matches.length === 1 ? matches[0] : undefined)
  if (exact) return exact
  const names = sectors.map((sector) => sector.sectorId).join(', ')
  throw new DmcError(
    'SECTOR_NOT_FOUND',
    `There is no sector '${wanted}'${names ? `; there are: ${names}` : ''}.`,
    {
      hint: names ? 'Name one of them.' : 'Register one: dmc-agent sector add PATH --size 500GiB.',
    },
  )
}
