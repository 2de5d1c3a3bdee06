import { reading } from '@dmc/core/chain/chain-error'
import type { Address, PublicClient } from 'viem'

/**
 * The block in which the Market was created: the first with code at its address, found by halving. A node that does not keep old
 * state refuses to tell; then the answer is 0: reading from there finds the same events, only later.
 */
export async function findDeploymentBlock(
  client: PublicClient,
  market: Address,
  head: bigint,
): Promise<bigint> {
  const hasCode = async (blockNumber: bigint) => {
    const code = await client.getCode({ address: market, blockNumber })
    return code !== undefined && code !== '0x'
  }
  let absent = -1n
  let present = head
  while (present - absent > 1n) {
    const middle = (present + absent) / 2n
    try {
      if (await hasCode(middle)) present = middle
      else absent = middle
    } catch {
      // Is it this block's state that is gone, or the node itself?
      await reading('the newest block', () => client.getBlockNumber({ cacheTime: 0 }))
      return 0n
    }
  }
  return present
}
