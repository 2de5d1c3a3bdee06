import { DmcError } from '../errors/dmc-error.ts'

/** Bytes of the log that are not what this format allows: LOG_CORRUPT. `what` is one sentence with the values. */
export function logCorrupt(what: string, cause?: unknown): DmcError {
  return new DmcError('LOG_CORRUPT', what, {
    hint: 'Try another copy of this volume, or an older snapshot; then report it: a verified log should never read like this.',
    ...(cause === undefined ? {} : { cause }),
  })
}

/** A log of a newer format: LOG_VERSION. */
export function logVersion(what: string): DmcError {
  return new DmcError('LOG_VERSION', what, { hint: 'Upgrade the agent: npx dmc-agent@latest.' })
}
