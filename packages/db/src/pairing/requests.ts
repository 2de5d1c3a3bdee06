import { noteChanges } from '../changes/note-changes.ts'
import type { Database, Queries } from '../open-database.ts'

export interface HostFacts {
  identity: string
  operator: string
  hostId: string
  hostName: string
  os: string
  arch: string
  version: string
  roles: string[]
}

export interface NewPairingRequest extends HostFacts {
  deviceHash: string
  userCode: string
  remote: string
  words: string
  expiresAt: Date
}

/** A host waits to be approved; what the same host asked before is forgotten. @returns false when the code is taken */
export async function addPairingRequest(db: Database, request: NewPairingRequest): Promise<boolean> {
  return db.transaction(async (tx) => {
    await tx.pairingRequest.deleteMany({ where: { identity: request.identity } })
    const { count } = await tx.pairingRequest.createMany({ data: [request], skipDuplicates: true })
    return count === 1
  })
}

export function findPairingByCode(db: Database, userCode: string) {
  return db.prisma.pairingRequest.findUnique({ where: { userCode } })
}

export function findPairingByDevice(db: Database, deviceHash: string) {
  return db.prisma.pairingRequest.findUnique({ where: { deviceHash } })
}

/**
 * The wallet says yes: an agent row comes to be, or the host's own row goes to its new name. One code, one approval.
 * @returns null when the request was no longer pending
 */
export async function approvePairing(
  db: Database,
  of: { userCode: string; owner: string; name: string; now: Date },
): Promise<{ agentId: string } | null> {
  return db.transaction(async (tx) => {
    const { count } = await tx.pairingRequest.updateMany({
      where: { userCode: of.userCode, state: 'pending', expiresAt: { gt: of.now } },
      data: { state: 'approved', approvedBy: of.owner, agentName: of.name },
    })
    if (count === 0) return null
    const request = await tx.pairingRequest.findUniqueOrThrow({ where: { userCode: of.userCode } })
    const agentId = await adoptAgent(tx, request, of)
    await tx.pairingRequest.update({ where: { userCode: of.userCode }, data: { agentId } })
    await noteChanges(tx, [{ topic: 'agent', key: agentId, owner: of.owner }])
    return { agentId }
  })
}

export async function denyPairing(db: Database, userCode: string): Promise<boolean> {
  const { count } = await db.prisma.pairingRequest.updateMany({
    where: { userCode, state: 'pending' },
    data: { state: 'denied' },
  })
  return count > 0
}

/** The host has its answer: the code and the device code are worth nothing from now on. */
export async function collectPairing(db: Database, deviceHash: string): Promise<boolean> {
  const { count } = await db.prisma.pairingRequest.updateMany({
    where: { deviceHash, state: 'approved' },
    data: { state: 'collected' },
  })
  return count > 0
}

export async function deleteOldPairings(db: Database, now: Date): Promise<void> {
  await db.prisma.pairingRequest.deleteMany({ where: { expiresAt: { lt: now } } })
  await db.prisma.pairingToken.deleteMany({ where: { expiresAt: { lt: now } } })
}

/**
 * The agent's row for a host that has just been approved. A host that pairs again under another wallet is a new agent; what the first
 * wallet has of it stays that wallet's, and is there again when the host comes back.
 */
export async function adoptAgent(
  tx: Queries,
  facts: HostFacts,
  of: { owner: string; name: string },
): Promise<string> {
  const { identity, operator, hostId, hostName, os, arch, version, roles } = facts
  const host = { operator, hostId, hostName, os, arch, version, roles }
  const known = { identity_owner: { identity, owner: of.owner } }
  const { id } = await tx.agent.upsert({
    where: known,
    create: { ...host, identity, owner: of.owner, name: of.name },
    update: { ...host, name: of.name, revokedAt: null },
    select: { id: true },
  })
  return id
}
