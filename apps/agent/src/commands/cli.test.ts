import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { entropyToPhrase } from '@dmc/core/keys/phrase'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CliHome, type CliResult, cliHome, DEVNET, lastDocument } from './test/run-cli.ts'

const KEY = '12'.repeat(32)
const ANVIL_KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const PHRASE = entropyToPhrase(new Uint8Array(32).fill(3))
let home: CliHome
beforeEach(() => {
  home = cliHome()
})
afterEach(() => home.remove())

/** Exit code, code and the whole text, for an error that must be for people: no stack, nothing on stdout. */
function error(result: CliResult): [number | null, string | undefined] {
  expect(result.stdout).toBe('')
  expect(result.stderr).not.toMatch(/\n\s+at /)
  expect(result.stderr).toContain('\n  next: ')
  return [result.exitCode, /^error: .* \(([A-Z_]+)\)$/m.exec(result.stderr)?.[1]]
}

describe('usage', () => {
  it.each([
    [['sectr'], "Unknown command 'sectr'", 'Did you mean sector?'],
    [['order', 'creat'], "Unknown command 'creat'", 'Did you mean create?'],
    [['market', '--weks', '3'], "Unknown option '--weks'", 'Did you mean --weeks?'],
    [['order', 'create'], "Required option '--source", 'dmc-agent order create --help'],
    [['backup'], "Missing required argument 'source'", 'dmc-agent backup --help'],
    [['order'], '`dmc-agent order` needs a command', 'dmc-agent order --help'],
    [['market', 'x'], 'Too many arguments', 'dmc-agent market --help'],
  ])('%j', async (args, message, hint) => {
    const result = await home.run(args)
    expect(error(result)).toEqual([64, 'USAGE'])
    expect(result.stderr).toContain(message)
    expect(result.stderr).toContain(hint)
  })

  it.each([
    [['sector', 'add', '/tmp/x', '--size', '10GBB'], 'BAD_SIZE'],
    [
      ['bill', 'create', '--sector', 'x', '--price=-1', '--pledge-rate', '4', '--weeks', '4-52'],
      'BAD_AMOUNT',
    ],
    [['source', 'add', '/tmp', '--weeks', '4'], 'USAGE'],
    [['journal', '--since', 'yesterday'], 'BAD_DURATION'],
    [['restore', 'latest'], 'USAGE'],
  ])('%j is refused before anything is opened', async (args, code) => {
    expect(error(await home.run(args))).toEqual([64, code])
    expect(existsSync(home.dataDir)).toBe(false)
  })

  it('is a document with --json, wherever that stands', async () => {
    for (const args of [
      ['--json', 'sectr'],
      ['order', 'create', '--json'],
    ]) {
      const result = await home.run(args)
      expect(result.exitCode).toBe(64)
      expect(result.stderr).toBe('')
      expect(lastDocument(result)).toMatchObject({ v: 1, type: 'error', code: 'USAGE' })
    }
  })

  it('without arguments, a terminal and a pairing says what to do, with exit code 78', async () => {
    const bare = await home.run([])
    expect([bare.exitCode, bare.stdout]).toEqual([78, ''])
    expect(bare.stderr).toContain('(NOT_PAIRED)')
    expect(bare.stderr).toContain('dmc-agent pair --token')
  })

  it('shows help and the version when asked', async () => {
    const help = await home.run(['--help'])
    expect([help.exitCode, help.stderr]).toEqual([0, ''])
    expect(help.stdout).toContain('Set up:')
    const version = await home.run(['--version'])
    expect(version.stdout).toMatch(/^dmc-agent \d+\.\d+\.\d+\n$/)
    const json = lastDocument(await home.run(['version', '--json']))
    expect(json).toMatchObject({ v: 1, type: 'version', node: process.versions.node, wireProtocol: 1 })
  })

  it('does not mind a reader that has enough', async () => {
    const result = await home.run(['completion', 'bash'], {
      onSpawn: (child) => child.stdout?.once('data', () => child.stdout?.destroy()),
    })
    expect(result.stderr).toBe('')
  })
})

