import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { describe, expect, it } from 'vitest'
import { readWebEnv, WEB_VARIABLES } from './env.ts'

const GOOD = {
  DMC_RPC_URLS: 'http://127.0.0.1:8545',
  DMC_CHAIN_ID: '31337',
  DMC_MARKET: '0x5fbdb2315678afecb367f032d93f642f64180aa3',
}

function thrown(change: Record<string, string>): DmcError {
  try {
    readWebEnv({ ...GOOD, ...change })
  } catch (error) {
    if (DmcError.is(error)) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('readWebEnv', () => {
  it('needs three values, the rest has defaults; a devnet needs two confirmations', () => {
    expect(readWebEnv(GOOD)).toMatchObject({
      host: '127.0.0.1',
      port: 3000,
      origins: [],
      production: false,
      chain: { chainId: 31337, confirmations: 2, market: '0x5FbDB2315678afecb367f032d93F642f64180aa3' },
    })
    expect(readWebEnv({ ...GOOD, DMC_CHAIN_ID: '1' }).chain.confirmations).toBe(12)
    // its own RPC address may hold a key: strangers who begin to pair were once told it
    expect(readWebEnv({ ...GOOD, DMC_CHAIN_ID: '1' }).chain.agentRpcUrls).toEqual([])
  })

  it('takes an empty variable for an unset one', () => {
    expect(readWebEnv({ ...GOOD, PORT: '', DATABASE_URL: '' })).toMatchObject({ port: 3000 })
  })

  it.each([
    ['PORT', '70000'],
    ['PORT', '-1'],
    ['HOST', 'a b'],
    ['DMC_WEB_ORIGIN', 'https://a.example/path'],
    ['DMC_WEB_ORIGIN', 'https://a.example/'],
    ['DMC_WEB_ORIGIN', '*'],
    ['DMC_WEB_ORIGIN', 'https://a.example,evil'],
    ['DMC_CHAIN_ID', '0'],
    ['DMC_MARKET', '0x12'],
    ['DMC_RPC_URLS', 'ftp://x'],
    ['DMC_EXPLORER_URL', 'http://x'],
    ['DMC_TRUST_PROXY', 'yes'],
    ['DMC_SMTP_URL', 'http://mail.example'],
    ['DMC_SMTP_URL', 'smtp://'],
    ['DMC_MAIL_FROM', 'a@b, c@d'],
    ['DMC_ALLOW_PRIVATE_WEBHOOKS', 'yes'],
    ['NODE_ENV', 'staging'],
  ])('%s=%s stops the start, naming it', (name, value) => {
    const error = thrown({ [name]: value })
    expect(error.code).toBe('ENV_INVALID')
    expect(error.message).toContain(name)
    expect(error.message).toContain('allowed:')
  })

  it('has mail only with a server and an address to write from', () => {
    expect(readWebEnv(GOOD)).toMatchObject({ smtp: null, privateWebhooks: false })
    const smtp = { DMC_SMTP_URL: 'smtps://u:p@mail.example', DMC_MAIL_FROM: 'dmc@mail.example' }
    expect(readWebEnv({ ...GOOD, ...smtp }).smtp).toEqual({
      url: smtp.DMC_SMTP_URL,
      from: smtp.DMC_MAIL_FROM,
    })
    expect(thrown({ DMC_SMTP_URL: smtp.DMC_SMTP_URL }).message).toContain('DMC_MAIL_FROM is not set')
  })

  it('shows no password', () => {
    const error = thrown({ DATABASE_URL: 'mysql://user:secret@host/db' })
    expect(error.message).toContain('DATABASE_URL')
    expect(error.message).not.toContain('secret')
    expect(thrown({ DMC_SMTP_URL: 'ftp://user:secret@host' }).message).not.toContain('secret')
  })

  it.each(Object.keys(GOOD))('says that %s is missing', (name) => {
    expect(thrown({ [name]: '' }).message).toContain(`${name} is not set`)
  })
})

describe('docs/ENVIRONMENT.md', () => {
  it('lists exactly the variables that are read, as they are', () => {
    const doc = readFileSync(new URL('../../../docs/ENVIRONMENT.md', import.meta.url), 'utf8')
    const rows = (doc.split('## The dashboard')[1]?.split('\n## ')[0] ?? '')
      .split('\n')
      .filter((line) => /^\| `[A-Z]/.test(line))
    const wanted = Object.entries(WEB_VARIABLES).map(
      ([name, { allowed, what, default: value }]) =>
        `| \`${name}\` | ${value === null ? '–' : `\`${value}\``} | ${allowed} | ${what} |`,
    )
    expect(rows).toEqual(wanted)
  })
})

describe('process.env', () => {
  it('is read in env.ts and nowhere else in the dashboard', () => {
    const guilty = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file) && file !== 'env.ts')
      .filter((file) => /process\s*\.\s*env\b/.test(readFileSync(join(import.meta.dirname, file), 'utf8')))
    expect(guilty).toEqual([])
  })
})
