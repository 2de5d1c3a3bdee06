import { scrubbed, withoutUrls } from '@dmc/core/chain/chain-error'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { type CustomTransport, custom, http, RpcRequestError } from 'viem'
import { interrupted, rest } from './back-off.ts'
import { AnswerTooLong, plainFetch } from './plain-fetch.ts'
import { redactUrl } from './redact-url.ts'
import { checkRpcResult } from './rpc-result.ts'

export interface RpcTransportOptions {
  /** In order of preference. */
  urls: readonly string[]
  chainId: number
  /** One HTTP request; default 10 s. */
  timeoutMs?: number
  /** How often all URLs are tried before the call fails; default 3. */
  rounds?: number
  /** Pause after the first failed round, doubled after each; default 250 ms. */
  pauseMs?: number
  /** Aborted when the agent stops: what is asked for then fails with INTERRUPTED at once. */
  signal?: AbortSignal
  /** Told when a URL fails or works again, for the journal; the URL is already redacted. */
  onTrouble?: (url: string, error: DmcError | null) => void
}

interface Endpoint {
  url: string
  shown: string
  request: (call: { method: string; params?: unknown }) => Promise<unknown>
  /** Its chain id was seen to be right since it last failed. */
  verified: boolean
  failing: boolean
}

/** JSON-RPC errors that say "ask another node, or later", not "your call is wrong". */
const BUSY_CODES = new Set([-32005, -32007, -32016, 429])
const BEHIND =
  /header not found|unknown block|block not found|missing trie node|state (?:is )?not available|rate limit|too many requests|BlockOutOfRange/i

/**
 * JSON-RPC over one or more URLs for viem: calls of the same tick travel as one batch; a URL that fails, is busy, answers garbage
 * or stands on another chain is left for the next one, and the last good one is asked first. An answer of the chain itself (a
 * revert, a refused transaction) is passed on as it is.
 * @throws RPC_UNREACHABLE, RPC_BAD_ANSWER (both retryable) or WRONG_CHAIN after all rounds
 */
export function rpcTransport(options: RpcTransportOptions): CustomTransport {
  const { chainId, timeoutMs = 10_000, rounds = 3, pauseMs = 250, signal, onTrouble } = options
  const endpoints = options.urls.map((url) => openEndpoint(url, timeoutMs, signal))
  let preferred = 0

  async function ask(endpoint: Endpoint, call: { method: string; params?: unknown }): Promise<unknown> {
    if (!endpoint.verified) {
      // A URL that was away may come back as another chain.
      const answered = checkRpcResult('eth_chainId', await endpoint.request({ method: 'eth_chainId' }))
      if (Number(answered) !== chainId) throw wrongChain(endpoint.shown, chainId, Number(answered))
      endpoint.verified = true
    }
    return checkRpcResult(call.method, await endpoint.request(call))
  }

  async function request(call: { method: string; params?: unknown }): Promise<unknown> {
    let failure: DmcError | null = null
    for (let round = 0, pause = pauseMs; round < rounds; round++, pause *= 2) {
      if (round > 0) await rest(pause, signal)
      for (let i = 0; i < endpoints.length; i++) {
        const index = (preferred + i) % endpoints.length
        const endpoint = endpoints[index] as Endpoint
        try {
          const result = await ask(endpoint, call)
          preferred = index
          if (endpoint.failing) onTrouble?.(endpoint.shown, null)
          endpoint.failing = false
          return result
        } catch (error) {
          if (signal?.aborted) throw interrupted()
          if (isAnswer(error, call.method)) throw error
          const tooLong = causesOf(error).find((cause) => cause instanceof AnswerTooLong)
          if (tooLong) throw badAnswer(endpoint.shown, tooLong)
          const trouble = toTrouble(error, endpoint.shown)
          endpoint.verified = false
          if (!endpoint.failing) onTrouble?.(endpoint.shown, trouble)
          endpoint.failing = true
          // A wrong chain tells more than a silence, but a later success of another URL wins over both.
          if (failure === null || trouble.code === 'WRONG_CHAIN') failure = trouble
        }
      }
      if (failure?.code === 'WRONG_CHAIN' && endpoints.length === 1) break
    }
    throw failure ?? unreachable('(none given)', 'no RPC URL is configured')
  }
  return custom({ request }, { retryCount: 0 })
}

function openEndpoint(url: string, timeoutMs: number, signal: AbortSignal | undefined): Endpoint {
  const transport = http(url, {
    batch: { batchSize: 100 },
    timeout: timeoutMs,
    retryCount: 0,
    fetchFn: (input, init) => plainFetch(input, init) as unknown as Promise<Response>,
  })({ retryCount: 0 })
  return {
    url,
    shown: redactUrl(url),
    request: (call) => transport.request(call as never, signal && { signal }) as Promise<unknown>,
    verified: false,
    failing: false,
  }
}

/** True for a JSON-RPC error that is about the call, so that asking elsewhere would not help. */
function isAnswer(error: unknown, method: string): boolean {
  if (DmcError.is(error) || method === 'eth_chainId' || method === 'eth_blockNumber') return false
  const rpc = findRpcError(error)
  // With an HTTP status of refusal (401, 403, 429, 5xx) the words are the provider's, not the chain's.
  return rpc !== null && !rpc.refused && !BUSY_CODES.has(rpc.code) && !BEHIND.test(rpc.message)
}

function findRpcError(error: unknown): { code: number; message: string; refused: boolean } | null {
  const at = causesOf(error).find((cause) => cause instanceof RpcRequestError)
  if (at === undefined) return null
  return { code: at.code, message: at.details, refused: at.status !== undefined && at.status !== 400 }
}

/** The error, what caused it, and so on. */
function causesOf(error: unknown): unknown[] {
  const found: unknown[] = []
  let at = error
  while (at !== null && at !== undefined && found.length < 10) {
    found.push(at)
    at = (at as { cause?: unknown }).cause
  }
  return found
}

function toTrouble(error: unknown, shown: string): DmcError {
  if (DmcError.is(error)) return error
  const rpc = findRpcError(error)
  const reason = rpc?.message ?? (error as { details?: string }).details ?? String(error)
  return unreachable(shown, withoutUrls(String(reason).split('\n')[0] ?? '').slice(0, 200), error)
}

/** As any node's own refusal of too wide a range: who reads events asks for fewer blocks then. */
function badAnswer(shown: string, cause: AnswerTooLong): DmcError {
  return new DmcError(
    'RPC_BAD_ANSWER',
    `The RPC ${shown} answers more than is taken at once: ${cause.message}.`,
    {
      hint: 'Less is asked for by itself where that is possible; else use another RPC URL (DMC_RPC_URLS).',
      retryable: true,
      cause,
    },
  )
}

function unreachable(shown: string, reason: string, cause?: unknown): DmcError {
  return new DmcError('RPC_UNREACHABLE', `The RPC ${shown} does not answer: ${reason}.`, {
    hint: 'Check the network and the RPC URL (DMC_RPC_URLS); several URLs may be given. It is tried again by itself.',
    cause: scrubbed(cause),
  })
}

/** For everybody who finds out that a node is on another chain. */
export function wrongChain(shown: string, wanted: number, actual: number): DmcError {
  return new DmcError('WRONG_CHAIN', `The RPC ${shown} is on chain ${actual}, not on ${wanted}.`, {
    hint: 'Set the RPC URL of the right chain (DMC_RPC_URLS) or the right chain id (DMC_CHAIN_ID).',
    meta: { wanted, actual },
  })
}