describe('configuration', () => {
  it('tells a bad variable, 78', async () => {
    const result = await home.run(['config', 'list'], { env: { DMC_LISTEN_PORT: '80' } })
    expect(error(result)).toEqual([78, 'ENV_INVALID'])
    expect(result.stderr).toContain(
      "DMC_LISTEN_PORT is '80'; allowed: 0, or a whole number from 1024 to 65535",
    )
  })

  it('tells a bad file with its line, 78', async () => {
    mkdirSync(home.dataDir)
    writeFileSync(join(home.dataDir, 'config.json'), '{\n  "logLevel": "info",,\n}')
    const result = await home.run(['config', 'list'])
    expect(error(result)).toEqual([78, 'CONFIG_INVALID'])
    expect(result.stderr).toContain('line 2, column 22')
  })

  it('sets, shows and unsets, and says where a value comes from', async () => {
    expect(
      (await home.run(['config', 'set', 'chain.rpcUrls', 'https://a.example/TOKEN,http://127.0.0.1:1']))
        .stdout,
    ).toBe('chain.rpcUrls = https://a.example/…,http://127.0.0.1:1\n')
    expect((await home.run(['config', 'get', 'chain.rpcUrls'])).stdout).toBe(
      'https://a.example/TOKEN,http://127.0.0.1:1\n',
    )
    const env = { DMC_LOG_LEVEL: 'error' }
    const list = lastDocument(await home.run(['config', 'list', '--json'], { env }))
    const origins = Object.fromEntries(
      (list.settings as { key: string; origin: string }[]).map(({ key, origin }) => [key, origin]),
    )
    expect(origins).toMatchObject({
      'chain.rpcUrls': 'file',
      logLevel: 'environment',
      spoolLimit: 'default',
      owner: 'unset',
    })
    const shadowed = await home.run(['config', 'set', 'logLevel', 'debug'], { env })
    expect(shadowed.stderr).toContain('DMC_LOG_LEVEL is set and wins')
    await home.run(['config', 'set', 'chain.rpcUrls', '--unset'])
    expect((await home.run(['config', 'get', 'chain.rpcUrls'])).stdout).toBe('')
    expect(statSync(join(home.dataDir, 'config.json')).mode & 0o777).toBe(0o600)
  })

  it('refuses an unknown key and a bad value, 78', async () => {
    const key = await home.run(['config', 'set', 'loglevel', 'info'])
    expect(error(key)).toEqual([78, 'CONFIG_INVALID'])
    expect(key.stderr).toContain("Did you mean 'logLevel'?")
    expect(error(await home.run(['config', 'set', 'logLevel', 'loud']))).toEqual([78, 'CONFIG_INVALID'])
    expect(existsSync(home.dataDir)).toBe(false)
  })

  it('warns about variables that mean nothing', async () => {
    const result = await home.run(['config', 'path'], { env: { DMC_RPC_URL: 'x' } })
    expect(result.exitCode).toBe(0)
    expect(result.stderr).toContain('DMC_RPC_URL is not a variable of this agent; did you mean DMC_RPC_URLS?')
  })

  it('is needed before anything else, 78', async () => {
    for (const args of [['status'], ['run'], ['sector', 'list'], ['backup', 'x']]) {
      const result = await home.run(args)
      expect(error(result)).toEqual([78, 'NOT_INITIALISED'])
      expect(result.stderr).toContain('dmc-agent init')
    }
    await home.initialise()
    const result = await home.run(['run'])
    expect(error(result)).toEqual([78, 'NOT_INITIALISED'])
    expect(result.stderr).toContain('chain.rpcUrls, chain.chainId, chain.market not set')
  })

  it('asks for a running agent where one is needed, 78', async () => {
    await home.initialise()
    for (const args of [['stop'], ['journal', '--follow']]) {
      expect(error(await home.run(args, { env: DEVNET }))).toEqual([78, 'AGENT_NOT_RUNNING'])
    }
  })
})

