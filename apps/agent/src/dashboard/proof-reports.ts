import type { ReportOf } from '@dmc/core/dashboard/reports'
import type { AgentContext } from '../agent-context.ts'
import { dayCounts, listPlans } from '../challenge/check-rows.ts'
import { findEscalation } from '../challenge/escalation-rows.ts'
import { findContract } from '../contract/contract-rows.ts'
import { orderProof } from '../rows/order-proof.ts'

const DAY_MS = 86_400_000
const STRIP_DAYS = 30

/** How each order that is checked here is proven, and what its checks came to on each of the last days. */
export function* proofReports(ctx: AgentContext): Generator<ReportOf<'proof'> | ReportOf<'proofDay'>> {
  for (const { orderId, root, size } of listPlans(ctx.store)) {
    const known = root === '' ? null : { root: root as `0x${string}`, size }
    const { odds: _odds, ...proof } = orderProof(ctx, orderId, known)
    const found = findEscalation(ctx.store, orderId)
    yield {
      kind: 'proof',
      orderId,
      role: findContract(ctx.store, orderId, 'user') === null ? 'watcher' : 'user',
      ...proof,
      escalation: found && {
        state: found.state,
        leaf: found.leaf,
        sinceMs: found.firstMs,
        rechecks: found.rechecks,
        reason: found.reason.slice(0, 500),
      },
      removed: false,
    }
    for (const { bytes, ...counts } of dayCounts(ctx.store, orderId, Date.now() - STRIP_DAYS * DAY_MS)) {
      yield { kind: 'proofDay', orderId, ...counts, bytes: BigInt(bytes) }
    }
  }
}

/** An order that is not checked here any more. */
export const proofGone = (orderId: bigint): ReportOf<'proof'> => ({
  kind: 'proof',
  orderId,
  role: 'user',
  checksPerDay: 0,
  leavesPerCheck: 0,
  lastProvenMs: null,
  lastOutcome: null,
  lastMs: null,
  lastLatencyMs: null,
  nextMs: null,
  probesLeft: 0,
  policy: 'ask',
  escalation: null,
  removed: true,
})
