import { DmcError } from '@dmc/core/errors/dmc-error'
import { findAgentOf } from '@dmc/db/agents/agents'
import { findSector, findSnapshot, findSource, listContracts, listProofs } from '@dmc/db/agents/reported'
import type { Context, Who } from './context.ts'

/** A context in which a wallet has signed in. */
export type OwnerContext = Context & { who: Extract<Who, { kind: 'wallet' }> }

/** Rows of the wallet that asks. Whatever belongs to another wallet is not there. @throws NOT_YOURS */

export async function ownAgent(ctx: OwnerContext, agentId: string) {
  const agent = await findAgentOf(ctx.services.db, { agentId, owner: ctx.who.address })
  return agent ?? missing('agent', agentId)
}

/** `agentId`, when the caller names it, must be the one that has it. */
export async function ownSource(ctx: OwnerContext, of: { sourceId: string; agentId?: string | undefined }) {
  const { sourceId, agentId } = of
  const source = await findSource(ctx.services.db, { sourceId, agentId, owner: ctx.who.address })
  return source ?? missing('source', sourceId)
}

export async function ownSector(ctx: OwnerContext, of: { sectorId: string; agentId?: string | undefined }) {
  const { sectorId, agentId } = of
  const sector = await findSector(ctx.services.db, { sectorId, agentId, owner: ctx.who.address })
  return sector ?? missing('sector', sectorId)
}

export async function ownSnapshot(
  ctx: OwnerContext,
  of: { sourceId: string; snapshotId: string; agentId?: string | undefined },
) {
  const { agentId, sourceId } = await ownSource(ctx, of)
  const row = { owner: ctx.who.address, agentId, sourceId, snapshotId: of.snapshotId }
  return (await findSnapshot(ctx.services.db, row)) ?? missing('snapshot', of.snapshotId)
}

/** The wallet's host that checks an order: the one that is connected, if there are several. */
export async function ownCheckedOrder(
  ctx: OwnerContext,
  of: { orderId: bigint; agentId?: string | undefined },
): Promise<{ agentId: string }> {
  const { db } = ctx.services
  const at = { owner: ctx.who.address, orderIds: [of.orderId] }
  const proofs = (await listProofs(db, at)).filter(
    (row) => of.agentId === undefined || row.agentId === of.agentId,
  )
  const proof = proofs.find(({ agent }) => agent.connectedAt !== null) ?? proofs[0]
  if (proof) return proof
  // not checked yet, as its data was agreed on just now
  const contracts = await listContracts(db, { ...at, role: 'user' })
  const contract = contracts.find((row) => of.agentId === undefined || row.agentId === of.agentId)
  return contract ?? missing('order', String(of.orderId))
}

/** The wallet's host that stores an order for somebody. */
export async function ownStoredOrder(
  ctx: OwnerContext,
  of: { orderId: bigint; agentId?: string | undefined },
): Promise<{ agentId: string }> {
  const at = { owner: ctx.who.address, orderIds: [of.orderId], role: 'miner' }
  const contracts = await listContracts(ctx.services.db, at)
  const found = contracts.find((row) => of.agentId === undefined || row.agentId === of.agentId)
  return found ?? missing('order', String(of.orderId))
}

export function missing(what: string, id: string): never {
  throw new DmcError('NOT_YOURS', `This wallet has no ${what} ${id.slice(0, 64)}.`, {
    hint: 'Is it another wallet’s? Sign in with that one.',
  })
}
