import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DmcError } from '../errors/dmc-error.ts'
import { formatDuration } from './format-duration.ts'
import { formatEta } from './format-eta.ts'
import { formatRate } from './format-rate.ts'
import { formatSize, formatSizeExact } from './format-size.ts'
import { formatTime } from './format-time.ts'
import { formatTokens, formatTokensExact } from './format-tokens.ts'
import { parseDuration } from './parse-duration.ts'
import { parseSize } from './parse-size.ts'
import { parseTokens } from './parse-tokens.ts'

function thrown(work: () => unknown): DmcError {
  try {
    work()
  } catch (error) {
    if (DmcError.is(error)) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('parseSize', () => {
  it.each([
    ['1', 1n],
    ['4096', 4096n],
    ['10GiB', 10n << 30n],
    ['10 gib', 10n << 30n],
    ['10g', 10n << 30n],
    ['10GB', 10_000_000_000n],
    ['1.5TiB', 3n << 39n],
    ['0.5k', 512n],
    ['1.0000000001KiB', 1024n],
    ['9223372036854775807', (1n << 63n) - 1n],
  ])('%s', (text, bytes) => expect(parseSize(text)).toBe(bytes))

  it.each([
    '-1',
    '10GBB',
    '1e999',
    '0',
    '0.0',
    '0.0001',
    '',
    ' ',
    'GiB',
    '1.',
    '.5',
    '1,5GiB',
    '0x10',
    '+3',
    'NaN',
    '9EiB',
    '9223372036854775808',
    '1 2',
    '１０',
  ])('refuses %j with an example of what is accepted', (text) => {
    const error = thrown(() => parseSize(text))
    expect(error.code).toBe('BAD_SIZE')
    expect(error.message).toContain(text.trim())
    expect(error.hint).toContain('10GiB')
  })

  it('never throws anything but BAD_SIZE', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          expect(parseSize(text)).toBeGreaterThan(0n)
        } catch (error) {
          expect(DmcError.is(error) && error.code).toBe('BAD_SIZE')
        }
      }),
    )
  })
})

describe('formatSize', () => {
  it.each([
    [0n, '0 B'],
    [1023n, '1023 B'],
    [1024n, '1 KiB'],
    [1536n, '1.5 KiB'],
    [(1n << 30n) - 1n, '1023.9 MiB'],
    [1n << 60n, '1 EiB'],
    [-2048n, '-2 KiB'],
  ])('%s', (bytes, text) => expect(formatSize(bytes)).toBe(text))

  it('reads back exactly from the exact form, and never shows more than there is', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, (1n << 63n) - 1n), fc.nat(62), (random, shift) => {
        const bytes = (random >> BigInt(shift)) << BigInt(shift)
        if (bytes > 0n) expect(parseSize(formatSizeExact(bytes))).toBe(bytes)
        if (random < 1n << 60n) expect(parseSize(formatSize(random))).toBeLessThanOrEqual(random)
      }),
    )
  })
})

describe('tokens', () => {
  it.each([
    ['1', 10n ** 18n],
    ['0', 0n],
    ['0.000000000000000001', 1n],
    ['1_000.25', 100025n * 10n ** 16n],
  ])('%s', (text, wei) => expect(parseTokens(text)).toBe(wei))

  it.each(['-1', '1e3', '', '.5', '1.', '0.0000000000000000001', '1,5', '9'.repeat(40), '0x1', ' '])(
    'refuses %j',
    (text) => {
      const error = thrown(() => parseTokens(text))
      expect(error.code).toBe('BAD_AMOUNT')
      expect(error.hint).toContain('0.25')
    },
  )

  it('keeps every digit in a round trip', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, (1n << 128n) - 1n), (wei) => {
        expect(parseTokens(formatTokensExact(wei))).toBe(wei)
      }),
    )
  })

  it('rounds amounts to pay up and others down, by less than one last digit', () => {
    fc.assert(
      fc.property(fc.bigInt(10n ** 12n, 10n ** 30n), (wei) => {
        const read = (text: string) => parseTokens(text.replaceAll(',', '').replace(' DMC', ''))
        const down = read(formatTokens(wei))
        const up = read(formatTokens(wei, { round: 'up' }))
        expect(down <= wei && wei - down < 10n ** 12n).toBe(true)
        expect(up >= wei && up - wei < 10n ** 12n).toBe(true)
      }),
    )
  })

  it('shows', () => {
    expect(formatTokens(1_234_567n * 10n ** 18n)).toBe('1,234,567 DMC')
    expect(formatTokens(1n)).toBe('< 0.000001 DMC')
    expect(formatTokens(1n, { round: 'up' })).toBe('0.000001 DMC')
    expect(formatTokens(0n)).toBe('0 DMC')
    expect(formatTokens(-15n * 10n ** 17n, { symbol: 'ETH' })).toBe('-1.5 ETH')
    expect(formatTokens(15n * 10n ** 17n, { digits: 0 })).toBe('1 DMC')
  })
})

describe('time', () => {
  it('durations', () => {
    expect(parseDuration('90s')).toBe(90n)
    expect(parseDuration('1d12h')).toBe(129_600n)
    expect(parseDuration('2w')).toBe(1_209_600n)
    for (const text of ['', '0s', '5', '-1h', '1y', '1e9s', '999999999999w', 'h']) {
      expect(thrown(() => parseDuration(text)).code).toBe('BAD_DURATION')
    }
    expect(formatDuration(0)).toBe('0 s')
    expect(formatDuration(0.44)).toBe('0.4 s')
    expect(formatDuration(0.01)).toBe('< 0.1 s')
    expect(formatDuration(12.9)).toBe('12 s')
    expect(formatDuration(200)).toBe('3 min 20 s')
    expect(formatDuration(604_800n * 4n)).toBe('4 w')
    expect(formatDuration(86_400 + 61)).toBe('1 d')
    expect(formatDuration(Number.NaN)).toBe('unknown')
  })

  it('reads a formatted duration back to within its second part', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), (seconds) => {
        const back = Number(parseDuration(formatDuration(seconds).replaceAll('min', 'm')))
        expect(back).toBeLessThanOrEqual(seconds)
        expect(seconds - back).toBeLessThan(Math.max(60, seconds / 7))
      }),
    )
  })

  it('rates, time left, points in time', () => {
    expect(formatRate(10 << 20, 2)).toBe('5 MiB/s')
    expect(formatRate(1, 0)).toBe('–')
    expect(formatEta(50n, 100n, 10)).toBe('about 10 s')
    expect(formatEta(0, 100, 10)).toBe('–')
    expect(formatEta(100, 100, 10)).toBe('done')
    expect(formatTime(0n)).toBe('1970-01-01 00:00:00 UTC')
    expect(formatTime(1_795_442_709n)).toBe('2026-11-23 14:05:09 UTC')
    expect(formatTime(10n ** 30n)).toBe('unknown')
  })
})
