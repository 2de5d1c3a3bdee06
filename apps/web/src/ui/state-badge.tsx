import type { OrderState, SectorState, SourceState } from '@dmc/core/market/states'
import { Badge, type Tone } from './badge.tsx'

const ORDER: Record<OrderState, [Tone, string]> = {
  preparing: ['busy', 'Preparing'],
  active: ['ok', 'Active'],
  ended: ['off', 'Ended'],
  cancelled: ['off', 'Cancelled'],
  refused: ['warn', 'Refused'],
  slashed: ['bad', 'Slashed'],
}

const SOURCE: Record<SourceState, [Tone, string]> = {
  hashing: ['busy', 'Hashing'],
  stubbing: ['busy', 'Computing stubs'],
  ready: ['ok', 'Ready'],
  changed: ['info', 'Changed'],
  failed: ['bad', 'Failed'],
}

const SECTOR: Record<SectorState, [Tone, string]> = {
  registered: ['plain', 'Registered'],
  billed: ['info', 'On the market'],
  storing: ['ok', 'Storing'],
  draining: ['warn', 'Draining'],
  removed: ['off', 'Removed'],
}

const show = ([tone, text]: [Tone, string]) => <Badge tone={tone}>{text}</Badge>

export const OrderBadge = ({ state }: { state: OrderState }) => show(ORDER[state])
export const SourceBadge = ({ state }: { state: SourceState }) => show(SOURCE[state])
export const SectorBadge = ({ state }: { state: SectorState }) => show(SECTOR[state])
