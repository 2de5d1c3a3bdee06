import { dmcErrorIn, toReadError, withoutUrls } from '@dmc/core/chain/chain-error'
import type { Hex, PublicClient } from 'viem'

export type BroadcastOutcome =
  /** The node has it, now or already. */
  | { kind: 'taken' }
  /** The nonce is used on the node's chain: by one of our own forms or by somebody else; only the blocks tell. */
  | { kind: 'nonce-used' }
  /** Another transaction with this nonce waits and pays as much. */
  | { kind: 'outbid' }
  | { kind: 'no-gas' }
  | { kind: 'refused'; reason: string }

/**
 * Hands signed bytes to the chain. Doing it again is harmless.
 * @throws RPC_UNREACHABLE, RPC_BAD_ANSWER, WRONG_CHAIN when nobody said anything: it may have been taken or not
 */
export async function broadcast(client: PublicClient, raw: Hex): Promise<BroadcastOutcome> {
  try {
    await client.request({ method: 'eth_sendRawTransaction', params: [raw] })
    return { kind: 'taken' }
  } catch (error) {
    const silent = dmcErrorIn(error)
    if (silent !== null) throw silent
    const reason = answerIn(error)
    if (reason === null) throw toReadError(error, 'a transaction')
    if (/already (?:known|imported|exists|in)|known transaction|ALREADY_EXISTS/i.test(reason))
      return { kind: 'taken' }
    if (/nonce (?:is )?too low|nonce has already been used|old nonce/i.test(reason))
      return { kind: 'nonce-used' }
    if (/underpriced|fee too low to replace|replacement/i.test(reason)) return { kind: 'outbid' }
    if (/insufficient funds/i.test(reason)) return { kind: 'no-gas' }
    return { kind: 'refused', reason: withoutUrls(reason).slice(0, 200) }
  }
}

/** The node's own words; null when it said nothing. */
function answerIn(error: unknown): string | null {
  for (let at = error, depth = 0; at !== undefined && at !== null && depth < 12; depth++) {
    const { name, details, cause } = at as { name?: string; details?: string; cause?: unknown }
    if (name === 'RpcRequestError') return details ?? ''
    at = cause
  }
  return null
}
