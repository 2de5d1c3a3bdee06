import { randomUUID } from 'node:crypto'
import type { Command } from '@dmc/core/dashboard/commands'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { reviveError } from '@dmc/core/errors/to-dmc-error'
import { addCommand, findCommandOf } from '@dmc/db/agents/commands'
import type { OwnerContext } from '../own.ts'
import { printArgs } from './command-json.ts'

/** A command that nobody took for so long is not carried out any more. */
const COMMAND_MS = 24 * 3600_000

/** Writes a command for an agent that was looked up as the wallet's own. @throws TOO_MANY_REQUESTS */
export async function giveCommand(
  ctx: OwnerContext,
  of: { agentId: string; command: Command; requestKey?: string | undefined; livesMs?: number },
): Promise<{ commandId: bigint }> {
  const added = await addCommand(ctx.services.db, {
    agentId: of.agentId,
    kind: of.command.kind,
    args: printArgs(of.command),
    requestKey: of.requestKey ?? randomUUID(),
    createdBy: ctx.who.address,
    expiresAt: new Date(Date.now() + (of.livesMs ?? COMMAND_MS)),
  })
  if (added) return { commandId: added.id }
  throw new DmcError('TOO_MANY_REQUESTS', 'The agent has a hundred commands to carry out already.', {
    hint: 'Wait until it has done some of them; is it connected?',
  })
}

/** A person looks at a spinner for no longer; the command goes on without. */
const PATIENCE_MS = 20_000

/**
 * Gives a command and waits for its end.
 * @throws AGENT_OFFLINE when it is not done in time (it stays queued), and what the agent refused it with
 */
export async function carryOut(
  ctx: OwnerContext,
  of: Parameters<typeof giveCommand>[1],
): Promise<{ commandId: bigint; result: Record<string, unknown> }> {
  const { feed, db } = ctx.services
  const { commandId } = await giveCommand(ctx, of)
  const late = AbortSignal.timeout(PATIENCE_MS)
  for (;;) {
    const waiting = feed.next(late)
    const row = await findCommandOf(db, { commandId, owner: ctx.who.address })
    if (row?.state === 'done') {
      return { commandId, result: (row.result ?? {}) as Record<string, unknown> }
    }
    if (row && row.state !== 'queued' && row.state !== 'delivered') throw reviveError(row.error)
    if (late.aborted) {
      throw new DmcError('AGENT_OFFLINE', 'The agent has not done it yet; it will when it is connected.', {
        hint: 'Is dmc-agent run started on that host?',
      })
    }
    await waiting
  }
}
