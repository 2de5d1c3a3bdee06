import { randomUUID } from 'node:crypto'
import { formatEndpoint, parseEndpoint } from '@dmc/core/protocol/endpoint'
import { noteOwnEndpoint } from '../account/endpoint-rows.ts'
import { planEndpoint, setEndpoint } from '../account/set-endpoint.ts'
import type { AgentContext } from '../agent-context.ts'
import { loadTlsIdentity } from '../contract/wire/tls-identity.ts'
import type { Handler } from '../control/handler.ts'
import { progressOf } from '../progress-of.ts'
import { ownerOf } from '../rows/owner-of.ts'

/** Puts this agent's address, with its TLS key's hash, on chain. */
export const endpointSet: Handler<'endpoint.set', AgentContext> = async (ctx, input, emit, signal) => {
  const account = await ctx.account()
  const url = input.url === undefined ? await ctx.endpoint() : await withKeyHash(ctx, input.url)
  const wish = { billId: input.billId, miner: ownerOf(ctx), url }
  const { plan } = await planEndpoint(account, wish)
  if (input.mode === 'preview') return { plan, done: null }
  const execution = {
    intent: `endpoint:${account.market}:${input.billId}:${randomUUID()}`,
    ...progressOf(emit, signal),
  }
  noteOwnEndpoint(ctx.store, url)
  const { result } = await setEndpoint(account, wish, execution)
  return { plan, done: { endpoint: url, hashes: result ? [result.hash] : [] } }
}

/** A typed address gets this host's key hash when it names none. @throws ENDPOINT_INVALID */
async function withKeyHash(ctx: AgentContext, url: string): Promise<string> {
  if (url === '' || url.includes('#') || !url.startsWith('https:')) return url
  const { spki } = await loadTlsIdentity(ctx.config.dataDir)
  return formatEndpoint(parseEndpoint(`${url.replace(/\/$/, '')}#spki=${spki}`))
}
