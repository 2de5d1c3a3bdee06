import type { Prisma } from '../generated/client.ts'

/** Bills of which orders can be taken at this time of the chain (Market.sol, createOrder). */
export const openAt = (headTime: bigint) =>
  ({ cancelled: false, free: { gt: 0n }, expiresAt: { gte: headTime } }) satisfies Prisma.BillWhereInput