describe('init', () => {
  const env = () => ({ DMC_PASSWORD_FILE: home.passwordFile })
  const chain = ['--rpc', 'http://127.0.0.1:9', '--chain-id', '31337', '--market', DEVNET.DMC_MARKET]

  it('makes keystore and configuration, and prints the phrase once to a script that said --yes', async () => {
    const result = await home.run(['init', '--yes', '--json', ...chain], { env: env() })
    expect(result.exitCode).toBe(0)
    const { phrase, operator } = lastDocument(result)
    expect(String(phrase).split(' ')).toHaveLength(24)
    expect(operator).toMatch(/^0x[0-9a-fA-F]{40}$/)
    expect(statSync(join(home.dataDir, 'keystore.json')).mode & 0o777).toBe(0o600)
    expect((await home.run(['config', 'get', 'chain.market'])).stdout.trim()).toBe(DEVNET.DMC_MARKET)
    const again = await home.run(['init', '--yes', ...chain], { env: env() })
    expect(error(again)).toEqual([78, 'ALREADY_INITIALISED'])
  })

  it('writes the phrase to a private file instead, never over another', async () => {
    const file = join(home.folder, 'phrase')
    const result = await home.run(['init', '--phrase-file', file, ...chain], { env: env() })
    expect(result.exitCode).toBe(0)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const phrase = readFileSync(file, 'utf8').trim()
    expect(phrase.split(' ')).toHaveLength(24)
    expect(result.stdout + result.stderr).not.toContain(phrase)
    const second = ['init', '--data-dir', join(home.folder, 'second'), '--phrase-file', file, ...chain]
    expect(error(await home.run(second, { env: env() }))).toEqual([78, 'ALREADY_INITIALISED'])
    expect(existsSync(join(home.folder, 'second'))).toBe(false)
  })

  it('makes nothing when nobody can write the phrase down, 2', async () => {
    expect(error(await home.run(['init', ...chain], { env: env() }))).toEqual([2, 'NOT_CONFIRMED'])
    expect(existsSync(home.dataDir)).toBe(false)
  })

  it('makes nothing without a password, 5', async () => {
    const result = await home.run(['init', '--phrase-file', join(home.folder, 'p'), ...chain])
    expect(error(result)).toEqual([5, 'KEY_PASSWORD_MISSING'])
    expect(existsSync(home.dataDir)).toBe(false)
    // nor the words of a host that never was: kept, they would open nothing
    expect(existsSync(join(home.folder, 'p'))).toBe(false)
    const printed = await home.run(['init', '--yes', ...chain])
    expect(error(printed)).toEqual([5, 'KEY_PASSWORD_MISSING'])
    expect(printed.stdout).toBe('')
  })

  it('makes a random password for a host without a person', async () => {
    const file = join(home.folder, 'secrets', 'password')
    const args = ['init', '--yes', '--new-password-file', file, ...chain]
    expect((await home.run(args)).exitCode).toBe(0)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const wallet = await home.run(['wallet', 'create'], { env: { DMC_PASSWORD_FILE: file } })
    expect(wallet.exitCode).toBe(0)
  })

  it('recovers from standard input or a private file; never from the command line', async () => {
    const first = await home.run(['init', '--recover', '--phrase-file', '-', ...chain], {
      env: env(),
      input: PHRASE,
    })
    expect(first.exitCode).toBe(0)
    const file = join(home.folder, 'phrase')
    writeFileSync(file, `${PHRASE}\n`, { mode: 0o600 })
    const second = [
      'init',
      '--recover',
      '--data-dir',
      join(home.folder, 'b'),
      '--phrase-file',
      file,
      ...chain,
    ]
    expect((await home.run(second, { env: env() })).exitCode).toBe(0)
    chmodSync(file, 0o644)
    const third = ['init', '--recover', '--data-dir', join(home.folder, 'c'), '--phrase-file', file, ...chain]
    expect(error(await home.run(third, { env: env() }))).toEqual([5, 'KEY_PERMISSIONS'])
    expect((await home.run(['init', '--help'])).stdout).not.toContain('--phrase <')
  })

  it('refuses a wrong phrase without repeating it, 5', async () => {
    const wrong = PHRASE.replace(/^\w+/, 'zoo')
    const result = await home.run(['init', '--recover', '--phrase-file', '-', ...chain], {
      env: env(),
      input: wrong,
    })
    expect(error(result)).toEqual([5, 'PHRASE_INVALID'])
    expect(result.stderr).not.toContain(PHRASE.split(' ')[5])
  })

  it('keeps tests’ key derivation to devnets, 78', async () => {
    const real = ['--rpc', 'http://127.0.0.1:9', '--chain-id', '1', '--market', DEVNET.DMC_MARKET]
    expect(error(await home.run(['init', '--yes', ...real], { env: env() }))).toEqual([78, 'ENV_INVALID'])
  })

  it('asks the chain for its id, and says when it can’t, 6', async () => {
    const rpc = createServer((request, response) => {
      request.resume().on('end', () => response.end('{"jsonrpc":"2.0","id":1,"result":"0x7a69"}'))
    })
    await new Promise<void>((done) => rpc.listen(0, '127.0.0.1', done))
    const url = `http://127.0.0.1:${(rpc.address() as AddressInfo).port}`
    const found = await home.run(['init', '--yes', '--rpc', url, '--market', DEVNET.DMC_MARKET], {
      env: env(),
    })
    expect(found.exitCode).toBe(0)
    expect((await home.run(['config', 'get', 'chain.chainId'])).stdout).toBe('31337\n')
    rpc.closeAllConnections()
    await new Promise((done) => rpc.close(done))
    const gone = ['init', '--yes', '--data-dir', join(home.folder, 'b'), '--rpc', `${url}/SECRET`]
    const result = await home.run(gone, { env: env() })
    expect(error(result)).toEqual([6, 'RPC_UNREACHABLE'])
    expect(result.stderr).not.toContain('SECRET')
  })

  it('says when the data folder cannot be written, 7', async () => {
    writeFileSync(join(home.folder, 'file'), '')
    const args = ['init', '--yes', '--data-dir', join(home.folder, 'file', 'x'), ...chain]
    const result = await home.run(args, { env: env() })
    expect(result.exitCode).toBe(7)
    expect(result.stdout).toBe('')
    const files = ['--phrase-file', join(home.folder, 'p'), '--new-password-file', join(home.folder, 'w')]
    expect((await home.run([...args, ...files])).exitCode).toBe(7)
    expect(existsSync(join(home.folder, 'p'))).toBe(false)
    expect(existsSync(join(home.folder, 'w'))).toBe(false)
  })

  it.runIf(process.platform === 'linux')(
    'ends, too, where no folder can be made and none is refused, 7',
    async () => {
      const args = ['init', '--yes', '--data-dir', '/proc/dmc-nothing/x', ...chain]
      expect((await home.run(args, { env: env() })).exitCode).toBe(7)
    },
  )
})

