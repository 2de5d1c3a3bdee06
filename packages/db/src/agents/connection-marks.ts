import { noteChanges } from '../changes/note-changes.ts'
import { GATHER_MS, Groups, perDatabase } from '../groups.ts'
import type { Database } from '../open-database.ts'

interface Mark {
  agentId: string
  owner: string
  /** Which socket of which process. */
  instance: string
  now: Date
}

/** After a restart all agents come back within seconds: their marks share transactions. */
const MOST_MARKS = 128

const groupsOf = perDatabase(
  (db) =>
    new Groups<Mark & { connected: boolean }, boolean>({
      run: (marks) => writeMarks(db, marks),
      key: ({ agentId }) => agentId,
      most: MOST_MARKS,
      everyMs: GATHER_MS,
    }),
)

/** The agent's socket stands. @returns false when there is no such agent any more, or it was revoked */
export const noteConnected = (db: Database, mark: Mark): Promise<boolean> =>
  groupsOf(db).add({ ...mark, connected: true })

/** Only the connection that is current takes its mark away. */
export const noteDisconnected = (db: Database, mark: Mark): Promise<boolean> =>
  groupsOf(db).add({ ...mark, connected: false })

async function writeMarks(
  db: Database,
  marks: readonly (Mark & { connected: boolean })[],
): Promise<boolean[]> {
  const rows = marks.map(({ agentId, instance, now, connected }) => ({
    id: agentId,
    instance,
    at: now.toISOString(),
    connected,
  }))
  return db.transaction(async (tx) => {
    const changed = await tx.$queryRaw<{ id: string }[]>`
      UPDATE agents AS a SET "lastSeenAt" = r.at,
        "connectedAt" = CASE WHEN r.connected THEN r.at END,
        instance = CASE WHEN r.connected THEN r.instance END
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        AS r(id text, instance text, at timestamptz, connected boolean)
      WHERE a.id = r.id AND a."revokedAt" IS NULL AND (r.connected OR a.instance = r.instance)
      RETURNING a.id`
    const ids = new Set(changed.map(({ id }) => id))
    await noteChanges(
      tx,
      marks
        .filter(({ agentId }) => ids.has(agentId))
        .map(({ agentId, owner }) => ({ topic: 'agent', key: agentId, owner })),
    )
    return marks.map(({ agentId }) => ids.has(agentId))
  })
}
