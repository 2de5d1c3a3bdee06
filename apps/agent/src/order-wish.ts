import { capacityForSource, MIB } from '@dmc/core/market/capacity-for-source'
import type { OrderWish } from './account/create-order.ts'
import type { AgentContext } from './agent-context.ts'
import type { MethodInput } from './control/methods.ts'
import type { OrderTerms } from './control/types.ts'
import { findSource } from './find-source.ts'
import type { SourceInfo } from './source/types.ts'

const DEFAULT_WEEKS = 24

/** The terms that a person registered for a source (flow 6); null = ask each time. */
export function registeredTerms(ctx: AgentContext, sourceId: string): OrderTerms | null {
  const row = ctx.store.db.prepare('SELECT terms FROM source_terms WHERE source_id = ?').get(sourceId)
  if (!row) return null
  const terms = JSON.parse(String(row.terms)) as Record<keyof OrderTerms, string | number>
  return {
    weeks: Number(terms.weeks),
    maxPrice: BigInt(terms.maxPrice),
    minPledgeRate: Number(terms.minPledgeRate),
    maxBond: BigInt(terms.maxBond),
    challenges: Number(terms.challenges),
    capacity: BigInt(terms.capacity),
  }
}

/** What to look for on the market for one source: what was asked, else what is registered, else defaults and its size. */
export async function orderWish(
  ctx: AgentContext,
  input: Pick<MethodInput<'order.preview'>, 'source' | 'billId' | 'miner' | 'terms'>,
): Promise<{ source: SourceInfo; wish: OrderWish }> {
  const source = findSource(ctx, input.source)
  const terms = { ...registeredTerms(ctx, source.sourceId), ...input.terms }
  const asked = terms.capacity ?? 0n
  const capacity = asked > 0n ? (asked + MIB - 1n) / MIB : await neededCapacity(ctx, source)
  return {
    source,
    wish: {
      capacity,
      weeks: terms.weeks ?? DEFAULT_WEEKS,
      challenges: terms.challenges ?? 0,
      ...(terms.maxPrice === undefined ? {} : { maxPrice: terms.maxPrice }),
      ...(terms.minPledgeRate === undefined ? {} : { minPledgeRate: terms.minPledgeRate }),
      ...(terms.maxBond === undefined || terms.maxBond === 0n ? {} : { maxBond: terms.maxBond }),
      ...(input.billId === undefined ? {} : { billId: input.billId }),
      ...(input.miner === undefined ? {} : { miner: input.miner }),
    },
  }
}

/** MiB for a source as it is now, with room for what comes. Walks it. */
export async function neededCapacity(ctx: AgentContext, source: SourceInfo): Promise<bigint> {
  const { bytes, files, directories } = await ctx.sources.measure(source.sourceId)
  return capacityForSource({ bytes: BigInt(bytes), files: BigInt(files + directories) })
}
