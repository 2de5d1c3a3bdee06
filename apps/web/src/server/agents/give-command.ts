import { randomUUID } from 'node:crypto'
import type { Command } from '@dmc/core/dashboard/commands'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { addCommand } from '@dmc/db/agents/commands'
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
