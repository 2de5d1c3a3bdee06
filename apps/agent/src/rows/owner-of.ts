import { DmcError } from '@dmc/core/errors/dmc-error'
import type { Address } from 'viem'
import type { AgentContext } from '../agent-context.ts'

/** The wallet that this host acts for. @throws KEY_MISSING when none is known. */
export function ownerOf(ctx: AgentContext): Address {
  const owner = ctx.wallet?.address ?? ctx.config.owner
  if (owner) return owner
  throw new DmcError('KEY_MISSING', 'This host knows no wallet to act for.', {
    hint: 'dmc-agent wallet create or wallet import; for reading alone: dmc-agent config set owner 0x….',
  })
}
