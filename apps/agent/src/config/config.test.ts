import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readEnv } from '../env.ts'
import { readConfigFile, writeConfigFile } from './config-file.ts'
import { nearest } from './nearest.ts'
import { resolveConfig, toAgentConfig } from './resolve-config.ts'
import { SETTING_KEYS, SETTINGS } from './settings.ts'
import { showSetting } from './show-setting.ts'

const MARKET = '0x5FbDB2315678afecb367f032d93F642f64180aa3'
let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmc-config-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function thrown(work: () => unknown): DmcError {
  try {
    work()
  } catch (error) {
    if (DmcError.is(error)) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

const write = (text: string): string => {
  const file = join(folder, 'config.json')
  writeFileSync(file, text)
  return file
}

describe('config.json', () => {
  it('may be missing', () => {
    expect(readConfigFile(join(folder, 'none.json'))).toEqual({ raw: {}, values: {} })
  })

  it('comes back as it was written, in groups, for its owner only', () => {
    const file = join(folder, 'deeper', 'config.json')
    const raw = { 'chain.rpcUrls': ['http://127.0.0.1:1'], 'chain.chainId': 1, spoolLimit: '2GiB' }
    writeConfigFile(file, raw)
    expect(readConfigFile(file).raw).toEqual(raw)
    expect(readConfigFile(file).values.spoolLimit).toBe(2 ** 31)
    expect(JSON.parse(readFileSync(file, 'utf8')).chain.chainId).toBe(1)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it.each([
    ['{\n  "chain": {\n    "chainId": 1,\n  }\n}', 'line 4, column 3'],
    ['', 'line 1, column 1'],
    ['{"chain"', 'is not JSON'],
    ['[]', 'must be a JSON object'],
    ['{"chain": 5}', 'chain must be a JSON object'],
    ['{"chain": {"markt": "0x"}}', "'chain.markt' is not a setting"],
    ['{"chain": {"chainId": "1"}}', 'chain.chainId is "1"; allowed: a whole number from 1'],
    ['{"listen": {"port": 80}}', 'listen.port is 80'],
    ['{"chain": {"rpcUrls": ["https://secret@x/token", "no url"]}}', 'chain.rpcUrls is not allowed'],
    ['{"spoolLimit": null}', 'spoolLimit is null'],
    ['{"__proto__": {"x": 1}}', "'__proto__' is not a setting"],
  ])('%s is refused', (text, words) => {
    const error = thrown(() => readConfigFile(write(text)))
    expect(error.code).toBe('CONFIG_INVALID')
    expect(error.message).toContain(words)
    expect(error.message).not.toContain('token')
  })

  it('names the nearest key', () => {
    const error = thrown(() => readConfigFile(write('{"chain": {"markt": "0x"}}')))
    expect(error.hint).toBe("Did you mean 'chain.market'?")
  })

  it('that cannot be read is an error, not an empty one', () => {
    expect(thrown(() => readConfigFile(folder)).code).toBe('CONFIG_INVALID')
  })
})

describe('resolveConfig', () => {
  it('puts flags before environment before file before default, and says which', () => {
    write(JSON.stringify({ chain: { chainId: 5, confirmations: 3 }, logLevel: 'error', owner: MARKET }))
    const env = readEnv({ DMC_CHAIN_ID: '6', DMC_LOG_LEVEL: 'debug' })
    const { values, origins } = resolveConfig(
      { dataDir: folder, settings: { logLevel: 'warning' } },
      { ...env },
    )
    expect(values).toMatchObject({
      logLevel: 'warning',
      'chain.chainId': 6,
      'chain.confirmations': 3,
      'listen.port': 4450,
    })
    expect(origins).toMatchObject({
      logLevel: 'flag',
      'chain.chainId': 'environment',
      'chain.confirmations': 'file',
      'listen.port': 'default',
      'chain.market': 'unset',
    })
  })

  it('waits for fewer confirmations on a devnet, unless told', () => {
    const at = (env: Record<string, string>) => resolveConfig({ dataDir: folder }, readEnv(env)).values
    expect(at({ DMC_CHAIN_ID: '31337' })['chain.confirmations']).toBe(2)
    expect(at({ DMC_CHAIN_ID: '1' })['chain.confirmations']).toBe(12)
    expect(at({ DMC_CHAIN_ID: '31337', DMC_CONFIRMATIONS: '7' })['chain.confirmations']).toBe(7)
  })

  it('finds its file in the data folder, or where it is told', () => {
    const other = join(folder, 'other.json')
    writeFileSync(other, '{"logLevel":"error"}')
    expect(resolveConfig({ dataDir: folder }, readEnv({})).configFile).toBe(join(folder, 'config.json'))
    expect(resolveConfig({ dataDir: folder, config: other }, readEnv({})).values.logLevel).toBe('error')
    const byEnv = readEnv({ DMC_DATA_DIR: folder, DMC_CONFIG: other })
    expect(resolveConfig({}, byEnv)).toMatchObject({ dataDir: folder, configFile: other })
  })

  it('refuses a bad flag', () => {
    const bad = () => resolveConfig({ dataDir: folder, settings: { logLevel: 'loud' } }, readEnv({}))
    expect(thrown(bad).code).toBe('CONFIG_INVALID')
  })
})

describe('toAgentConfig', () => {
  it('names everything that is missing at once', () => {
    const error = thrown(() =>
      toAgentConfig(resolveConfig({ dataDir: folder }, readEnv({ DMC_CHAIN_ID: '1' }))),
    )
    expect(error.code).toBe('NOT_INITIALISED')
    expect(error.message).toContain('chain.rpcUrls, chain.market')
    expect(error.message).not.toContain('chainId')
  })

  it('is complete with the chain alone', () => {
    const env = readEnv({ DMC_CHAIN_ID: '1', DMC_RPC_URLS: 'http://127.0.0.1:1', DMC_MARKET: MARKET })
    expect(toAgentConfig(resolveConfig({ dataDir: folder }, env))).toEqual({
      dataDir: folder,
      chain: {
        rpcUrls: ['http://127.0.0.1:1'],
        chainId: 1,
        market: MARKET,
        token: null,
        confirmations: 12,
      },
      owner: null,
      dashboard: null,
      roots: { read: [], restore: [], sector: [] },
      listen: { host: '127.0.0.1', port: 4450, publicUrl: null, plainHttp: false },
      allowPrivateEndpoints: false,
      checks: { perDay: 24, leaves: 20, policy: 'ask', spendCap: 0n },
      bandwidth: { upload: null, download: null },
      backupThreads: null,
      spoolLimit: 2 ** 31,
      answer: { mostGasWei: 5n * 10n ** 16n, tokenPriceWei: null },
      scrub: { days: 30 },
      slash: { automatic: true },
      claim: { automatic: true, minimum: 10n ** 18n },
      healthPort: 0,
      logLevel: 'info',
    })
  })
})

describe('showSetting', () => {
  it('hides what may be a token in a URL, unless asked for in full', () => {
    const urls = ['https://user:pw@a.example/v2/TOKEN?k=1', 'http://127.0.0.1:8545']
    expect(showSetting('chain.rpcUrls', urls)).toBe('https://a.example/…,http://127.0.0.1:8545')
    expect(showSetting('chain.rpcUrls', urls, { full: true })).toContain('TOKEN')
  })

  it('writes what `config set` takes back', () => {
    for (const key of SETTING_KEYS) {
      const { default: value, fromText, schema } = SETTINGS[key]
      if (value === undefined || value === null) continue
      expect(schema.parse(fromText(showSetting(key, value)))).toEqual(value)
    }
  })
})

describe('nearest', () => {
  it('finds what was meant', () => {
    expect(nearest('chain.martket', SETTING_KEYS)).toBe('chain.market')
    expect(nearest('LOGLEVEL', SETTING_KEYS)).toBe('logLevel')
    expect(nearest('ab', ['ba', 'xyz'])).toBe('ba')
    expect(nearest('completely different', SETTING_KEYS)).toBeNull()
  })

  it('knows every word itself', () => {
    fc.assert(fc.property(fc.string({ maxLength: 20 }), (word) => nearest(word, [word]) === word))
  })
})
