import { join } from 'node:path'
import type { Hex } from 'viem'
import { describe, expect, it } from 'vitest'
import { useTempFolders } from '../../test/support/temp-folder.ts'
import { OrderProofs } from './order-proofs.ts'

const MIB = 1 << 20
const ROOT: Hex = `0x${'ab'.repeat(32)}`
const tempFolder = useTempFolders()

/** A hashing worker whose data leads to `root`, without stored roots; counts what it is asked. */
function worker(root: Hex) {
  const asked: string[] = []
  const call = async (op: string): Promise<unknown> => {
    asked.push(op)
    await new Promise((resolve) => setTimeout(resolve, 5))
    if (op === 'isProven') return false
    if (op === 'load') return null
    if (op === 'rehash') return { next: 4, damaged: [] }
    if (op === 'dump') return new Uint8Array(4 * 32)
    return root
  }
  return { asked, hash: { call, close: async () => {} } as never }
}

describe('proofs of an order', () => {
  it('who asks while they are made waits for the same work', async () => {
    const folder = await tempFolder()
    const { asked, hash } = worker(ROOT)
    const proofs = new OrderProofs({
      order: '1',
      dataPath: join(folder, '1.data'),
      rootsPath: join(folder, '1.roots'),
      hash,
      onDamaged: () => {},
    })
    const commitment = { root: ROOT, size: BigInt(4 * MIB) }
    await Promise.all(Array.from({ length: 20 }, () => proofs.prove(commitment)))
    expect(asked).toEqual(['isProven', 'load', 'rehash', 'prove', 'dump'])
    await proofs.prove(commitment)
    expect(asked.filter((op) => op === 'rehash')).toHaveLength(2)
  })

  it('a failure is everybody’s, and told once; who asks later starts again', async () => {
    const folder = await tempFolder()
    const { asked, hash } = worker(`0x${'cd'.repeat(32)}`)
    let told = 0
    const proofs = new OrderProofs({
      order: '1',
      dataPath: join(folder, '1.data'),
      rootsPath: join(folder, '1.roots'),
      hash,
      onDamaged: () => told++,
    })
    const commitment = { root: ROOT, size: BigInt(4 * MIB) }
    const damaged = expect.objectContaining({ code: 'SECTOR_DAMAGED' })
    const all = await Promise.allSettled(Array.from({ length: 5 }, () => proofs.prove(commitment)))
    expect(all.map((one) => one.status === 'rejected' && one.reason)).toEqual(Array(5).fill(damaged))
    expect(told).toBe(1)
    await expect(proofs.prove(commitment)).rejects.toEqual(damaged)
    expect(asked.filter((op) => op === 'rehash')).toHaveLength(2)
  })
})
