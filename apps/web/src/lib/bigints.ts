/** Math.max and Math.min know no bigint. */
export const largest = (values: readonly bigint[], least = 0n) =>
  [least, ...values].sort(ascending).at(-1) ?? least
export const smallest = (values: readonly bigint[]) => [...values].sort(ascending)[0] ?? 0n
export const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n)

const ascending = (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1)
