import { Decimal } from '@prisma/client/runtime/client'
import type { Prisma } from './generated/client.ts'

/** A row whose amounts are bigints: what leaves this package. */
export type Exact<T> = {
  [K in keyof T]: T[K] extends Prisma.Decimal
    ? bigint
    : T[K] extends Prisma.Decimal | null
      ? bigint | null
      : T[K]
}

/** A row as Prisma takes it: amounts as decimal text. */
export type Written<T> = {
  [K in keyof T]: T[K] extends Prisma.Decimal
    ? string
    : T[K] extends Prisma.Decimal | null
      ? string | null
      : T[K]
}

/** Decimal(78, 0) has no fraction, so nothing is rounded. */
export const toBigint = (amount: Prisma.Decimal): bigint => BigInt(amount.toFixed(0))

export function exact<T extends object>(row: T): Exact<T> {
  const out = { ...row } as Record<string, unknown>
  for (const [key, value] of Object.entries(row)) if (Decimal.isDecimal(value)) out[key] = toBigint(value)
  return out as Exact<T>
}
