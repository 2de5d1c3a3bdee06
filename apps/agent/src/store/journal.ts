import type { Store } from './open-store.ts'

export type JournalLevel = 'info' | 'warning' | 'error'

export interface JournalEntry {
  seq: number
  /** Unix ms of this host. */
  time: number
  level: JournalLevel
  event: string
  subject: string
  message: string
  data: Record<string, unknown>
}

export interface Journal {
  add(entry: {
    level?: JournalLevel
    event: string
    subject?: string
    message: string
    data?: Record<string, unknown>
  }): void
  list(filter?: { subject?: string; afterSeq?: number; sinceMs?: number; limit?: number }): JournalEntry[]
  /** Called for each new entry; returns the unsubscriber. */
  onEntry(listener: (entry: JournalEntry) => void): () => void
}

/** The append-only record of what happened, in state.db. bigint values in `data` are kept as decimal text. */
export function openJournal(store: Store): Journal {
  const insert = store.db.prepare(
    'INSERT INTO journal (time, level, event, subject, message, data) VALUES (?, ?, ?, ?, ?, ?) RETURNING seq',
  )
  const listeners = new Set<(entry: JournalEntry) => void>()
  const toText = (_key: string, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)
  return {
    add({ level = 'info', event, subject = '', message, data = {} }) {
      const time = Date.now()
      const write = () => insert.get(time, level, event, subject, message, JSON.stringify(data, toText))
      // what went well shows elsewhere, too; right after a large restore the disk would be waited for by the second
      const row = (level === 'info' ? store.lightTransaction(write) : write()) as {
        seq: number
      }
      for (const listener of listeners) listener({ seq: row.seq, time, level, event, subject, message, data })
    },
    list({ subject, afterSeq = 0, sinceMs = 0, limit = 1000 } = {}) {
      const rows = store.db
        .prepare(
          `SELECT * FROM (SELECT seq, time, level, event, subject, message, data FROM journal
           WHERE seq > ? AND time >= ? AND (? IS NULL OR subject = ?) ORDER BY seq DESC LIMIT ?) ORDER BY seq`,
        )
        .all(afterSeq, sinceMs, subject ?? null, subject ?? null, limit)
      return rows.map((row) => ({ ...row, data: JSON.parse(String(row.data)) }) as unknown as JournalEntry)
    },
    onEntry(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
