import { tokenAbi } from '@dmc/core/chain/generated/token-abi'
import { getAddress } from 'viem'
import type { ChainServices } from '../services.ts'

/** What wallets hold changes seldom, and alerts about it can wait. */
const KEEP_MS = 2 * 60_000
/** Wallets that are asked for in one go; the others the next time. */
const MOST = 50

export interface BalanceReader {
  /** Who is missing could not be asked, or not yet. */
  of(owners: readonly string[], now: Date): Promise<Map<string, { tokens: bigint; coin: bigint }>>
  gasPrice(now: Date): Promise<bigint | null>
}

/** Tokens and coin of wallets and the price of gas, asked of the chain and kept for a while. A chain that is away is no error. */
export function createBalanceReader(chain: ChainServices): BalanceReader {
  const kept = new Map<string, { tokens: bigint; coin: bigint; at: number }>()
  let price: { wei: bigint; at: number } | null = null
  const fresh = (at: number, now: Date) => now.getTime() - at < KEEP_MS && now.getTime() >= at

  async function ask(owner: string, now: Date): Promise<void> {
    const { token } = await chain.facts()
    const [tokens, coin] = await Promise.all([
      chain.client.readContract({
        address: token,
        abi: tokenAbi,
        functionName: 'balanceOf',
        args: [getAddress(owner)],
      }),
      chain.client.getBalance({ address: getAddress(owner) }),
    ])
    kept.set(owner, { tokens, coin, at: now.getTime() })
  }

  return {
    async of(owners, now) {
      const old = owners.filter((owner) => !fresh(kept.get(owner)?.at ?? 0, now)).slice(0, MOST)
      await Promise.allSettled(old.map((owner) => ask(owner, now)))
      if (kept.size > 50_000) kept.clear()
      return new Map(
        owners.flatMap((owner) => {
          const found = kept.get(owner)
          return found !== undefined && fresh(found.at, now) ? [[owner, found] as const] : []
        }),
      )
    },
    async gasPrice(now) {
      if (price === null || !fresh(price.at, now)) {
        try {
          price = { wei: await chain.client.getGasPrice(), at: now.getTime() }
        } catch {
          price = null
        }
      }
      return price?.wei ?? null
    },
  }
}
