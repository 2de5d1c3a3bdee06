/** An id of the Market from a URL; null for anything else. */
export function readId(text: string): bigint | null {
  return /^[1-9]\d{0,17}$/.test(text) ? BigInt(text) : null
}
