import type { ErrorCode } from '@dmc/core/errors/codes'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { TRPCError } from '@trpc/server'

export interface ShownError {
  code: ErrorCode
  message: string
  hint: string
  retryable: boolean
}

/** The HTTP side of an error code; what is not listed is the caller's mistake. */
const HTTP: Partial<Record<ErrorCode, TRPCError['code']>> = {
  BUG: 'INTERNAL_SERVER_ERROR',
  SIGN_IN_NEEDED: 'UNAUTHORIZED',
  NOT_YOURS: 'NOT_FOUND',
  BILL_NOT_FOUND: 'NOT_FOUND',
  ORDER_NOT_FOUND: 'NOT_FOUND',
  SNAPSHOT_NOT_FOUND: 'NOT_FOUND',
  RPC_UNREACHABLE: 'SERVICE_UNAVAILABLE',
  RPC_BAD_ANSWER: 'BAD_GATEWAY',
  TOO_MANY_REQUESTS: 'TOO_MANY_REQUESTS',
  PAIRING_TOO_MANY_TRIES: 'TOO_MANY_REQUESTS',
  AGENT_OFFLINE: 'PRECONDITION_FAILED',
  EMAIL_UNAVAILABLE: 'PRECONDITION_FAILED',
  EMAIL_NOT_SENT: 'BAD_GATEWAY',
  AGENT_SIGN_IN_REFUSED: 'UNAUTHORIZED',
}

/** Wraps what a procedure threw; a DmcError travels as the cause. */
export function toTrpcError(error: TRPCError): TRPCError {
  const { cause } = error
  if (!DmcError.is(cause)) return error
  const code = HTTP[cause.code] ?? (cause.code.startsWith('SIWE_') ? 'UNAUTHORIZED' : 'BAD_REQUEST')
  return new TRPCError({ code, message: cause.message, cause })
}

/** Code, sentence and next step of anything that tRPC reports. */
export function dmcErrorOf(error: TRPCError): ShownError {
  const { cause } = error
  if (DmcError.is(cause)) return cause.toJSON()
  switch (error.code) {
    case 'UNAUTHORIZED':
    case 'FORBIDDEN':
      return shown('SIGN_IN_NEEDED', error.message, 'Connect your wallet and sign in.')
    case 'NOT_FOUND':
      return shown(
        'USAGE',
        'There is no such procedure.',
        'Reload the page: the dashboard may have been upgraded.',
      )
    case 'INTERNAL_SERVER_ERROR':
      return shown(
        'BUG',
        'Something went wrong on the dashboard.',
        'Try again; the server’s log has the details.',
      )
    default:
      return shown('USAGE', inputSentence(cause) ?? error.message, 'Correct what was sent and try again.')
  }
}

const shown = (code: ErrorCode, message: string, hint: string): ShownError => ({
  code,
  message: message.slice(0, 500),
  hint,
  retryable: false,
})

/** zod's first issue as `path: what`. */
function inputSentence(cause: unknown): string | null {
  const issues = (cause as { issues?: { path: PropertyKey[]; message: string }[] } | undefined)?.issues
  const issue = issues?.[0]
  return issue ? `${issue.path.map(String).join('.') || 'input'}: ${issue.message}` : null
}
