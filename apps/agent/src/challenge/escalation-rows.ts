import type { Store } from '../store/open-store.ts'
import type { Escalation, EscalationCause, EscalationState } from './escalation.ts'

const toEscalation = (row: Record<string, unknown>): Escalation => ({
  orderId: BigInt(String(row.order_id)),
  state: row.state as EscalationState,
  cause: row.cause as EscalationCause,
  leaf: row.leaf === null ? null : BigInt(String(row.leaf)),
  suspects: (JSON.parse(String(row.suspects)) as string[]).map(BigInt),
  firstMs: Number(row.first_ms),
  changedMs: Number(row.changed_ms),
  nextMs: Number(row.next_ms),
  rechecks: Number(row.rechecks),
  reason: String(row.reason),
  intent: row.intent as string | null,
})

export const listEscalations = ({ db }: Store): Escalation[] =>
  db.prepare('SELECT * FROM order_escalation ORDER BY first_ms, order_id').all().map(toEscalation)

export function findEscalation({ db }: Store, orderId: bigint): Escalation | null {
  const row = db.prepare('SELECT * FROM order_escalation WHERE order_id = ?').get(orderId.toString())
  return row ? toEscalation(row) : null
}

/** null: it is over. */
export function saveEscalation({ db }: Store, orderId: bigint, escalation: Escalation | null): void {
  if (escalation === null) {
    db.prepare('DELETE FROM order_escalation WHERE order_id = ?').run(orderId.toString())
    return
  }
  const { state, cause, leaf, suspects, firstMs, changedMs, nextMs, rechecks, reason, intent } = escalation
  db.prepare(
    `INSERT OR REPLACE INTO order_escalation
       (order_id, state, cause, leaf, suspects, first_ms, changed_ms, next_ms, rechecks, reason, intent)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    orderId.toString(),
    state,
    cause,
    leaf?.toString() ?? null,
    JSON.stringify(suspects.map(String)),
    firstMs,
    changedMs,
    nextMs,
    rechecks,
    reason,
    intent,
  )
}

/** Bonds, in token wei, that challenges by policy have put at stake since then. */
export function spentOnChallenges({ db }: Store, sinceMs: number): bigint {
  return db
    .prepare('SELECT bond FROM challenge_spending WHERE at_ms >= ?')
    .all(sinceMs)
    .reduce((sum, { bond }) => sum + BigInt(String(bond)), 0n)
}

/** Counted before anything is sent; once for each intent. */
export function noteSpending(
  { db }: Store,
  { intent, orderId, atMs, bond }: { intent: string; orderId: bigint; atMs: number; bond: bigint },
): void {
  db.prepare(
    'INSERT INTO challenge_spending (intent, order_id, at_ms, bond) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  ).run(intent, orderId.toString(), atMs, bond.toString())
}

/** It was not sent, or the bond came back. */
export function dropSpending({ db }: Store, intent: string): void {
  db.prepare('DELETE FROM challenge_spending WHERE intent = ?').run(intent)
}
