import { noteChanges } from '../changes/note-changes.ts'
import type { Agent } from '../generated/client.ts'
import { GATHER_MS, Groups, perDatabase } from '../groups.ts'
import type { Database } from '../open-database.ts'

export function listAgents(db: Database, owner: string) {
  return db.prisma.agent.findMany({
    where: { owner, revokedAt: null },
    orderBy: { createdAt: 'asc' },
    take: 1000,
  })
}

/** The agent, if it is this wallet's and not revoked. */
export function findAgentOf(db: Database, of: { agentId: string; owner: string }) {
  return db.prisma.agent.findFirst({ where: { id: of.agentId, owner: of.owner, revokedAt: null } })
}

/** Agents that sign in at once are looked up at once. */
const MOST_LOOKED_UP = 128

const lookUps = perDatabase(
  (db) =>
    new Groups<string, Agent | null>({
      async run(ids) {
        const rows = await db.prisma.agent.findMany({ where: { id: { in: ids } } })
        const found = new Map(rows.map((row) => [row.id, row]))
        return ids.map((id) => found.get(id) ?? null)
      },
      most: MOST_LOOKED_UP,
      everyMs: GATHER_MS,
    }),
)

export const findAgent = (db: Database, agentId: string): Promise<Agent | null> => lookUps(db).add(agentId)

export async function renameAgent(
  db: Database,
  of: { agentId: string; owner: string; name: string },
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const { count } = await tx.agent.updateMany({
      where: { id: of.agentId, owner: of.owner, revokedAt: null },
      data: { name: of.name },
    })
    if (count > 0) await noteChanges(tx, [{ topic: 'agent', key: of.agentId, owner: of.owner }])
    return count > 0
  })
}

/** From now on its key opens nothing here; what it reported stays, and is shown again when this wallet pairs it again. */
export async function revokeAgent(
  db: Database,
  of: { agentId: string; owner: string; now: Date },
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const { count } = await tx.agent.updateMany({
      where: { id: of.agentId, owner: of.owner, revokedAt: null },
      data: { revokedAt: of.now, connectedAt: null, instance: null },
    })
    if (count === 0) return false
    await tx.command.updateMany({
      where: { agentId: of.agentId, state: { in: ['queued', 'delivered'] } },
      data: { state: 'cancelled', finishedAt: of.now },
    })
    await noteChanges(tx, [{ topic: 'agent', key: of.agentId, owner: of.owner }])
    return true
  })
}

/** The connections that a process holds are alive. Who reports or connects just now is passed over: that says so itself. */
export async function touchConnections(db: Database, of: { instances: string[]; now: Date }): Promise<void> {
  if (of.instances.length === 0) return
  await db.prisma.$executeRaw`
    UPDATE agents SET "lastSeenAt" = ${of.now} WHERE id IN (
      SELECT id FROM agents WHERE instance = ANY(${of.instances}::text[]) FOR UPDATE SKIP LOCKED)`
}

/** After a crash nobody takes its marks away: who was not confirmed since `before` is not connected. */
export async function sweepConnections(db: Database, of: { before: Date }): Promise<void> {
  await db.prisma.agent.updateMany({
    where: { connectedAt: { not: null }, lastSeenAt: { lt: of.before } },
    data: { connectedAt: null, instance: null },
  })
}
