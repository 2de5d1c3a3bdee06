import { formatSize } from '@dmc/core/units/format-size'
import type { OwnerFacts } from '../facts.ts'
import type { Finding, Rule } from '../finding.ts'

type Sector = OwnerFacts['sectors'][number]

/** A disk that has less to spare than this is full: a journal and a rename need room too. */
const SPARE = 1n << 30n

const at = ({ sectorId }: Sector) => ({
  subject: `sector:${sectorId}`,
  href: '/m/sectors',
  action: 'See the sectors',
  deadline: null,
})

const hostOf = ({ agents }: OwnerFacts, { agentId }: Sector) =>
  agents.find((host) => host.agentId === agentId)?.name ?? 'its host'

/** The pledges of the orders whose data lies there. */
function pledgeIn({ contracts, orders, owner }: OwnerFacts, sector: Sector): bigint | null {
  const ids = new Set(
    contracts
      .filter((row) => row.agentId === sector.agentId && row.sectorId === sector.sectorId)
      .map(({ orderId }) => orderId),
  )
  const sum = orders
    .filter((order) => order.miner === owner && ids.has(order.orderId))
    .reduce((all, order) => all + order.pledge, 0n)
  return sum > 0n ? sum : null
}

export const sectorNotMounted: Rule = (facts) =>
  facts.sectors
    .filter(({ mounted, state }) => !mounted && state !== 'removed')
    .map(
      (sector): Finding => ({
        ...at(sector),
        kind: 'sector-not-mounted',
        level: 'error',
        message: `The sector ${sector.path} on ${hostOf(facts, sector)} is not mounted.`,
        cause: 'Its data can’t be proven until it is back, and the pledge is at stake.',
        hint: 'Mount the disk; the agent goes on by itself.',
        money: pledgeIn(facts, sector),
        stage: 0,
      }),
    )

export const sectorDamaged: Rule = (facts) =>
  facts.sectors.flatMap((sector): Finding[] => {
    const said = errorOf(sector.error)
    if (said === null || !sector.mounted) return []
    return [
      {
        ...at(sector),
        kind: 'sector-damaged',
        level: 'error',
        message: `The sector ${sector.path} on ${hostOf(facts, sector)} has errors.`,
        cause: said.message,
        hint: said.hint,
        money: pledgeIn(facts, sector),
        stage: 0,
      },
    ]
  })

/** Less is free on the disk than what the sector still has to take. */
export const sectorFull: Rule = (facts) =>
  facts.sectors.flatMap((sector): Finding[] => {
    if (!sector.mounted || sector.diskFree === null || sector.diskFree >= sector.free) return []
    // what nobody has ordered yet may be missing; what the disk needs to work may not
    const full = sector.diskFree < SPARE
    return [
      {
        ...at(sector),
        kind: 'sector-full',
        level: full && sector.orders > 0 ? 'error' : 'warning',
        message: full
          ? `The disk of the sector ${sector.path} on ${hostOf(facts, sector)} is full.`
          : `The disk of the sector ${sector.path} on ${hostOf(facts, sector)} has less free than was offered.`,
        cause: `${formatSize(sector.diskFree)} are free, ${formatSize(sector.free)} are still on offer there.`,
        hint: 'Free space on the disk, or shrink what you offer.',
        money: null,
        stage: full ? 1 : 0,
      },
    ]
  })

function errorOf(value: unknown): { message: string; hint: string } | null {
  const { message, hint } = (value ?? {}) as { message?: unknown; hint?: unknown }
  if (typeof message !== 'string') return null
  return { message, hint: typeof hint === 'string' ? hint : 'Look at the host.' }
}
