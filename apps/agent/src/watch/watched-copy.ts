import { lstat, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readOrder } from '@dmc/core/chain/read-order'
import { DmcError } from '@dmc/core/errors/dmc-error'
import type { AgentContext } from '../agent-context.ts'
import type { ProofSource } from '../answer/build-answer.ts'
import { findWatched } from './watch-rows.ts'

/** The copy that a watcher answers an order from; null when it has none. Opened for each answer: there are few. */
export function watchedCopy(ctx: AgentContext, orderId: bigint): ProofSource | null {
  const dataPath = findWatched(ctx.store, orderId)?.dataPath ?? null
  if (dataPath === null) return null
  return {
    async leafProof(index, commitment) {
      const copy = await openCopy(ctx, orderId, dataPath)
      try {
        return await copy.leafProof(index, commitment)
      } finally {
        await copy.close()
      }
    },
  }
}

/**
 * Is this the order's data as the chain's commitment has it? Hashes all of it.
 * @throws SECTOR_DAMAGED, ORDER_STATE when nothing is committed yet, ORDER_NOT_FOUND
 */
export async function checkCopy(ctx: AgentContext, orderId: bigint, dataPath: string): Promise<void> {
  const { commitment } = await readOrder(ctx.rpc.client, { market: ctx.config.chain.market, orderId })
  if (commitment === null) {
    throw new DmcError(
      'ORDER_STATE',
      `Order ${orderId} has no commitment yet: there is nothing to answer from.`,
      {
        hint: 'Watch it again when it is active.',
      },
    )
  }
  const copy = await openCopy(ctx, orderId, dataPath)
  try {
    await copy.prove(commitment)
  } finally {
    await copy.close()
  }
}

async function openCopy(ctx: AgentContext, orderId: bigint, dataPath: string) {
  const { capacity } = await readOrder(ctx.rpc.client, { market: ctx.config.chain.market, orderId })
  const rootsPath = join(ctx.config.dataDir, 'watch', `${orderId}.roots`)
  return ctx.sectors.openCopy({ orderId, capacityMib: capacity, dataPath, rootsPath })
}

/** The order's data file: the path itself, or `ORDER.data` in it, as a miner's sector has it. @throws PATH_NOT_FOUND */
export async function findDataFile(path: string, orderId: bigint): Promise<string> {
  const name = `${orderId}.data`
  for (const candidate of [path, join(path, name), join(path, 'orders', name)]) {
    const found = await stat(candidate).catch(() => null)
    if (found?.isFile()) return realpath(candidate)
  }
  const there = await lstat(path).catch(() => null)
  throw new DmcError(
    'PATH_NOT_FOUND',
    there ? `There is no ${name} in ${path}.` : `${path} does not exist on this host.`,
    {
      hint: `Copy the order’s data file from the miner’s sector (orders/${name}) and name it, or its folder.`,
    },
  )
}
