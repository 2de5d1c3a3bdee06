import { DmcError } from '@dmc/core/errors/dmc-error'
import { findAgentOf } from '@dmc/db/agents/agents'
import { findSector, findSnapshot, findSource } from '@dmc/db/agents/reported'
import type { Context, Who } from './context.ts'

/** A context in which a wallet has signed in. */
export type OwnerContext = Context & { who: Extract<Who, { kind: 'wallet' }> }

/** Rows of the wallet that asks. Whatever belongs to another wallet is not there. @throws NOT_YOURS */

export async function ownAgent(ctx: OwnerContext, agentId: string) {
  const agent = await findAgentOf(ctx.services.db, { agentId, owner: ctx.who.address })
  return agent ?? missing('agent', agentId)
}

export async function ownSource(ctx: OwnerContext, sourceId: string) {
  const source = await findSource(ctx.services.db, { sourceId, owner: ctx.who.address })
  return source ?? missing('source', sourceId)
}

export async function ownSector(ctx: OwnerContext, sectorId: string) {
  const sector = await findSector(ctx.services.db, { sectorId, owner: ctx.who.address })
  return sector ?? missing('sector', sectorId)
}

export async function ownSnapshot(ctx: OwnerContext, sourceId: string, snapshotId: string) {
  const { agentId } = await ownSource(ctx, sourceId)
  const of = { owner: ctx.who.address, agentId, sourceId, snapshotId }
  return (await findSnapshot(ctx.services.db, of)) ?? missing('snapshot', snapshotId)
}

export function missing(what: string, id: string): never {
  throw new DmcError('NOT_YOURS', `This wallet has no ${what} ${id.slice(0, 64)}.`, {
    hint: 'Is it another wallet’s? Sign in with that one.',
  })
}
