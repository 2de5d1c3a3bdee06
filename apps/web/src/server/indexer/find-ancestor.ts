import { readHeaders } from '@dmc/core/chain/read-log-range'
import { listBlocks } from '@dmc/db/chain/list-blocks'
import type { Database } from '@dmc/db/open-database'
import type { PublicClient } from 'viem'

/** A reorg deeper than this is looked at twice: a single node may stand on a fork for a moment. */
const DEEP = 16n

/**
 * The newest block that was read and is still on the chain. 'none': nothing that was read is left; 'unknown': the node did not answer
 * about a block, or thinks otherwise at a second look, so that nothing should be taken back yet.
 */
export async function findAncestor(
  {
    db,
    client,
    secondLookMs = 500,
  }: { db: Database; client: PublicClient; secondLookMs?: number | undefined },
  { upTo, head }: { upTo: bigint; head: bigint },
): Promise<bigint | 'none' | 'unknown'> {
  let ancestor: bigint | 'none' = 'none'
  let below = upTo
  for (let size = 16; ancestor === 'none'; size = Math.min(size * 2, 256)) {
    const part = await listBlocks(db.prisma, { upTo: below, limit: size })
    const last = part.at(-1)
    if (last === undefined) break
    const headers = await readHeaders(
      client,
      part.map((block) => block.number),
    )
    if (headers.includes(null)) return 'unknown'
    ancestor = part.find((block, i) => headers[i]?.hash === block.hash)?.number ?? 'none'
    below = last.number - 1n
  }
  if (ancestor !== 'none' && head - ancestor <= DEEP) return ancestor
  const [newest] = await listBlocks(db.prisma, { upTo, limit: 1 })
  if (newest === undefined) return ancestor
  await new Promise((resolve) => setTimeout(resolve, secondLookMs))
  const [again] = await readHeaders(client, [newest.number])
  return again === null || again === undefined || again.hash === newest.hash ? 'unknown' : ancestor
}
