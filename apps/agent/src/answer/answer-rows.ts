import type { ANSWER_STATES } from '@dmc/core/dashboard/reports'
import type { DmcError } from '@dmc/core/errors/dmc-error'
import type { Hex } from 'viem'
import type { Store } from '../store/open-store.ts'

export type AnswerState = (typeof ANSWER_STATES)[number]
type ErrorJson = ReturnType<DmcError['toJSON']>

/** One challenge that this host answers, or has answered. */
export interface AnswerWork {
  orderId: bigint
  /** Unix seconds. With the order it names the challenge. */
  deadline: bigint
  leaf: bigint
  role: 'miner' | 'watcher'
  state: AnswerState
  /** Proofs that were built or tried to be. */
  attempts: number
  /** Of the transaction in work. */
  intent: string | null
  hash: Hex | null
  error: ErrorJson | null
  /** The lowest percentage of its window that was alarmed of; 100: none yet. */
  told: number
  firstMs: number
  updatedMs: number
}

const COLUMNS = `order_id, deadline, leaf, role, state, attempts, intent, hash, error, told, first_ms, updated_ms`
const KEEP_MS = 90 * 86_400_000
const OPEN = `('waiting','proven','sent')`

function toWork(row: Record<string, unknown>): AnswerWork {
  return {
    orderId: BigInt(String(row.order_id)),
    deadline: BigInt(String(row.deadline)),
    leaf: BigInt(String(row.leaf)),
    role: row.role as AnswerWork['role'],
    state: row.state as AnswerState,
    attempts: Number(row.attempts),
    intent: row.intent as string | null,
    hash: row.hash as Hex | null,
    error: row.error === null ? null : (JSON.parse(String(row.error)) as ErrorJson),
    told: Number(row.told),
    firstMs: Number(row.first_ms),
    updatedMs: Number(row.updated_ms),
  }
}

/** The challenge of an order as it is worked on; made when it is first seen. One that a reorg had taken away begins anew. */
export function beginAnswer(
  store: Store,
  challenge: Pick<AnswerWork, 'orderId' | 'deadline' | 'leaf' | 'role'>,
): { work: AnswerWork; isNew: boolean } {
  const { orderId, deadline, leaf, role } = challenge
  const now = Date.now()
  const known = findAnswer(store, orderId, deadline)
  if (known && known.leaf === leaf && known.state !== 'failed' && known.state !== 'confirmed') {
    return { work: known, isNew: false }
  }
  store.transaction(() => {
    store.db
      .prepare(
        `INSERT INTO answer_work (order_id, deadline, leaf, role, state, first_ms, updated_ms) VALUES (?, ?, ?, ?, 'waiting', ?, ?)
         ON CONFLICT (order_id, deadline) DO UPDATE SET leaf = excluded.leaf, role = excluded.role, state = 'waiting', error = NULL,
           intent = NULL, hash = NULL, updated_ms = excluded.updated_ms`,
      )
      .run(String(orderId), String(deadline), String(leaf), role, now, now)
    store.db
      .prepare(`DELETE FROM answer_work WHERE updated_ms < ? AND state NOT IN ${OPEN}`)
      .run(now - KEEP_MS)
  })
  return { work: findAnswer(store, orderId, deadline) as AnswerWork, isNew: known === null }
}

export function findAnswer(store: Store, orderId: bigint, deadline: bigint): AnswerWork | null {
  const row = store.db
    .prepare(`SELECT ${COLUMNS} FROM answer_work WHERE order_id = ? AND deadline = ?`)
    .get(String(orderId), String(deadline))
  return row ? toWork(row) : null
}

/** Of one order, or all; the newest challenge first. */
export const listAnswers = (store: Store, orderId?: bigint): AnswerWork[] =>
  store.db
    .prepare(
      `SELECT ${COLUMNS} FROM answer_work WHERE ? IS NULL OR order_id = ? ORDER BY first_ms DESC, rowid DESC LIMIT 10000`,
    )
    .all(orderId === undefined ? null : String(orderId), orderId === undefined ? null : String(orderId))
    .map(toWork)

/** What is not over yet, of one order or of all. */
export const openAnswers = (store: Store, orderId?: bigint): AnswerWork[] =>
  store.db
    .prepare(
      `SELECT ${COLUMNS} FROM answer_work WHERE state IN ${OPEN} AND (? IS NULL OR order_id = ?) ORDER BY first_ms`,
    )
    .all(orderId === undefined ? null : String(orderId), orderId === undefined ? null : String(orderId))
    .map(toWork)

export function setAnswer(
  store: Store,
  { orderId, deadline }: Pick<AnswerWork, 'orderId' | 'deadline'>,
  change: Partial<Pick<AnswerWork, 'state' | 'attempts' | 'intent' | 'hash' | 'error' | 'told'>>,
): void {
  const entries = Object.entries(change).map(
    ([key, value]) => [key, key === 'error' && value !== null ? JSON.stringify(value) : value] as const,
  )
  if (entries.length === 0) return
  store.db
    .prepare(
      `UPDATE answer_work SET ${entries.map(([key]) => `${key} = ?`).join(', ')}, updated_ms = ? WHERE order_id = ? AND deadline = ?`,
    )
    .run(
      ...entries.map(([, value]) => value as string | number | null),
      Date.now(),
      String(orderId),
      String(deadline),
    )
}
