const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const

/**
 * Bytes for people, IEC: `0 B`, `1023 B`, `1.5 KiB`, `12 GiB`. At most `digits` decimals (default 1), cut off, never rounded
 * up, so that what is shown is never more than what is there.
 */
export function formatSize(bytes: bigint | number, digits = 1): string {
  const value = typeof bytes === 'bigint' ? bytes : BigInt(Math.trunc(bytes))
  const magnitude = value < 0n ? -value : value
  let unit = 0
  while (unit < UNITS.length - 1 && magnitude >= 1n << BigInt(10 * (unit + 1))) unit++
  const shift = BigInt(10 * unit)
  const scale = 10n ** BigInt(digits)
  const tenths = (magnitude * scale) >> shift
  const whole = (tenths / scale).toString()
  const fraction = (tenths % scale).toString().padStart(digits, '0').replace(/0+$/, '')
  const number = unit === 0 || fraction === '' ? whole : `${whole}.${fraction}`
  return `${value < 0n ? '-' : ''}${number} ${UNITS[unit]}`
}

/** Bytes in the largest unit that needs no rounding (`1536 MiB`): `parseSize(formatSizeExact(x)) === x` for x > 0. */
export function formatSizeExact(bytes: bigint): string {
  let unit = 0
  while (unit < UNITS.length - 2 && bytes !== 0n && bytes % (1n << BigInt(10 * (unit + 1))) === 0n) unit++
  return `${bytes >> BigInt(10 * unit)}${UNITS[unit]}`
}
