import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { describe, expect, it } from 'vitest'
import { SETTING_KEYS, SETTINGS } from './config/settings.ts'
import { showSetting } from './config/show-setting.ts'
import { OTHER_VARIABLES, readEnv, VARIABLE_NAMES } from './env.ts'

function thrown(source: Record<string, string>): DmcError {
  try {
    readEnv(source)
  } catch (error) {
    if (DmcError.is(error)) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('readEnv', () => {
  it('reads settings with their types', () => {
    const env = readEnv({
      DMC_RPC_URLS: 'https://a.example/key, http://127.0.0.1:8545',
      DMC_CHAIN_ID: '31337',
      DMC_MARKET: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
      DMC_ALLOW_PRIVATE_ENDPOINTS: 'yes',
      DMC_SPOOL_LIMIT: '1.5GiB',
      DMC_LISTEN_PORT: '0',
    })
    expect(env.settings).toEqual({
      'chain.rpcUrls': ['https://a.example/key', 'http://127.0.0.1:8545'],
      'chain.chainId': 31337,
      'chain.market': '0x5FbDB2315678afecb367f032d93F642f64180aa3',
      allowPrivateEndpoints: true,
      spoolLimit: 3 * 2 ** 29,
      'listen.port': 0,
    })
  })

  it('takes an empty variable for an unset one', () => {
    const env = readEnv({ DMC_CHAIN_ID: '', DMC_DATA_DIR: '', NO_COLOR: '', FORCE_COLOR: '0' })
    expect(env.settings).toEqual({})
    expect(env).toMatchObject({ dataDir: null, noColor: false, forceColor: false, fastScrypt: false })
  })

  it.each([
    ['DMC_CHAIN_ID', 'abc'],
    ['DMC_CHAIN_ID', '0'],
    ['DMC_CHAIN_ID', '1.5'],
    ['DMC_LISTEN_PORT', '22'],
    ['DMC_LISTEN_PORT', '70000'],
    ['DMC_MARKET', '0x12'],
    ['DMC_RPC_URLS', 'ftp://x'],
    ['DMC_RPC_URLS', ','],
    ['DMC_SPOOL_LIMIT', '10GBB'],
    ['DMC_SPOOL_LIMIT', '1KiB'],
    ['DMC_UPLOAD_LIMIT', '127KiB'],
    ['DMC_DOWNLOAD_LIMIT', 'fast'],
    ['DMC_LOG_LEVEL', 'loud'],
    ['DMC_PUBLIC_URL', 'https://a.example:4450/path'],
    ['DMC_PUBLIC_URL', 'https://user@a.example:4450'],
    ['DMC_ALLOW_PRIVATE_ENDPOINTS', 'maybe'],
    ['DMC_TEST_FAST_SCRYPT', 'yes'],
    ['DMC_HASHER', 'wasm'],
  ])('refuses %s=%s naming the variable, what was given and what is allowed', (name, value) => {
    const error = thrown({ [name]: value })
    expect(error.code).toBe('ENV_INVALID')
    expect(error.exitCode).toBe(78)
    expect(error.message).toContain(name)
    expect(error.message).toContain('allowed: ')
    // An RPC URL may hold a token.
    expect(error.message.includes(`'${value}'`)).toBe(name !== 'DMC_RPC_URLS')
  })

  it('names variables that mean nothing, with the nearest', () => {
    expect(readEnv({ DMC_RPC_URL: 'x', DMC_ZZZZZZZZZZZZ: 'x', OTHER: 'x' }).unknown).toEqual([
      { name: 'DMC_RPC_URL', nearest: 'DMC_RPC_URLS' },
      { name: 'DMC_ZZZZZZZZZZZZ', nearest: null },
    ])
  })
})

describe('docs/ENVIRONMENT.md', () => {
  const doc = readFileSync(new URL('../../../docs/ENVIRONMENT.md', import.meta.url), 'utf8')
  const rows = (doc.split('## The dashboard')[0] ?? '').split('\n').filter((line) => /^\| `[A-Z]/.test(line))
  const cell = (text: string) => text.replaceAll('|', '\\|')

  it('lists exactly the variables that are read, as they are', () => {
    const settings = SETTING_KEYS.map((key) => {
      const { env, allowed, what, default: value } = SETTINGS[key]
      const unset = value === undefined ? 'must be given' : '–'
      const shown = value === undefined || value === null ? unset : `\`${showSetting(key, value)}\``
      return `| \`${env}\` | \`${key}\` | ${shown} | ${cell(allowed)} | ${cell(what)} |`
    })
    const others = Object.entries(OTHER_VARIABLES).map(
      ([name, { allowed, what }]) => `| \`${name}\` | ${cell(allowed)} | ${cell(what)} |`,
    )
    expect(rows).toEqual([...settings, ...others])
    expect(new Set(VARIABLE_NAMES).size).toBe(rows.length)
  })
})

describe('process.env', () => {
  const SRC = import.meta.dirname

  it('is read in env.ts and nowhere else in the agent', () => {
    const guilty = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== 'env.ts')
      .filter((file) => !file.split('/').includes('test'))
      .filter((file) => {
        // Handing the whole environment to a child process reads nothing of it.
        const text = readFileSync(join(SRC, file), 'utf8').replaceAll('...process.env', '')
        return /process\s*\.\s*env\b|process\[['"]env|\{[^}]*\benv\b[^}]*\}\s*=\s*process\b/.test(text)
      })
    expect(guilty).toEqual([])
  })

  it('would be found', () => {
    expect(readFileSync(join(SRC, 'env.ts'), 'utf8')).toContain('= process.env')
  })
})
