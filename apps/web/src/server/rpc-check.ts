import { DmcError } from '@dmc/core/errors/dmc-error'

/** A chain that was right a minute ago is asked again: an address may lead to another node. */
const GOOD_MS = 60_000
const ANSWER_MS = 5_000
const ANSWER_BYTES = 4_096

export interface RpcCheck {
  /** @throws WRONG_CHAIN; an RPC that does not answer is left to whoever asks it the real question */
  mustBeOurs(url: string): Promise<void>
}

/** Does an RPC serve the chain that this dashboard is for? Each is asked before it is used, and now and then. */
export function createRpcCheck(chainId: number): RpcCheck {
  const good = new Map<string, number>()
  const asking = new Map<string, Promise<void>>()
  const look = async (url: string) => {
    const actual = await askChainId(url)
    if (actual === null) return
    if (actual !== chainId) {
      good.delete(url)
      throw wrongChain({ wanted: chainId, actual })
    }
    good.set(url, performance.now())
  }
  return {
    mustBeOurs(url) {
      if (performance.now() - (good.get(url) ?? Number.NEGATIVE_INFINITY) < GOOD_MS) return Promise.resolve()
      const known = asking.get(url)
      if (known) return known
      const work = look(url).finally(() => asking.delete(url))
      asking.set(url, work)
      return work
    },
  }
}

/** At the start, before anything is served: every RPC that answers is of our chain. @throws WRONG_CHAIN */
export async function checkRpcUrls(check: RpcCheck, urls: readonly string[]): Promise<void> {
  const results = await Promise.allSettled(urls.map((url) => check.mustBeOurs(url)))
  results.forEach((result, i) => {
    if (result.status === 'fulfilled') return
    const { reason } = result
    // which one is for the log; later errors are shown to strangers, who are told no RPC. Path and query may hold a key
    if (!DmcError.is(reason)) throw reason
    const message = reason.message.replace('The RPC', `The RPC at ${new URL(urls[i] ?? '').host}`)
    throw new DmcError(reason.code, message, { hint: reason.hint })
  })
}

/** null when it can't be had. */
async function askChainId(url: string): Promise<number | null> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}',
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS),
    })
    if (!answer.ok) return null
    const text = (await answer.text()).slice(0, ANSWER_BYTES)
    const { result } = JSON.parse(text) as { result?: unknown }
    return typeof result === 'string' && /^0x[0-9a-f]{1,13}$/i.test(result) ? Number(result) : null
  } catch {
    return null
  }
}

const wrongChain = ({ wanted, actual }: { wanted: number; actual: number }): DmcError =>
  new DmcError('WRONG_CHAIN', `The RPC is of chain ${actual}; the dashboard is for chain ${wanted}.`, {
    hint: 'Check DMC_RPC_URLS and DMC_CHAIN_ID.',
  })
