import { type DeliveredCommand, deliveredCommand } from '@dmc/core/dashboard/commands'
import superjson from 'superjson'
import type { Store } from '../store/open-store.ts'

export type CommandState = 'taken' | 'started' | 'done' | 'failed'

/** More than this under way and no further one is taken: a dashboard gone wild fills no disk. */
const MOST_OPEN = 100
/** Finished ones that are remembered, so that a repeated delivery does nothing. */
const MOST_KEPT = 10_000

/** Writes a command down, once. @returns 'new', 'known', or 'full' when nothing was written */
export function takeCommand(store: Store, delivered: DeliveredCommand): 'new' | 'known' | 'full' {
  const { db } = store
  const id = delivered.commandId.toString()
  if (db.prepare('SELECT 1 FROM dashboard_command WHERE command_id = ?').get(id)) return 'known'
  const open = db
    .prepare("SELECT count(*) AS n FROM dashboard_command WHERE state IN ('taken','started')")
    .get()
  if (Number(open?.n ?? 0) >= MOST_OPEN) return 'full'
  store.transaction(() => {
    db.prepare(
      "INSERT INTO dashboard_command (command_id, body, state, received_at) VALUES (?, ?, 'taken', ?)",
    ).run(id, superjson.stringify(delivered), Date.now())
    db.prepare(
      `DELETE FROM dashboard_command WHERE state IN ('done','failed') AND rowid <=
       (SELECT max(rowid) - ? FROM dashboard_command)`,
    ).run(MOST_KEPT)
  })
  return 'new'
}

export function setCommandState(store: Store, commandId: bigint, state: CommandState): void {
  const finished = state === 'done' || state === 'failed' ? Date.now() : null
  store.db
    .prepare('UPDATE dashboard_command SET state = ?, finished_at = ? WHERE command_id = ?')
    .run(state, finished, commandId.toString())
}

/** What was not finished, oldest first; `started`: a stop or a kill cut it off. */
export function openCommands(store: Store): { delivered: DeliveredCommand; started: boolean }[] {
  const rows = store.db
    .prepare(
      "SELECT body, state FROM dashboard_command WHERE state IN ('taken','started') ORDER BY received_at, rowid",
    )
    .all()
  return rows.flatMap((row) => {
    const parsed = deliveredCommand.safeParse(superjson.parse(String(row.body)))
    return parsed.success ? [{ delivered: parsed.data, started: row.state === 'started' }] : []
  })
}

/**
 * What a dashboard may have this host do within a day, since each costs gas of the operator: transactions that set an endpoint, and
 * backups that it begins or puts on another schedule.
 */
export const MOST_A_DAY = { endpoint: 3, backup: 200 } as const
const DAY_MS = 24 * 3600_000

/** Counts one for a command; tried again it is the same one. @returns false when there were too many of the kind within a day */
export function countCost(
  store: Store,
  commandId: bigint,
  kind: keyof typeof MOST_A_DAY,
  now = Date.now(),
): boolean {
  const id = commandId.toString()
  return store.transaction(() => {
    const { db } = store
    db.prepare('DELETE FROM dashboard_endpoint WHERE at <= ?').run(now - DAY_MS)
    if (db.prepare('SELECT 1 FROM dashboard_endpoint WHERE command_id = ?').get(id)) return true
    const { n } = db.prepare('SELECT count(*) AS n FROM dashboard_endpoint WHERE kind = ?').get(kind) as {
      n: number
    }
    if (n >= MOST_A_DAY[kind]) return false
    db.prepare('INSERT INTO dashboard_endpoint (command_id, at, kind) VALUES (?, ?, ?)').run(id, now, kind)
    return true
  })
}

/** The folder that a restore made for itself; null before it did. */
export function commandFolder(store: Store, commandId: bigint): string | null {
  const row = store.db
    .prepare('SELECT folder FROM dashboard_command WHERE command_id = ?')
    .get(commandId.toString())
  return row?.folder ? String(row.folder) : null
}

export function setCommandFolder(store: Store, commandId: bigint, folder: string): void {
  store.db
    .prepare('UPDATE dashboard_command SET folder = ? WHERE command_id = ?')
    .run(folder, commandId.toString())
}
