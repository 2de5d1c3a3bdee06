import { reading } from '@dmc/core/chain/chain-error'
import { checkMarket } from '@dmc/core/chain/check-market'
import { type Address, createPublicClient, defineChain, type PublicClient } from 'viem'
import { redactUrl } from './redact-url.ts'
import { type RpcTransportOptions, rpcTransport, wrongChain } from './rpc-transport.ts'

export interface RpcClient {
  /** viem's client; its errors may carry a DmcError as cause: use core's reads, or `reading()`. */
  readonly client: PublicClient
  readonly chainId: number
  /** Blocks that a block must be under, itself counted, before it is believed. */
  readonly confirmations: number
  /** Between looks at the chain, ms. */
  readonly pollMs: number
  /** The first URL, without what may be a key. */
  readonly shownUrl: string
  /** The newest block number; at most `maxAgeMs` old (default: pollMs). */
  head(maxAgeMs?: number): Promise<bigint>
  /** The newest block that has enough confirmations. */
  confirmedHead(maxAgeMs?: number): Promise<bigint>
  /** Someone saw a block of this number: a reader must not answer from before it. */
  noteHead(blockNumber: bigint): void
  /** Asks anew whether this is our chain and has our Market. @throws NOT_A_DMC_MARKET, WRONG_CHAIN, RPC_UNREACHABLE */
  checkMarket(market: Address): Promise<void>
}

/** A devnet makes a block a second; other chains are looked at every 4 s. */
const isDevnet = (chainId: number) => chainId === 31337 || chainId === 1337

/** Opens the chain; nothing is asked before it is needed. `confirmations` default: 2 on a devnet, 12 elsewhere. */
export function openRpcClient(
  options: RpcTransportOptions & { confirmations?: number; pollMs?: number },
): RpcClient {
  const { chainId, urls } = options
  const confirmations = Math.max(1, options.confirmations ?? (isDevnet(chainId) ? 2 : 12))
  const pollMs = options.pollMs ?? (isDevnet(chainId) ? 100 : 4_000)
  const chain = defineChain({
    id: chainId,
    name: `chain ${chainId}`,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [...urls] } },
  })
  const client = createPublicClient({
    chain,
    transport: rpcTransport(options),
    cacheTime: 0,
    pollingInterval: pollMs,
  })
  let seen = 0n
  let seenAt = Number.NEGATIVE_INFINITY
  let asking: Promise<bigint> | null = null

  const askHead = async () => {
    const number = await reading('the newest block', () => client.getBlockNumber({ cacheTime: 0 }))
    seen = number
    seenAt = performance.now()
    return number
  }
  const head = async (maxAgeMs = pollMs) => {
    if (performance.now() - seenAt <= maxAgeMs) return seen
    asking ??= askHead().finally(() => {
      asking = null
    })
    return asking
  }
  return {
    client: client as PublicClient,
    chainId,
    confirmations,
    pollMs,
    shownUrl: redactUrl(urls[0] ?? ''),
    head,
    async confirmedHead(maxAgeMs) {
      const confirmed = (await head(maxAgeMs)) - BigInt(confirmations - 1)
      return confirmed < 0n ? 0n : confirmed
    },
    noteHead(blockNumber) {
      if (blockNumber <= seen) return
      seen = blockNumber
      seenAt = performance.now()
    },
    async checkMarket(market) {
      const actual = await reading('its chain id', () => client.getChainId())
      if (actual !== chainId) throw wrongChain(redactUrl(urls[0] ?? ''), chainId, actual)
      await checkMarket(client as PublicClient, market)
    },
  }
}