describe('wallet', () => {
  const env = () => ({ ...DEVNET, DMC_PASSWORD_FILE: home.passwordFile })
  beforeEach(() => home.initialise())

  it('is made, shown, exported and imported again', async () => {
    const created = await home.run(['wallet', 'create', '--json'], { env: env() })
    const { address } = lastDocument(created)
    expect((await home.run(['config', 'get', 'owner'])).stdout.trim()).toBe(address)
    const shown = lastDocument(await home.run(['wallet', 'show', '--offline', '--json'], { env: env() }))
    expect(shown).toMatchObject({ wallet: { address } })
    expect(error(await home.run(['wallet', 'create'], { env: env() }))).toEqual([78, 'ALREADY_INITIALISED'])
    const file = join(home.folder, 'key')
    const exported = await home.run(['wallet', 'export', file], { env: env() })
    const key = readFileSync(file, 'utf8').trim()
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(exported.stdout + exported.stderr).not.toContain(key)
    const other = await home.run(['wallet', 'import', '-', '--replace'], { env: env(), input: KEY })
    expect(other.stdout.trim()).not.toBe(address)
    const back = await home.run(['wallet', 'import', file, '--replace'], { env: env() })
    expect(back.stdout.trim()).toBe(address)
  })

  it('refuses a key as an argument, and in a file that others can read', async () => {
    const argument = await home.run(['wallet', 'import', KEY], { env: env() })
    expect(error(argument)).toEqual([64, 'USAGE'])
    expect(argument.stderr).not.toContain(KEY)
    const file = join(home.folder, 'key')
    writeFileSync(file, KEY, { mode: 0o644 })
    expect(error(await home.run(['wallet', 'import', file], { env: env() }))).toEqual([5, 'KEY_PERMISSIONS'])
    const nonsense = await home.run(['wallet', 'import', '-'], { env: env(), input: 'hunter2' })
    expect(error(nonsense)).toEqual([5, 'KEY_CORRUPT'])
    expect(nonsense.stderr).not.toContain('hunter2')
  })

  it('takes a published test key on a devnet only, 5', async () => {
    const real = await home.run(['wallet', 'import', '-'], {
      env: { ...env(), DMC_CHAIN_ID: '1' },
      input: ANVIL_KEY,
    })
    expect(error(real)).toEqual([5, 'DEVNET_KEY_REFUSED'])
    expect((await home.run(['wallet', 'import', '-'], { env: env(), input: ANVIL_KEY })).exitCode).toBe(0)
    const moved = await home.run(['sector', 'list'], { env: { ...env(), DMC_CHAIN_ID: '1' } })
    expect(error(moved)).toEqual([5, 'DEVNET_KEY_REFUSED'])
  })

  it('needs the password, 5', async () => {
    const { DMC_PASSWORD_FILE: _file, ...without } = env()
    expect(error(await home.run(['wallet', 'create'], { env: without }))).toEqual([5, 'KEY_PASSWORD_MISSING'])
    writeFileSync(home.passwordFile, 'wrong\n')
    expect(error(await home.run(['wallet', 'create'], { env: env() }))).toEqual([5, 'KEY_PASSWORD_WRONG'])
    chmodSync(home.passwordFile, 0o644)
    expect(error(await home.run(['wallet', 'create'], { env: env() }))).toEqual([5, 'KEY_PERMISSIONS'])
  })

  it('tells a keystore that others can read, or that is damaged, 5', async () => {
    const file = join(home.dataDir, 'keystore.json')
    chmodSync(file, 0o640)
    const open = await home.run(['wallet', 'create'], { env: env() })
    expect(error(open)).toEqual([5, 'KEY_PERMISSIONS'])
    expect(open.stderr).toContain('0640')
    chmodSync(file, 0o600)
    writeFileSync(file, readFileSync(file, 'utf8').replace('scrypt', 'sprypt'))
    expect(error(await home.run(['wallet', 'create'], { env: env() }))).toEqual([5, 'KEY_CORRUPT'])
  })
})

