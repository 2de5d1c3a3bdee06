import type { Commitment } from '@dmc/core/chain/types'
import { type CheckRate, oddsSentence } from '@dmc/core/challenge/detection-odds'
import { LEAF_SIZE } from '@dmc/core/merkle/constants'
import type { AgentContext } from '../agent-context.ts'
import {
  type DayCounts,
  dayCounts,
  findPlan,
  lastChecks,
  leafChecks,
  noCounts,
} from '../challenge/check-rows.ts'
import { findContract } from '../contract/contract-rows.ts'
import type { OrderProof } from '../control/types.ts'
import { logDbFile, sourceFolder } from '../source/source-paths.ts'
import { countProbes } from '../source/take-probe.ts'

const DAY_MS = 86_400_000
const STRIP_DAYS = 30
/** The rate is what the last week was, once there is a day of it. */
const RATE_DAYS = 7

/** How well an order is known to be there. */
export function orderProof(ctx: AgentContext, orderId: bigint, commitment: Commitment | null): OrderProof {
  const { store, config } = ctx
  const { checks } = config
  const { last, passed } = lastChecks(store, orderId)
  const rate = realRate(ctx, orderId, commitment)
  return {
    checksPerDay: checks.perDay,
    leavesPerCheck: checks.leaves,
    lastProvenMs: passed?.atMs ?? null,
    lastOutcome: last?.outcome ?? null,
    lastMs: last?.atMs ?? null,
    lastLatencyMs: last?.latencyMs ?? null,
    nextMs: checks.perDay === 0 ? null : (findPlan(store, orderId)?.nextMs ?? null),
    probesLeft: probesLeft(ctx, orderId, commitment),
    policy: checks.policy,
    odds: oddsSentence(rate),
  }
}

/** How often it really was checked in the last week; the settings before there is a day to look at. */
export function realRate(ctx: AgentContext, orderId: bigint, commitment: Commitment | null): CheckRate {
  const { store, config } = ctx
  const now = Date.now()
  const leaves = (commitment?.size ?? 0n) / BigInt(LEAF_SIZE)
  const { count, sum, firstMs } = leafChecks(store, orderId, now - RATE_DAYS * DAY_MS)
  const days = firstMs === null ? 0 : (now - firstMs) / DAY_MS
  if (days < 1 || count === 0) {
    return { leaves, checksPerDay: config.checks.perDay, leavesPerCheck: config.checks.leaves }
  }
  return { leaves, checksPerDay: count / days, leavesPerCheck: Math.floor(sum / count) }
}

function probesLeft({ store, config }: AgentContext, orderId: bigint, commitment: Commitment | null): number {
  const contract = findContract(store, orderId, 'user')
  if (!contract?.sourceId || !contract.volumeId || commitment === null) return 0
  return countProbes(
    logDbFile(sourceFolder(config.dataDir, contract.sourceId)),
    contract.volumeId,
    commitment,
  )
}

/** The last 30 days with today, oldest first; those without checks are zeros. */
export function proofDays(
  { store }: Pick<AgentContext, 'store'>,
  orderId: bigint,
  now = Date.now(),
): DayCounts[] {
  const today = Math.floor(now / DAY_MS)
  const first = today - STRIP_DAYS + 1
  const known = new Map(dayCounts(store, orderId, first * DAY_MS).map((counts) => [counts.day, counts]))
  return Array.from({ length: STRIP_DAYS }, (_, i) => known.get(first + i) ?? noCounts(first + i))
}
