import type { Hex, PublicClient } from 'viem'
import { reading } from '../chain/chain-error.ts'

export interface BlockFacts {
  hash: Hex
  /** Unix seconds. */
  time: number
}

/** Hash and time of blocks by number; null for one that the chain does not have. At most 50 requests at once. */
export async function readBlockFacts(
  client: PublicClient,
  numbers: Iterable<bigint>,
): Promise<Map<bigint, BlockFacts | null>> {
  const wanted = [...new Set(numbers)]
  const found = new Map<bigint, BlockFacts | null>()
  for (let at = 0; at < wanted.length; at += 50) {
    await reading('blocks', () =>
      Promise.all(
        wanted.slice(at, at + 50).map(async (number) => found.set(number, await readOne(client, number))),
      ),
    )
  }
  return found
}

async function readOne(client: PublicClient, blockNumber: bigint): Promise<BlockFacts | null> {
  try {
    const { hash, timestamp } = await client.getBlock({ blockNumber })
    return { hash, time: Number(timestamp) }
  } catch (error) {
    if ((error as { name?: string }).name === 'BlockNotFoundError') return null
    throw error
  }
}