describe('password', () => {
  it('changes', async () => {
    await home.initialise()
    const file = join(home.folder, 'next')
    const env = { ...DEVNET, DMC_PASSWORD_FILE: home.passwordFile }
    expect((await home.run(['password', '--new-password-file', file], { env })).exitCode).toBe(0)
    expect(error(await home.run(['wallet', 'create'], { env }))).toEqual([5, 'KEY_PASSWORD_WRONG'])
    const next = await home.run(['wallet', 'create'], { env: { ...env, DMC_PASSWORD_FILE: file } })
    expect(next.exitCode).toBe(0)
  })
})

describe('doctor', () => {
  it('checks what it can without password or agent, and says how to put the rest right, 1', async () => {
    const none = await home.run(['doctor', '--json'], { env: DEVNET })
    expect(none.exitCode).toBe(1)
    await home.initialise()
    const result = await home.run(['doctor', '--json'], { env: DEVNET })
    expect(result.exitCode).toBe(1)
    const checks = lastDocument(result).checks as {
      check: string
      result: string
      detail: string
      fix: string
    }[]
    const results = Object.fromEntries(checks.map(({ check, result: state }) => [check, state]))
    expect(results).toMatchObject({
      'node-version': 'ok',
      'data-dir': 'ok',
      keystore: 'ok',
      'chain-rpc': 'failed',
      market: 'not checked',
      sectors: 'not checked',
      hashing: 'ok',
    })
    for (const check of checks) {
      expect(check.detail, check.check).not.toBe('')
      if (check.result === 'failed' || check.result === 'warning') expect(check.fix, check.check).not.toBe('')
    }
  })

  it('says which hashing tier is in use and why, and DMC_HASHER forces one', async () => {
    const detailOf = async (env: Record<string, string>) => {
      const result = await home.run(['doctor', '--json'], { env: { ...DEVNET, ...env } })
      const checks = lastDocument(result).checks as { check: string; detail: string }[]
      return checks.find(({ check }) => check === 'hashing')?.detail
    }
    expect(await detailOf({})).toMatch(
      /^(native tier, \d+ MiB\/s on one core; sealing by OpenSSL itself; tested when it was loaded\.|portable tier \(crypto\+hashtree\), \d+ MiB\/s on one core; sealing [\w: ]+; not the native tier: (no accelerator for|this CPU lacks) .*\.)$/,
    )
    expect(await detailOf({ DMC_HASHER: 'portable' })).toMatch(
      /^portable tier \(crypto(\+hashtree)?\), \d+ MiB\/s on one core; sealing through node:crypto; forced by DMC_HASHER\.$/,
    )
    expect(error(await home.run(['doctor'], { env: { ...DEVNET, DMC_HASHER: 'fast' } }))).toEqual([
      78,
      'ENV_INVALID',
    ])
  })

  it('finds a folder and a keystore that others can look into', async () => {
    await home.initialise()
    chmodSync(home.dataDir, 0o755)
    chmodSync(join(home.dataDir, 'keystore.json'), 0o644)
    const { stdout } = await home.run(['doctor'], { env: DEVNET })
    expect(stdout).toMatch(/warning +Data folder: .* mode 0755/)
    expect(stdout).toMatch(/FAILED +Keystore: .* mode 0644/)
    expect(stdout).toContain('fix: Run: chmod 600')
  })

  it('finds a keystore that was made for tests, off a devnet', async () => {
    await home.initialise()
    const { stdout } = await home.run(['doctor'], { env: { ...DEVNET, DMC_CHAIN_ID: '1' } })
    expect(stdout).toMatch(/FAILED +Keystore: .* its password can be guessed fast/)
  })
})

