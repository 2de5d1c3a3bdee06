import type { IncomingMessage, ServerResponse } from 'node:http'
import * as z from 'zod'
import type { RpcCheck } from '../rpc-check.ts'
import type { Services } from '../services.ts'
import { HttpRefusal, readJson } from './read-json.ts'

/** What a page may ask the chain through us: reading, no logs (those are in the database), nothing that sends. */
export const PROXY_METHODS: readonly string[] = [
  'eth_blockNumber',
  'eth_call',
  'eth_chainId',
  'eth_estimateGas',
  'eth_feeHistory',
  'eth_gasPrice',
  'eth_getBalance',
  'eth_getBlockByHash',
  'eth_getBlockByNumber',
  'eth_getCode',
  'eth_getTransactionByHash',
  'eth_getTransactionCount',
  'eth_getTransactionReceipt',
  'eth_maxPriorityFeePerGas',
  'net_version',
]
const MOST_CALLS = 50
const ANSWER_BYTES = 4 * 1024 * 1024

const call = z.object({
  jsonrpc: z.literal('2.0'),
  id: z.union([z.number(), z.string().max(64)]),
  method: z.string().max(64),
  params: z.array(z.unknown()).max(8).optional(),
})
const body = z.union([call, z.array(call).min(1).max(MOST_CALLS)])

/** A page's reads of the chain: the same server as the page, so no third party learns who looks at what. */
export async function serveRpc(
  { chain, env }: Services,
  request: IncomingMessage,
  response: ServerResponse,
  take: (amount: number) => void,
): Promise<void> {
  const parsed = body.safeParse(await readJson(request, 256 * 1024))
  if (!parsed.success) throw new HttpRefusal(400, 'Not a JSON-RPC call, or too many at once.')
  const calls = Array.isArray(parsed.data) ? parsed.data : [parsed.data]
  const refused = calls.find(({ method }) => !PROXY_METHODS.includes(method))
  if (refused) throw new HttpRefusal(403, `${refused.method} is not among the methods that read.`)
  // the request itself has been counted as one
  take(calls.length - 1)
  const text = await forward(env.chain.rpcUrls, chain.check, JSON.stringify(parsed.data))
  response.setHeader('Content-Type', 'application/json')
  response.end(text)
}

/** Asks one RPC after the other, of our chain only. @throws HttpRefusal 502 */
export async function forward(urls: readonly string[], check: RpcCheck, text: string): Promise<string> {
  for (const url of urls) {
    try {
      await check.mustBeOurs(url)
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: text,
        redirect: 'error',
        signal: AbortSignal.timeout(10_000),
      })
      if (answer.ok) return await readBounded(answer)
    } catch {
      // the next one
    }
  }
  throw new HttpRefusal(502, 'The chain does not answer.')
}

async function readBounded(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > ANSWER_BYTES) throw new HttpRefusal(502, 'The chain’s answer is too long.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
