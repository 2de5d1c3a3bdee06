import { DmcError } from '@dmc/core/errors/dmc-error'

export const tooMany = (): DmcError =>
  new DmcError('TOO_MANY_REQUESTS', 'That was asked too often.', { hint: 'Wait a minute, then try again.' })
