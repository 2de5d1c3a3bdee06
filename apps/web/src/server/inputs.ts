import { getAddress, isAddress } from 'viem'
import * as z from 'zod'

/** Parts of inputs, bounded in length and kind; addresses leave as the database keeps them. */

/** What a database's integer holds. */
const MOST = 2n ** 63n - 1n
const id = z.bigint().min(1n).max(MOST)
/** A place in a list. */
export const place = z.bigint().min(0n).max(MOST)
export const billId = id
export const orderId = id
export const agentId = z.uuid()
export const localId = z.string().regex(/^[A-Za-z0-9_.:-]{1,64}$/)
export const address = z
  .string()
  .max(42)
  .refine((value) => isAddress(value, { strict: false }), 'not an address')
  .transform((value) => getAddress(value))
export const label = z.string().trim().min(1).max(60)
/** An absolute path on a host, as its agent writes it. */
export const hostPath = z.string().min(1).max(4096)
export const limit = z.number().int().min(1).max(200).default(50)
/** The browser's own id of a request: sent twice, it is one command. */
export const requestKey = z.uuid().optional()
export const commandId = id
