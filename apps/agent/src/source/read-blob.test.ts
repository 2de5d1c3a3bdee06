import { randomBytes } from 'node:crypto'
import { BLOB_TYPE } from '@dmc/core/log/blob'
import { fromHex } from '@dmc/core/log/bytes'
import type { Catalog } from '@dmc/core/log/catalog'
import type { Slice } from '@dmc/core/log/locator'
import { expect, it } from 'vitest'
import { BlobReader } from './read-blob.ts'
import { CraftedLog } from './test/craft-log.ts'
import { targetOf } from './test/file-miner.ts'

const MIB = 1024 * 1024

function logOf(
  count: number,
  size = MIB,
): { log: CraftedLog; blobs: BlobReader; slices: Slice[]; bodies: Buffer[] } {
  const log = new CraftedLog()
  // every other one can be compressed
  const bodies = Array.from({ length: count }, (_, i) =>
    i % 2 === 0 ? randomBytes(size) : Buffer.alloc(size, randomBytes(1000)),
  )
  const slices = bodies.map((body) => ({ ...log.blob(BLOB_TYPE.content, body), start: 0, length: size }))
  const volumes = [{ volumeId: fromHex(targetOf(16).volumeId), keyEpoch: 0 }]
  return { log, blobs: new BlobReader(log, log.keys, { volumes } as Catalog), slices, bodies }
}

async function* each(slices: Slice[]): AsyncGenerator<Slice> {
  yield* slices
}

/** Parts of slices, as a small file has them. */
const pick = (slices: Slice[], indexes: number[]): Slice[] =>
  indexes.map((i) => ({ ...(slices[i] as Slice), start: i * 100, length: 5000 + i }))

it('eight readers of one cache get every byte, whatever leaves it meanwhile', async () => {
  const { blobs, slices, bodies } = logOf(40, 400_000) // twice what is kept
  const read = async (start: number) => {
    for (let round = 0; round < 2; round++) {
      const order = slices.map((_, i) => (i * 7 + start * 5 + round) % slices.length)
      const wanted = pick(slices, order)
      let at = 0
      for await (const part of blobs.bytesOf(BLOB_TYPE.content, each(wanted))) {
        // as long as a part is in use, it stays, though 39 others are opened
        await new Promise((resolve) => setTimeout(resolve, (start + at) % 3))
        const i = order[at++] as number
        const body = bodies[i] as Buffer
        expect(Buffer.from(part).equals(body.subarray(i * 100, i * 100 + 5000 + i)), `blob ${i}`).toBe(true)
      }
      expect(at).toBe(slices.length)
    }
  }
  await Promise.all(Array.from({ length: 8 }, (_, start) => read(start)))
})

it('a body that left the cache is given back once nobody reads it; one that was asked for whole stays', async () => {
  const { blobs, slices, bodies } = logOf(20)
  const whole = await blobs.open(BLOB_TYPE.content, slices[0] as Slice)
  const seen: Uint8Array[] = []
  for await (const part of blobs.bytesOf(BLOB_TYPE.content, each(slices))) seen.push(part)
  expect(Buffer.from(whole).equals(bodies[0] as Buffer)).toBe(true)
  const there = seen.map(({ length }) => length > 0)
  expect(there[0]).toBe(true)
  expect(there.slice(1, 8)).toEqual(Array(7).fill(false))
  expect(there.slice(-8)).toEqual(Array(8).fill(true))
})

it('a reader that stops half way lets its blob go', async () => {
  const { blobs, slices } = logOf(20)
  const parts = blobs.bytesOf(BLOB_TYPE.content, each(slices))
  const first = (await parts.next()).value as Uint8Array
  await parts.return(undefined)
  for await (const _ of blobs.bytesOf(BLOB_TYPE.content, each(slices.slice(1)))) {
  }
  expect(first.length).toBe(0)
})
