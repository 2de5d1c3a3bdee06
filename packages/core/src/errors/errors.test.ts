import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ERROR_CODES, type ErrorCode } from './codes.ts'
import { DmcError } from './dmc-error.ts'
import { reviveError, toDmcError } from './to-dmc-error.ts'

const CODES = Object.keys(ERROR_CODES) as ErrorCode[]
const DOC = readFileSync(new URL('../../../../docs/ERRORS.md', import.meta.url), 'utf8')

/** code -> the cells of its row. */
const rows = [...DOC.matchAll(/^\| `([A-Z0-9_]+)` \| (\d+) \| (yes|no) \| (.+) \|$/gm)].map(
  ([, code = '', exit, retry, words = '']) => ({
    code,
    exit: Number(exit),
    retryable: retry === 'yes',
    words,
  }),
)

describe('docs/ERRORS.md', () => {
  it('lists exactly the codes of codes.ts, each once, in their order', () => {
    expect(rows.map(({ code }) => code)).toEqual(CODES)
  })

  it('says the exit code and whether a retry helps', () => {
    const said = rows.map(({ code, exit, retryable }) => [code, { exit, retryable }])
    expect(Object.fromEntries(said)).toEqual(ERROR_CODES)
  })

  it('has a sentence for each', () => {
    for (const { code, words } of rows) expect(words, code).toMatch(/^[A-Z`].{9,}[.`]$/)
  })

  it('explains every exit code that is used', () => {
    const explained = [...DOC.matchAll(/^\| (\d+) \| \w/gm)].map(([, exit]) => Number(exit))
    const used = new Set(Object.values(ERROR_CODES).map(({ exit }) => exit))
    expect(explained).toEqual(expect.arrayContaining([0, ...used]))
  })
})

describe('DmcError', () => {
  it('takes exit code and retry from its code, unless told otherwise', () => {
    const error = new DmcError('RPC_UNREACHABLE', 'No answer.', { hint: 'Look.' })
    expect(error.exitCode).toBe(6)
    expect(error.retryable).toBe(true)
    expect(new DmcError('RPC_UNREACHABLE', 'x', { hint: 'y', retryable: false }).retryable).toBe(false)
    expect(error.toJSON()).toEqual({
      code: 'RPC_UNREACHABLE',
      message: 'No answer.',
      hint: 'Look.',
      retryable: true,
    })
  })

  it('is known across copies of the package, and not mistaken for others', () => {
    expect(DmcError.is(new DmcError('BUG', 'x', { hint: 'y' }))).toBe(true)
    for (const other of [new Error('x'), { code: 'BUG' }, null, undefined, 'BUG']) {
      expect(DmcError.is(other)).toBe(false)
    }
  })

  it('keeps the cause for --debug', () => {
    const cause = new Error('inner')
    expect(new DmcError('BUG', 'x', { hint: 'y', cause }).cause).toBe(cause)
  })
})

describe('toDmcError', () => {
  it('passes a DmcError on and makes anything else a BUG', () => {
    const error = new DmcError('USAGE', 'x', { hint: 'y' })
    expect(toDmcError(error)).toBe(error)
    expect(toDmcError(new TypeError('boom'))).toMatchObject({
      code: 'BUG',
      message: 'Unexpected failure: boom',
    })
    expect(toDmcError('text').message).toContain('text')
  })
})

describe('reviveError', () => {
  it('brings back what toJSON wrote', () => {
    const error = new DmcError('DISK_FULL', 'Full.', { hint: 'Free some.' })
    const revived = reviveError(JSON.parse(JSON.stringify(error)))
    expect(revived.toJSON()).toEqual(error.toJSON())
  })

  it('survives anything a peer may send', () => {
    for (const json of [null, 5, 'x', [], {}, { code: 'toString' }, { code: '__proto__', message: {} }]) {
      expect(reviveError(json).code).toBe('PEER_ERROR')
    }
    const long = reviveError({ code: 'NEW_CODE', message: 'm'.repeat(5000), hint: 7 })
    expect(long.code).toBe('PEER_ERROR')
    expect(long.message).toMatch(/^NEW_CODE: m+$/)
    expect(long.message.length).toBeLessThan(1100)
  })
})
