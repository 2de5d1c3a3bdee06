import { CHECK_OUTCOMES } from '@dmc/core/challenge/outcomes'
import { ANSWER_STATES, ESCALATION_STATES, shownError } from '@dmc/core/dashboard/reports'
import type { listAnswers, listProofs } from '@dmc/db/agents/reported'
import * as z from 'zod'

type Proof = Awaited<ReturnType<typeof listProofs>>[number]
type Answer = Awaited<ReturnType<typeof listAnswers>>[number]

/** As it is kept: the leaf as decimal text. */
const escalation = z.object({
  state: z.enum(ESCALATION_STATES),
  leaf: z.coerce.bigint().nullable(),
  sinceMs: z.number(),
  rechecks: z.number(),
  reason: z.string(),
})
const outcome = z.enum(CHECK_OUTCOMES)
const answerState = z.enum(ANSWER_STATES)

/** How an order is checked by one host. */
export function proofRow({ agent, removed: _removed, ...row }: Proof) {
  return {
    ...row,
    lastOutcome: outcome.safeParse(row.lastOutcome).data ?? null,
    escalation: escalation.safeParse(row.escalation).data ?? null,
    agentName: agent.name,
    online: agent.connectedAt !== null,
  }
}
export type ProofRow = ReturnType<typeof proofRow>

/** How far one host is with an answer. */
export function answerRow({ agent, ...row }: Answer) {
  return {
    ...row,
    state: answerState.safeParse(row.state).data ?? ('waiting' as const),
    error: shownError.safeParse(row.error).data ?? null,
    agentName: agent.name,
    online: agent.connectedAt !== null,
  }
}
export type AnswerRow = ReturnType<typeof answerRow>
