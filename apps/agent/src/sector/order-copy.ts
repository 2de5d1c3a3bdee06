import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Commitment } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { LEAF_SIZE, treeDepth } from '@dmc/core/merkle/constants'
import type { HashOps } from './hash-orders.ts'
import { lower, OrderProofs } from './order-proofs.ts'
import { storageError } from './storage-error.ts'
import type { OrderCopy } from './types.ts'
import type { WorkerChannel } from './worker-channel.ts'

export interface OrderCopyOptions {
  orderId: bigint
  /** MiB of the order: they fix the depth of its tree. */
  capacityMib: bigint
  /** The order's bytes from its beginning; what lies behind the commitment is not looked at. */
  dataPath: string
  /** Where its chunk roots are kept, so that it is hashed once. */
  rootsPath: string
}

let opened = 0

/**
 * Somebody else's order as a file of its own, only read: for a watcher that answers in a miner's stead (flow 14).
 * @throws SECTOR_DAMAGED when it can't be opened
 */
export async function openOrderCopy(
  options: OrderCopyOptions,
  hash: WorkerChannel<HashOps>,
): Promise<OrderCopy> {
  const { orderId, dataPath, rootsPath } = options
  const order = `copy:${orderId}:${++opened}`
  let file: FileHandle
  try {
    file = await open(dataPath, 'r')
    await mkdir(dirname(rootsPath), { recursive: true, mode: 0o700 })
  } catch (error) {
    throw storageError(error, dataPath, 'opening it')
  }
  const depth = treeDepth(options.capacityMib)
  await hash.call('open', { order, fd: file.fd, direct: null, depth, path: dataPath, twigs: null })
  const proofs = new OrderProofs({ order, dataPath, rootsPath, hash, onDamaged: () => {} })
  const ready = async (commitment: Commitment): Promise<number> => {
    const { size } = await file.stat()
    if (BigInt(size) < commitment.size) {
      throw new DmcError(
        'SECTOR_DAMAGED',
        `${dataPath} has ${size} bytes; the commitment of order ${orderId} has ${commitment.size}.`,
        { hint: 'Copy the order’s data file again: it has grown, or it is another one.' },
      )
    }
    await proofs.prove({ ...commitment, root: lower(commitment.root) })
    return Number(commitment.size)
  }
  return {
    async prove(commitment) {
      await ready(commitment)
    },
    async leafProof(index, commitment) {
      const size = await ready(commitment)
      if (index < 0 || (index + 1) * LEAF_SIZE > size) {
        throw new DmcError('LEAVES_OUT_OF_RANGE', `Leaf ${index} is not one of ${size / LEAF_SIZE} leaves.`, {
          hint: 'Ask for a leaf below the commitment’s size.',
        })
      }
      const proof = await hash.call('leaf', { order, index, size, root: lower(commitment.root) })
      if (proof !== null) return proof
      throw new DmcError('BUG', `${dataPath} was proved and is not proved any more.`, { hint: 'Try again.' })
    },
    async close() {
      await hash.call('close', { order })
      await file.close()
    },
  }
}
