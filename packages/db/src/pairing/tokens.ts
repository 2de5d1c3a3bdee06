import { noteChanges } from '../changes/note-changes.ts'
import type { Database } from '../open-database.ts'
import { adoptAgent, type HostFacts } from './requests.ts'

export async function addPairingToken(
  db: Database,
  token: { tokenHash: string; owner: string; label: string; role: string; expiresAt: Date },
): Promise<void> {
  await db.prisma.pairingToken.create({ data: token })
}

export function listPairingTokens(db: Database, owner: string, now: Date) {
  return db.prisma.pairingToken.findMany({
    where: { owner, expiresAt: { gt: now }, usesLeft: { gt: 0 } },
    orderBy: { createdAt: 'desc' },
    take: 100,
    select: { tokenHash: true, label: true, role: true, createdAt: true, expiresAt: true },
  })
}

/** A host brings a token: it is used up and the host is an agent, or nothing happens. @returns null when the token is worth nothing */
export async function spendPairingToken(
  db: Database,
  of: { tokenHash: string; owner: string; facts: HostFacts; name: string | null; now: Date },
): Promise<{ agentId: string } | null> {
  return db.transaction(async (tx) => {
    const { count } = await tx.pairingToken.updateMany({
      where: { tokenHash: of.tokenHash, owner: of.owner, usesLeft: { gt: 0 }, expiresAt: { gt: of.now } },
      data: { usesLeft: { decrement: 1 } },
    })
    if (count === 0) return null
    const { label } = await tx.pairingToken.findUniqueOrThrow({ where: { tokenHash: of.tokenHash } })
    const agentId = await adoptAgent(tx, of.facts, { owner: of.owner, name: of.name ?? label })
    await tx.pairingToken.update({ where: { tokenHash: of.tokenHash }, data: { usedBy: agentId } })
    await noteChanges(tx, [{ topic: 'agent', key: agentId, owner: of.owner }])
    return { agentId }
  })
}

export async function revokePairingToken(
  db: Database,
  of: { tokenHash: string; owner: string },
): Promise<boolean> {
  const { count } = await db.prisma.pairingToken.deleteMany({ where: of })
  return count > 0
}
