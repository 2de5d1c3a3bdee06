import { reading } from '@dmc/core/chain/chain-error'
import type { PublicClient } from 'viem'

export interface Fees {
  maxFeePerGas: bigint
  maxPriorityFeePerGas: bigint
}

const ONE_GWEI = 1_000_000_000n

/**
 * What to offer for gas: twice the base fee, which covers six full blocks of rising, and the tip that the node suggests. On a chain
 * without base fee both are the gas price.
 */
export function estimateFees(client: PublicClient): Promise<Fees> {
  return reading('the gas price', async () => {
    const [block, tip] = await Promise.all([
      client.getBlock({ blockTag: 'latest' }),
      client
        .request({ method: 'eth_maxPriorityFeePerGas' })
        .then(BigInt)
        .catch(() => ONE_GWEI),
    ])
    if (block.baseFeePerGas === null || block.baseFeePerGas === undefined) {
      const price = await client.getGasPrice()
      return { maxFeePerGas: price, maxPriorityFeePerGas: price }
    }
    return { maxFeePerGas: block.baseFeePerGas * 2n + tip, maxPriorityFeePerGas: tip }
  })
}

/**
 * Fees for a dearer form of a transaction: what nodes ask of a replacement (10 %) or more, or today's price if that is higher.
 * @param eighths of the old fee: 9 and more
 */
export function bumpFees(old: Fees, today: Fees, eighths = 9n): Fees {
  const more = (fee: bigint, now: bigint) => {
    const raised = (fee * eighths) / 8n + 1n
    return raised > now ? raised : now
  }
  return {
    maxFeePerGas: more(old.maxFeePerGas, today.maxFeePerGas),
    maxPriorityFeePerGas: more(old.maxPriorityFeePerGas, today.maxPriorityFeePerGas),
  }
}
