import { type RpcCall, type RpcForward, type RpcProxy, startRpcProxy } from '../rpc-proxy.ts'
import { seededRandom } from '../seeded-random.ts'

/** How a node lies, or the way to it fails. Each is applied to a share of the calls, by a seed. */
export type RpcCheat =
  | 'honest'
  /** Stands still: every answer is as of the block at which it began to cheat. */
  | 'stale'
  /** Says that the chain is further than it is; the blocks it names do not exist. */
  | 'lying-head'
  | 'nulls'
  | 'resets'
  | '429'
  /** Leaves events out of its logs. */
  | 'hides-logs'

export interface EvilRpc {
  readonly url: string
  readonly calls: RpcProxy['calls']
  /** From now on, for `share` of the calls (default all). */
  cheat(kind: RpcCheat, share?: number): Promise<void>
  close(): Promise<void>
}

const BEYOND = 50n

/** A node that cheats, in front of a real one. */
export async function startEvilRpc(target: string, seed = 1): Promise<EvilRpc> {
  const proxy = await startRpcProxy(target)
  const random = seededRandom(seed)
  const plain: RpcForward = async (call) => {
    const response = await fetch(target, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...call }),
    })
    return ((await response.json()) as { result: unknown }).result
  }
  let flipping: NodeJS.Timeout | null = null
  const stop = () => {
    if (flipping) clearInterval(flipping)
    flipping = null
    proxy.fault = null
    proxy.intercept = null
  }
  /** A fault of the whole connection, on and off by chance, so that `share` of the time it is there. */
  const flip = (fault: RpcProxy['fault'], share: number) => {
    if (share >= 1) {
      proxy.fault = fault
      return
    }
    flipping = setInterval(() => {
      proxy.fault = random() < share ? fault : null
    }, 50)
    flipping.unref()
  }
  return {
    url: proxy.url,
    calls: proxy.calls,
    async cheat(kind, share = 1) {
      stop()
      if (kind === 'honest') return
      if (kind === 'nulls' || kind === 'resets' || kind === '429') {
        return flip({ nulls: 'nulls' as const, resets: 'down' as const, '429': 429 as const }[kind], share)
      }
      const head = BigInt(String(await plain({ method: 'eth_blockNumber', params: [] })))
      const lie = LIES[kind](head)
      proxy.intercept = (call, forward) => (random() < share ? lie(call, forward) : forward(call))
    },
    async close() {
      stop()
      await proxy.close()
    },
  }
}

type Lie = (call: RpcCall, forward: RpcForward) => Promise<unknown>

/** The tag or number of a block in the parameters, by method. */
const BLOCK_AT: Record<string, number> = {
  eth_call: 1,
  eth_getBalance: 1,
  eth_getCode: 1,
  eth_getBlockByNumber: 0,
  eth_getTransactionCount: 1,
}
const hex = (value: bigint) => `0x${value.toString(16)}`

const LIES: Record<'stale' | 'lying-head' | 'hides-logs', (head: bigint) => Lie> = {
  stale: (head) => (call, forward) => {
    if (call.method === 'eth_blockNumber') return Promise.resolve(hex(head))
    const at = BLOCK_AT[call.method]
    if (at === undefined) return forward(call)
    const params = [...call.params]
    if (['latest', 'pending', undefined].includes(params[at] as string | undefined)) params[at] = hex(head)
    return forward({ ...call, params })
  },
  'lying-head': () => async (call, forward) => {
    const answer = await forward(call)
    return call.method === 'eth_blockNumber' ? hex(BigInt(String(answer)) + BEYOND) : answer
  },
  'hides-logs': () => async (call, forward) => {
    const answer = await forward(call)
    return call.method === 'eth_getLogs' ? [] : answer
  },
}
