import { ERROR_CODES, type ErrorCode } from './codes.ts'
import { DmcError } from './dmc-error.ts'

/** Anything thrown, as a DmcError: foreign errors become `BUG` with their message, wire errors are revived by `reviveError`. */
export function toDmcError(thrown: unknown): DmcError {
  if (DmcError.is(thrown)) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new DmcError('BUG', `Unexpected failure: ${message}`, {
    hint: 'Run again with --debug and report the output with the steps that led here.',
    cause: thrown,
  })
}

/** A DmcError from the JSON a peer or the control socket sent; an unknown code becomes `PEER_ERROR`. */
export function reviveError(json: unknown): DmcError {
  const value = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>
  const text = (v: unknown, max: number) => (typeof v === 'string' ? v.slice(0, max) : '')
  const known = typeof value.code === 'string' && Object.hasOwn(ERROR_CODES, value.code)
  const code: ErrorCode = known ? (value.code as ErrorCode) : 'PEER_ERROR'
  const message = text(value.message, 1000) || 'The other side failed without saying why.'
  return new DmcError(code, known ? message : `${text(value.code, 80)}: ${message}`, {
    hint: text(value.hint, 1000) || 'Try again; if it stays, look at the other side’s journal.',
    ...(typeof value.retryable === 'boolean' ? { retryable: value.retryable } : {}),
  })
}
