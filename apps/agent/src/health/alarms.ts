import type { Journal } from '../store/journal.ts'
import type { Store } from '../store/open-store.ts'

export interface Alarm {
  /** What it is about, such as `data:12`: one alarm a key. */
  key: string
  level: 'warning' | 'error'
  /** For the journal: `order:12`. */
  subject: string
  message: string
  hint: string
  /** Unix ms. */
  sinceMs: number
}

/**
 * What stands and needs a person: told in the journal once when it begins, again when it gets worse, and once when it is over; also
 * over restarts. Shown by status, dashboard and health endpoint as long as it stands.
 */
export interface Alarms {
  raise(alarm: Omit<Alarm, 'sinceMs'>): void
  /** It is over; `message` says so in the journal. Nothing when it did not stand. */
  clear(key: string, message?: string): void
  /** Errors first, then the oldest. */
  list(): Alarm[]
}

export function openAlarms(store: Store, journal: Journal): Alarms {
  const sql = {
    find: store.db.prepare('SELECT level, subject, message FROM alarm WHERE key = ?'),
    put: store.db.prepare(
      `INSERT INTO alarm (key, level, subject, message, hint, since_ms) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET level = excluded.level, message = excluded.message, hint = excluded.hint`,
    ),
    drop: store.db.prepare('DELETE FROM alarm WHERE key = ?'),
    list: store.db.prepare(
      `SELECT key, level, subject, message, hint, since_ms AS sinceMs FROM alarm ORDER BY level, since_ms, key`,
    ),
  }
  return {
    raise({ key, level, subject, message, hint }) {
      const known = sql.find.get(key)
      if (known?.message === message && known.level === level) return
      store.transaction(() => void sql.put.run(key, level, subject, message, hint, Date.now()))
      // its words may name balances and times that change with each look: news is only what began or got worse
      if (known && (known.level === level || level === 'warning')) return
      journal.add({ level, event: 'alarm', subject, message: `${message} ${hint}`, data: { alarm: key } })
    },
    clear(key, message) {
      const known = sql.find.get(key)
      if (!known) return
      store.transaction(() => void sql.drop.run(key))
      const said = message ?? `Over: ${known.message}`
      journal.add({
        event: 'alarm-over',
        subject: String(known.subject),
        message: said,
        data: { alarm: key },
      })
    },
    list: () => sql.list.all() as unknown as Alarm[],
  }
}
