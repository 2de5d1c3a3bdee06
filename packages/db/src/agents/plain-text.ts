/** Text that PostgreSQL keeps: without NUL and half characters. A host must not be able to stop its own reports with a name. */
export function plainText<T>(value: T): T {
  if (typeof value === 'string') return value.replaceAll('\0', '\uFFFD').toWellFormed() as T
  if (Array.isArray(value)) return value.map(plainText) as T
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, inner]) => [plainText(key), plainText(inner)])
    return Object.fromEntries(entries) as T
  }
  return value
}

/** True when something in it is text that could not be kept as it is. */
export const hasOddText = (value: unknown): boolean => {
  if (typeof value === 'string') return value.includes('\0') || !value.isWellFormed()
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([key, inner]) => hasOddText(key) || hasOddText(inner))
}
