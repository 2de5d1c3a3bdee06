import {
  BaseError,
  ContractFunctionRevertedError,
  type Hex,
  HttpRequestError,
  RpcRequestError,
  TimeoutError,
} from 'viem'
import { DmcError } from '../errors/dmc-error.ts'

/** The DmcError inside an error chain: the RPC transport throws them and viem wraps them in its own. */
export function dmcErrorIn(error: unknown): DmcError | null {
  for (let at = error, depth = 0; at !== undefined && at !== null && depth < 12; depth++) {
    if (DmcError.is(at)) return at
    at = (at as { cause?: unknown }).cause
  }
  return null
}

/** Name and arguments of the custom error that a contract reverted with; null when it did not, or not with a known one. */
export function revertIn(error: unknown): { name: string; args: readonly unknown[] } | null {
  if (!(error instanceof BaseError)) return null
  const reverted = error.walk((at) => at instanceof ContractFunctionRevertedError)
  if (!(reverted instanceof ContractFunctionRevertedError) || reverted.data === undefined) return null
  return { name: reverted.data.errorName, args: reverted.data.args ?? [] }
}

/**
 * Whatever a read through viem threw, as RPC_UNREACHABLE (nobody answered) or RPC_BAD_ANSWER (the answer makes no sense).
 * URLs are left out of the message: they may hold API keys.
 */
export function toReadError(error: unknown, what: string): DmcError {
  const known = dmcErrorIn(error)
  if (known !== null) return known
  const silent =
    error instanceof BaseError &&
    error.walk((at) => at instanceof HttpRequestError || at instanceof TimeoutError) !== null &&
    !(error.walk((at) => at instanceof RpcRequestError) instanceof RpcRequestError)
  const reason =
    error instanceof BaseError ? (error.details || error.shortMessage).split('\n')[0] : String(error)
  if (silent) {
    return new DmcError('RPC_UNREACHABLE', `The chain could not be asked for ${what}.`, {
      hint: 'Check the network and the RPC URL; it is tried again by itself.',
      cause: scrubbed(error),
    })
  }
  return new DmcError(
    'RPC_BAD_ANSWER',
    `The RPC’s answer about ${what} makes no sense: ${withoutUrls(String(reason))}`,
    {
      hint: 'Try again; if it stays, check that the RPC URL belongs to this chain and keeps recent state.',
      cause: scrubbed(error),
    },
  )
}

/** Runs a read and throws only DmcErrors. */
export async function reading<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw toReadError(error, what)
  }
}

/** The error for --debug, without the URLs that viem writes into its messages: they may hold API keys. */
export function scrubbed(error: unknown): unknown {
  if (!(error instanceof Error)) return withoutUrls(String(error))
  const clean = new Error(withoutUrls(error.message))
  clean.name = error.name
  clean.stack = withoutUrls(error.stack ?? '')
  return clean
}

export function withoutUrls(text: string): string {
  return text.replace(/\b(?:https?|wss?):\/\/[^\s"'<>]+/g, '(URL)')
}

/**
 * The data that a call reverted with; '0x' when it reverted without any; null when the error is about something else (the node did
 * not answer, the sender can't pay).
 */
export function revertDataIn(error: unknown): Hex | null {
  let reverted = false
  for (let at = error, depth = 0; at !== undefined && at !== null && depth < 12; depth++) {
    const { data, code, details, cause } = at as {
      data?: unknown
      code?: unknown
      details?: unknown
      cause?: unknown
    }
    const text = typeof data === 'object' && data !== null ? (data as { data?: unknown }).data : data
    if (typeof text === 'string' && /^0x(?:[0-9a-f]{2})*$/i.test(text)) return text as Hex
    if (code === 3 || /execution reverted|invalid opcode|out of gas/i.test(String(details ?? '')))
      reverted = true
    at = cause
  }
  return reverted ? '0x' : null
}
