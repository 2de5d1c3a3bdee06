import { DmcError } from '../errors/dmc-error.ts'

const UNITS: Record<string, bigint> = { s: 1n, m: 60n, h: 3_600n, d: 86_400n, w: 604_800n }

/**
 * A duration as a person types it (`90s`, `15m`, `12h`, `3d`, `2w`, `1d12h`), in seconds.
 * @throws BAD_DURATION for anything else, for 0 and for more than 1,000 years.
 */
export function parseDuration(text: string): bigint {
  const compact = text.trim().toLowerCase().replaceAll(' ', '')
  if (!/^(\d{1,12}[smhdw])+$/.test(compact)) throw badDuration(text)
  let seconds = 0n
  for (const [, count = '0', unit = 's'] of compact.matchAll(/(\d+)([smhdw])/g)) {
    seconds += BigInt(count) * (UNITS[unit] ?? 0n)
  }
  if (seconds === 0n || seconds > 31_557_600_000n) throw badDuration(text)
  return seconds
}

function badDuration(text: string): DmcError {
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text
  return new DmcError('BAD_DURATION', `'${shown}' is not a duration.`, {
    hint: 'Write a number above 0 with a unit, for example 90s, 15m, 12h, 3d, 2w or 1d12h.',
  })
}
