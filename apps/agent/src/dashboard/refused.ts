import { DmcError } from '@dmc/core/errors/dmc-error'

/** A command that this host does not carry out. */
export const refused = (
  why: string,
  hint = 'Nothing was done. The agent asks the chain and its own allowed folders, not the dashboard.',
): DmcError => new DmcError('COMMAND_REFUSED', `The agent refuses: ${why}.`, { hint })
