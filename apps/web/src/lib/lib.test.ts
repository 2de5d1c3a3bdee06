import { DmcError } from '@dmc/core/errors/dmc-error'
import { describe, expect, it } from 'vitest'
import { errorText } from './error-text.ts'
import { localPath } from './local-path.ts'
import { readId } from './read-id.ts'
import { shortenIds, shortHex } from './short-hex.ts'
import { relativeTime } from './times.ts'

describe('errorText', () => {
  it('takes sentence and next step from the API and from the browser alike', () => {
    const dmc = { code: 'BILL_NOT_FOUND', message: 'There is no bill 9.', hint: 'List them.' }
    expect(errorText({ message: 'x', data: { code: 'NOT_FOUND', dmc } })).toEqual(dmc)
    expect(errorText(new DmcError('BILL_NOT_FOUND', 'There is no bill 9.', { hint: 'List them.' }))).toEqual(
      dmc,
    )
  })

  it('tells a lost connection from a fault', () => {
    expect(errorText(new TypeError('Failed to fetch')).message).toBe('The dashboard can’t be reached.')
    expect(errorText(new Error('odd')).message).toBe('odd')
    expect(errorText(undefined).message).toBe('The dashboard can’t be reached.')
  })
})

describe('localPath', () => {
  it('lets nobody send a person elsewhere', () => {
    for (const bad of [
      '//evil.example',
      'https://evil.example',
      '/\\evil.example',
      'javascript:alert(1)',
      '',
      '/a\n/b',
    ]) {
      expect(localPath(bad)).toBeNull()
    }
    expect(localPath('/u/sources/new?agent=1&bill=2')).toBe('/u/sources/new?agent=1&bill=2')
  })
})

it('readId takes ids of the chain only', () => {
  expect(readId('12')).toBe(12n)
  for (const bad of ['0', '-1', '1 OR 1=1', '01', '1.5', '9'.repeat(30)]) expect(readId(bad)).toBeNull()
})

it('long hex keeps both ends, in a sentence and alone', () => {
  expect(shortHex(`0x${'ab'.repeat(32)}`)).toBe('0xabab…abab')
  expect(shortHex('0x12')).toBe('0x12')
  expect(shortenIds(`root 0x${'ab'.repeat(32)} of 16c367a8fa3892d1.`)).toBe('root 0xabab…abab of 16c367a8….')
})

it('relative times read as people say them', () => {
  expect(relativeTime(1_000, 1_002)).toBe('just now')
  expect(relativeTime(1_000, 1_200)).toBe('3 min ago')
  expect(relativeTime(1_000 + 15 * 86_400, 1_000)).toBe('in 2 w 1 d')
})
