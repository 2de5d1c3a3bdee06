import { DmcError } from '@dmc/core/errors/dmc-error'
import { interrupted, pause } from '../wait.ts'

export interface RetryOptions {
  signal: AbortSignal
  patienceMs?: number
  /** The longest pause; 15 s by default. */
  mostWaitMs?: number
  onRetry?: (error: DmcError, waitMs: number) => void
}

const FIRST_MS = 50
const MOST_MS = 15_000
const MOST_TOKENS = 3
/** A miner that has not yet heard of what the chain says: right after an agreement, for as long as its node is behind. */
export const BEHIND: readonly string[] = ['READ_NOT_ALLOWED', 'COMMITMENT_UNKNOWN']
export const BEHIND_MS = 15_000
/** Things that a new look at the chain, a new connection and a new hello may cure. */
const RELINK = ['PEER_UNREACHABLE', 'TOKEN_INVALID', 'HELLO_EXPIRED', 'HELLO_REPLAYED', 'PEER_KEY_MISMATCH']

/** Decides after each failure of one request: try again (after a pause), over a new link, or give up. */
export class RetryLoop {
  readonly #options: RetryOptions
  readonly #started = performance.now()
  #wait = FIRST_MS
  #failures = 0
  #tokens = 0
  #mismatches = 0

  constructor(options: RetryOptions) {
    this.#options = options
  }

  /**
   * @param chainSaysSo the miner refuses what the chain allows: it is late
   * @throws the error itself when trying again is no use; INTERRUPTED when the signal aborts
   */
  async decide(thrown: unknown, chainSaysSo = false): Promise<'again' | 'relink'> {
    const { signal, patienceMs = Number.POSITIVE_INFINITY, mostWaitMs = MOST_MS, onRetry } = this.#options
    if (signal.aborted) throw interrupted()
    if (!DmcError.is(thrown)) throw thrown
    if (thrown.code === 'TOKEN_INVALID' && ++this.#tokens <= MOST_TOKENS) return 'relink'
    // the chain is read again before the next attempt (`openLink`); a second mismatch in a row is real
    if (thrown.code === 'PEER_KEY_MISMATCH' && ++this.#mismatches === 1) return 'relink'
    const elapsed = performance.now() - this.#started
    const behind = chainSaysSo && elapsed < BEHIND_MS
    if ((!thrown.retryable && !behind) || thrown.code === 'TOKEN_INVALID') throw thrown
    if (elapsed > patienceMs) throw thrown
    this.#failures++
    // not all clients of a restarted miner at the same moment
    const wait = Math.round(this.#wait * (0.8 + Math.random() * 0.4))
    if (this.#failures > 1) onRetry?.(thrown, wait)
    await pause(wait, signal)
    this.#wait = Math.min(this.#wait * 2, mostWaitMs)
    // a connection that died while idle needs no new hello; whatever fails twice does
    return this.#failures > 1 && RELINK.includes(thrown.code) ? 'relink' : 'again'
  }
}
