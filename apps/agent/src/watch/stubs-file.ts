import { readFile } from 'node:fs/promises'
import { DmcError } from '@dmc/core/errors/dmc-error'
import type { Address, Hex } from 'viem'
import * as z from 'zod'

const decimal = z.string().regex(/^\d{1,20}$/)
const stubsSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('dmc-order-stubs'),
  chainId: z.int().min(1),
  market: z.string().regex(/^0x[0-9a-fA-F]{40}$/),
  orderId: decimal,
  /** What was in force when it was written: hex and bytes. */
  commitment: z.strictObject({ root: z.string().regex(/^0x[0-9a-f]{64}$/), size: decimal }),
  /** Private key of the role `reader` of this source's volumes. */
  readerKey: z.string().regex(/^0x[0-9a-f]{64}$/),
  writtenAt: z.string(),
})
export type Stubs = z.output<typeof stubsSchema> & { market: Address; readerKey: Hex }

const wrong = (path: string, why: string) =>
  new DmcError('SOURCE_UNKNOWN', `${path} are no stubs of this order: ${why}.`, {
    hint: 'Have the order’s user write them anew: dmc-agent order export-stubs ORDER FILE',
  })

/** What lets somebody check an order for its user (docs/PROTOCOL.md 1 and 4). @throws SOURCE_UNKNOWN when it is something else */
export async function readStubs(
  path: string,
  expected: { orderId: bigint; chainId: number; market: Address },
): Promise<Stubs> {
  let json: unknown
  try {
    json = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    throw wrong(path, error instanceof Error ? error.message : String(error))
  }
  const found = stubsSchema.safeParse(json)
  if (!found.success) throw wrong(path, found.error.issues[0]?.message ?? 'it is something else')
  const { data } = found
  if (BigInt(data.orderId) !== expected.orderId) throw wrong(path, `they are of order ${data.orderId}`)
  const sameMarket = data.market.toLowerCase() === expected.market.toLowerCase()
  if (data.chainId !== expected.chainId || !sameMarket) {
    throw wrong(path, `they are of the Market ${data.market} on chain ${data.chainId}`)
  }
  return data as Stubs
}
