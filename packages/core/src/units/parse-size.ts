import { DmcError } from '../errors/dmc-error.ts'

/** Accepted suffixes, in bytes. Letters are matched without regard to case; `G` and `GiB` are the same, `GB` is decimal. */
const UNITS: Record<string, bigint> = {
  '': 1n,
  b: 1n,
  k: 1n << 10n,
  kib: 1n << 10n,
  kb: 1_000n,
  m: 1n << 20n,
  mib: 1n << 20n,
  mb: 1_000_000n,
  g: 1n << 30n,
  gib: 1n << 30n,
  gb: 1_000_000_000n,
  t: 1n << 40n,
  tib: 1n << 40n,
  tb: 1_000_000_000_000n,
  p: 1n << 50n,
  pib: 1n << 50n,
  pb: 1_000_000_000_000_000n,
}

/** Largest size that is understood: 2^63 - 1 bytes, what a file system can address. */
const MAX_SIZE = (1n << 63n) - 1n

/**
 * A size as a person types it (`10GiB`, `1.5 TiB`, `500MB`, `4096`), in bytes. Fractions are exact; part of a byte is cut off.
 * @throws BAD_SIZE for anything else, for 0 and for sizes above 8 EiB.
 */
export function parseSize(text: string): bigint {
  const match = /^(\d{1,30})(?:\.(\d{1,30}))?\s?([a-z]{0,3})$/i.exec(text.trim())
  const unit = match === null ? undefined : UNITS[(match[3] ?? '').toLowerCase()]
  if (match === null || unit === undefined) throw badSize(text, 'is not a size')
  const whole = match[1] ?? '0'
  const fraction = match[2] ?? ''
  const bytes = (BigInt(whole + fraction) * unit) / 10n ** BigInt(fraction.length)
  if (bytes === 0n) throw badSize(text, 'is less than one byte')
  if (bytes > MAX_SIZE) throw badSize(text, 'is more than 8 EiB')
  return bytes
}

function badSize(text: string, why: string): DmcError {
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text
  return new DmcError('BAD_SIZE', `'${shown}' ${why}.`, {
    hint: 'Write a number above 0 and a unit, for example 10GiB, 1.5TiB, 500MB or 4096 (bytes).',
  })
}