describe('install', () => {
  it('prints a unit that starts this very agent, with its password as a credential', async () => {
    await home.initialise()
    const result = await home.run([
      'install',
      '--print',
      '--run-as',
      'dmc',
      '--password-file',
      '/etc/dmc/pass word',
    ])
    expect(result.exitCode).toBe(0)
    expect(result.stdout).toContain('LoadCredential=dmc-password:/etc/dmc/pass word\n')
    expect(result.stdout).toContain('User=dmc\n')
    expect(result.stdout).toContain('Type=notify\n')
    expect(result.stdout).toMatch(/^ExecStart="[^"]*node[^"]*" "[^"]*dmc-agent\.mjs" "run" "--data-dir" "/m)
    for (const hardening of [
      'NoNewPrivileges=yes',
      'ProtectSystem=',
      'CapabilityBoundingSet=',
      'UMask=0077',
    ]) {
      expect(result.stdout).toContain(hardening)
    }
    const bare = await home.run(['install', '--print', '--user'])
    expect(bare.stdout).not.toContain('User=')
    expect(bare.stderr).toContain('cannot unlock after a restart')
  })

  it('wants a keystore, and a private password file', async () => {
    const none = await home.run(['install', '--user'], { env: { HOME: home.folder } })
    expect(error(none)).toEqual([78, 'NOT_INITIALISED'])
    await home.initialise()
    chmodSync(home.passwordFile, 0o644)
    const args = ['install', '--user', '--password-file', home.passwordFile]
    expect(error(await home.run(args, { env: { HOME: home.folder } }))).toEqual([5, 'KEY_PERMISSIONS'])
    chmodSync(home.passwordFile, 0o600)
    const done = await home.run(args, { env: { HOME: home.folder } })
    expect(done.stderr).toContain('systemctl --user daemon-reload')
    expect(existsSync(join(home.folder, '.config/systemd/user/dmc-agent.service'))).toBe(true)
  })
})

describe('faucet', () => {
  it('exists on a devnet only', async () => {
    await home.initialise()
    const result = await home.run(['faucet'], { env: { ...DEVNET, DMC_CHAIN_ID: '1' } })
    expect(error(result)).toEqual([64, 'USAGE'])
  })
})
