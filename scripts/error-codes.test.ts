import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ERROR_CODES } from '@dmc/core/errors/codes'
import { describe, expect, it } from 'vitest'

/** design: every code is reached by a test, and no code is only a promise. */
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
})
  .toString()
  .split('\0')
  .filter((file) => existsSync(join(ROOT, file)))

const isTest = (file: string) => /\.test\.ts$|\/test\/.*\.ts$/.test(file)
const textOf = (files: string[]) => files.map((file) => readFileSync(join(ROOT, file), 'utf8')).join('\n')
/** Without comments, and without errors that a test makes up itself: only what it expects counts. */
const expectedIn = (text: string) =>
  text.replace(/^\s*(?:\/\/|\/?\*).*$/gm, '').replace(/new DmcError\(\s*'[A-Z0-9_]+'/g, '')
const has = (text: string, word: string) => new RegExp(`\\b${word}\\b`).test(text)

const own = Object.keys(ERROR_CODES).filter((code) => !code.startsWith('MARKET_'))
const typescript = tracked.filter((file) => /^(apps|packages|scripts)\/.*\.(ts|mjs)$/.test(file))
// what only tells all codes from each other reaches none of them
const tests = expectedIn(
  textOf(typescript.filter((file) => isTest(file) && !/\/(errors|error-codes)\.test\.ts$/.test(file))),
)
const product = textOf(
  typescript.filter((file) => !isTest(file) && file !== 'packages/core/src/errors/codes.ts'),
)

describe('error codes', () => {
  it('are each expected by a test', () => {
    expect(own.length).toBeGreaterThan(80)
    expect(own.filter((code) => !has(tests, code))).toEqual([])
  })

  it('are each said by the product', () => {
    expect(own.filter((code) => !has(product, code))).toEqual([])
  })

  it('of the Market are each expected by one of its own tests', () => {
    const solidity = tracked.filter((file) => /^packages\/contracts\/.*\.sol$/.test(file))
    const sources = textOf(solidity.filter((file) => file.includes('/src/')))
    const names = [...sources.matchAll(/^\s*error (\w+)\(/gm)].map((match) => match[1] ?? '')
    expect(names.length).toBeGreaterThan(50)
    const expected = expectedIn(textOf(solidity.filter((file) => file.includes('/test/'))))
    expect(names.filter((name) => !has(expected, name))).toEqual([])
  })
})
