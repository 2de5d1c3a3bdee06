import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startDevnet } from '@dmc/testkit/devnet'
import { freePort } from '@dmc/testkit/free-port'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type CliHome,
  cliHome,
  DEVNET,
  lastDocument,
  type RunningCommand,
} from '../../src/commands/test/run-cli.ts'

/** What people install: `npm pack`, `npm install`, and the command on a machine whose own Node is old. */
const AGENT = join(dirname(fileURLToPath(import.meta.url)), '../..')
const run = promisify(execFile)
const builtFiles = () => readdirSync(join(AGENT, 'dist')).filter((name) => name.endsWith('.mjs'))
const bundleHash = () => {
  const hash = createHash('sha256')
  for (const name of builtFiles().sort())
    hash.update(`${name}\n`).update(readFileSync(join(AGENT, 'dist', name)))
  return hash.digest('hex')
}
/** What the command reads when it is needed, by esbuild's names. */
const PART = /^dist\/[\w.-]+-[A-Z0-9]{8}\.mjs$/

let folder = ''
let tarball = ''
let packed: { files: { path: string; mode: number }[]; size: number; unpackedSize: number }
/** null = `npm install` could not reach a registry. */
let installed: string | null = null
let whyNot = ''

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dmc-pack-'))
  const { stdout } = await run('npm', ['pack', '--json', '--loglevel=error', '--pack-destination', folder], {
    cwd: AGENT,
  })
  const [first] = JSON.parse(stdout.slice(stdout.indexOf('['))) as (typeof packed & { filename: string })[]
  if (!first) throw new Error('npm pack packed nothing')
  packed = first
  tarball = join(folder, first.filename)
  const home = join(folder, 'home')
  mkdirSync(home)
  writeFileSync(join(home, 'package.json'), '{"private":true}')
  // No install script may be needed: npm runs none unless it is allowed to.
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline']
  try {
    await run('npm', ['install', ...flags, tarball], { cwd: home, timeout: 240_000 })
    installed = join(home, 'node_modules')
  } catch (error) {
    whyNot = String((error as { stderr?: string }).stderr ?? error)
    if (!/E404|ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ECONNRESET|network|registry/i.test(whyNot))
      throw error
    console.warn(`no registry: the installed package is not tested\n${whyNot}`)
  }
}, 300_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A Node of the system's own that is too old for the agent, outside of this workspace. */
function oldNode(): string | null {
  for (const place of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(place, 'node')
    if (place.includes('node_modules') || !existsSync(file)) continue
    const version = execFileSync(file, ['--version'], { encoding: 'utf8' }).trim()
    const [major = 0, minor = 0] = version.slice(1).split('.').map(Number)
    if (major >= 16 && (major < 22 || (major === 22 && minor < 15))) return file
  }
  return null
}

describe('the packed agent', () => {
  it('holds the launcher, the bundle in parts, that of its workers, the accelerator and its README, nothing else', () => {
    const names = packed.files.map(({ path }) => path)
    expect(names.filter((path) => PART.test(path)).length).toBe(builtFiles().length - 1)
    expect(names.filter((path) => path.startsWith('dist/dmc-worker-')).length).toBe(1)
    expect(names.filter((path) => !PART.test(path)).sort()).toEqual([
      'README.md',
      'bin/dmc-agent.mjs',
      'dist/dmc-agent.mjs',
      'dist/prebuilt/linux-x64.node',
      'package.json',
    ])
    expect(packed.files.find(({ path }) => path === 'bin/dmc-agent.mjs')?.mode).toBe(0o755)
    expect(packed.size).toBeLessThan(3 * 1024 * 1024)
  })

  it('names no path of the machine that built it, and carries no source map', () => {
    const text = builtFiles()
      .map((file) => readFileSync(join(AGENT, 'dist', file), 'utf8'))
      .join('')
    for (const path of [join(AGENT, '../..'), process.env.HOME ?? '', 'sourceMappingURL', '.test.ts']) {
      if (path.length > 5) expect(text.includes(path), path).toBe(false)
    }
  })

  it('is the same when it is built again', async () => {
    const before = bundleHash()
    await run(process.execPath, ['scripts/build.ts'], { cwd: AGENT })
    expect(bundleHash()).toBe(before)
  })

  it('asks for few packages, none that needs a compiler or an install script', () => {
    const manifest = JSON.parse(readFileSync(join(AGENT, 'package.json'), 'utf8'))
    expect(Object.keys(manifest.dependencies)).toEqual(['@chainsafe/hashtree', 'tiny-secp256k1'])
    expect(manifest.scripts).not.toHaveProperty('install')
    expect(manifest.scripts).not.toHaveProperty('postinstall')
    for (const version of Object.values({ ...manifest.dependencies, ...manifest.optionalDependencies })) {
      expect(version).toMatch(/^\d+\.\d+\.\d+$/)
    }
  })
})

describe('the accelerator in the package', () => {
  const platform = `${process.platform}-${process.arch}`
  /** The packed files at another place, without any package beside them. */
  const copy = (name: string) => {
    const alone = join(folder, name)
    for (const part of ['bin', 'dist', 'package.json'])
      cpSync(join(AGENT, part), join(alone, part), { recursive: true })
    return {
      file: join(alone, 'dist/prebuilt', `${platform}.node`),
      home: cliHome([process.execPath, join(alone, 'bin/dmc-agent.mjs')]),
    }
  }
  const hashing = async (home: CliHome, env: Record<string, string> = {}) => {
    const { checks } = lastDocument(await home.run(['doctor', '--json'], { env: { ...DEVNET, ...env } }))
    return (checks as { check: string; result: string; detail: string }[]).find(
      ({ check }) => check === 'hashing',
    )
  }

  it('is the committed one, and is what the bundle hashes with where it loads', async () => {
    const committed = readFileSync(join(AGENT, '../../packages/native/prebuilt/linux-x64.node'))
    expect(readFileSync(join(AGENT, 'dist/prebuilt/linux-x64.node')).equals(committed)).toBe(true)
    const { home } = copy('accelerated')
    try {
      const found = await hashing(home)
      if (platform === 'linux-x64') expect(found?.detail).toMatch(/^native tier, |this CPU lacks/)
      else expect(found?.detail).toContain(`no accelerator for ${platform}`)
    } finally {
      home.remove()
    }
  })

  it('is not needed: without it the bundle says so and works', async () => {
    const { file, home } = copy('portable')
    rmSync(file, { force: true })
    try {
      const found = await hashing(home)
      expect(found?.detail).toMatch(/^portable tier \(crypto/)
      expect(found?.detail).toContain(`not the native tier: no accelerator for ${platform}`)
      await home.initialise()
      const sector = (env: Record<string, string>) =>
        home.run(['sector', 'add', join(home.folder, 'sector'), '--size', '64MiB', '--json'], {
          env: { ...DEVNET, DMC_PASSWORD_FILE: home.passwordFile, ...env },
        })
      const forced = await sector({ DMC_HASHER: 'native' })
      expect([forced.exitCode, lastDocument(forced).code]).toEqual([78, 'HASHER_UNAVAILABLE'])
      expect((await sector({})).exitCode).toBe(0)
    } finally {
      home.remove()
    }
  })

  it('is given up aloud when it does not load', async () => {
    const { file, home } = copy('broken')
    writeFileSync(file, 'not a library')
    try {
      const found = await hashing(home)
      expect(found?.result).toBe('warning')
      expect(found?.detail).toMatch(/^portable tier .*the accelerator does not load: /)
    } finally {
      home.remove()
    }
  })
})

describe('what the launcher keeps of compiled code', () => {
  const start = (cache: string, more: Record<string, string> = {}) => {
    const alone = join(folder, 'cached')
    if (!existsSync(alone)) {
      for (const part of ['bin', 'dist', 'package.json'])
        cpSync(join(AGENT, part), join(alone, part), { recursive: true })
    }
    const { NODE_COMPILE_CACHE: _, ...env } = cleanEnv()
    const launcher = join(alone, 'bin/dmc-agent.mjs')
    const said = spawnSync(process.execPath, [launcher, '--version'], {
      encoding: 'utf8',
      timeout: 30_000,
      env: { ...env, XDG_CACHE_HOME: cache, ...more },
    })
    expect([said.status, said.stderr]).toEqual([0, ''])
    expect(said.stdout).toMatch(/^dmc-agent \d+\.\d+\.\d+\n$/)
  }
  const kept = (cache: string) =>
    existsSync(cache) ? readdirSync(cache, { recursive: true, encoding: 'utf8' }) : []

  it.skipIf(process.platform !== 'linux')(
    'lies in a folder of the person’s alone, and may vanish or be damaged',
    () => {
      const cache = join(folder, 'cache')
      start(cache)
      expect(kept(cache).length).toBeGreaterThan(2)
      expect(statSync(join(cache, 'dmc-agent')).mode & 0o077).toBe(0)
      for (const name of kept(cache)) {
        const file = join(cache, name)
        if (statSync(file).isFile()) writeFileSync(file, randomBytes(5000))
      }
      start(cache)
      rmSync(cache, { recursive: true })
      start(cache)
      rmSync(cache, { recursive: true })
      start(cache, { NODE_DISABLE_COMPILE_CACHE: '1' })
      expect(kept(cache)).toEqual(['dmc-agent'])
    },
  )

  it.skipIf(process.platform !== 'linux')(
    'is neither read nor written where others could put something',
    () => {
      const cache = join(folder, 'shared cache')
      const own = join(cache, 'dmc-agent')
      mkdirSync(own, { recursive: true })
      chmodSync(own, 0o777)
      start(cache)
      expect(kept(cache)).toEqual(['dmc-agent'])
      chmodSync(own, 0o700)
      start(cache)
      expect(kept(cache).length).toBeGreaterThan(2)
      if (process.getuid?.() !== 0) return
      rmSync(cache, { recursive: true })
      mkdirSync(own, { recursive: true, mode: 0o700 })
      chownSync(own, 65_534, 65_534)
      start(cache)
      expect(kept(cache)).toEqual(['dmc-agent'])
    },
  )

  it.skipIf(process.platform !== 'linux')(
    'is not needed: nowhere to write, and where folders can’t be made',
    () => {
      const file = join(folder, 'a file')
      writeFileSync(file, '')
      for (const place of [
        file,
        join(file, 'x'),
        '/proc/nowhere',
        join(folder, 'not', 'there'),
        'not/absolute',
      ])
        start(place, { HOME: join(folder, 'no home') })
    },
  )
})

describe('the installed agent', () => {
  it('runs under the Node of the system, old or not, and passes exit codes on', (test) => {
    if (!installed) return test.skip(`no registry: ${whyNot.slice(0, 200)}`)
    const node = oldNode()
    if (!node) return test.skip('no Node older than 22.15 outside node_modules on PATH')
    const bin = join(installed, '.bin/dmc-agent')
    const call = (...args: string[]) => spawnSync(node, [bin, ...args], { encoding: 'utf8', env: cleanEnv() })
    expect(call('--version').stdout).toMatch(/^dmc-agent \d+\.\d+\.\d+\n$/)
    expect(call('--help').stdout).toContain('Back up (user):')
    const version = JSON.parse(call('version', '--json').stdout) as { node: string }
    expect(Number(version.node.split('.')[0])).toBeGreaterThanOrEqual(24)
    const wrong = call('sectr')
    expect([wrong.status, wrong.stdout]).toEqual([64, ''])
  })

  it('says so when the Node is too old and none came with it', (test) => {
    const node = oldNode()
    if (!node) return test.skip('no Node older than 22.15 outside node_modules on PATH')
    const alone = join(folder, 'alone')
    for (const part of ['bin', 'dist', 'package.json'])
      cpSync(join(AGENT, part), join(alone, part), { recursive: true })
    const launcher = join(alone, 'bin/dmc-agent.mjs')
    const said = spawnSync(node, [launcher, '--help'], { encoding: 'utf8', env: cleanEnv() })
    expect([said.status, said.stdout]).toEqual([78, ''])
    expect(said.stderr).toMatch(
      /^error: dmc-agent needs Node 22\.15 or newer; this is \d+.*\(NODE_TOO_OLD\)\n {2}next: /,
    )
    const json = spawnSync(node, [launcher, '--json', 'status'], { encoding: 'utf8', env: cleanEnv() })
    expect(JSON.parse(json.stdout)).toMatchObject({ v: 1, type: 'error', code: 'NODE_TOO_OLD' })
  })

  it('goes on when an upgrade takes its files away: what runs has read all that it needs, and says when it must be started again', async () => {
    const before = join(folder, 'before the upgrade')
    for (const part of ['bin', 'dist', 'package.json'])
      cpSync(join(AGENT, part), join(before, part), { recursive: true })
    const old = cliHome([process.execPath, join(before, 'bin/dmc-agent.mjs')])
    const command = [process.execPath, join(AGENT, 'bin/dmc-agent.mjs')]
    const env = { ...DEVNET, DMC_PASSWORD_FILE: old.passwordFile, DMC_LISTEN_PORT: String(await freePort()) }
    let service: RunningCommand | undefined
    try {
      await old.initialise(env)
      service = await old.start(['run'], /is ready \(pid/, { env })
      for (const name of readdirSync(join(before, 'dist')))
        rmSync(join(before, 'dist', name), { recursive: true })
      const source = join(old.folder, 'photos')
      mkdirSync(source)
      const renewed = { ...env, DMC_DATA_DIR: old.dataDir }
      for (const args of [
        ['status'],
        ['source', 'add', source],
        ['source', 'list'],
        ['sector', 'add', join(old.folder, 'sector'), '--size', '8MiB'],
        ['sector', 'scrub'],
        ['bill', 'list'],
        ['order', 'list'],
        ['watch', 'list'],
        ['journal'],
        ['stop'],
      ]) {
        const [program = '', ...rest] = command
        const said = spawnSync(program, [...rest, ...args], {
          encoding: 'utf8',
          env: { ...cleanEnv(), ...renewed },
        })
        // 6: the chain is out of reach, as it is here; 78: what needs another thread, whose file of this version is gone
        const told = `${args}: ${said.stdout}${said.stderr}`
        expect(args.join(' ').startsWith('sector add') ? [78] : [0, 6], told).toContain(said.status)
        if (said.status === 78) expect(said.stderr).toContain('AGENT_UPGRADED')
      }
      expect((await service.done).exitCode).toBe(0)
    } finally {
      await service?.end('SIGKILL')
      old.remove()
    }
  })

  it('backs up a folder to another one and restores it, from the bundle with its worker threads', async (test) => {
    if (!installed) return test.skip(`no registry: ${whyNot.slice(0, 200)}`)
    const command = [oldNode() ?? process.execPath, join(installed, '.bin/dmc-agent')]
    const devnet = await startDevnet({ blockTime: 1 })
    const miner = cliHome(command)
    const user = cliHome(command)
    let service: RunningCommand | undefined
    try {
      const env = async (home: CliHome) => ({
        DMC_CHAIN_ID: String(devnet.anvil.chainId),
        DMC_RPC_URLS: devnet.url,
        DMC_MARKET: devnet.market,
        DMC_PASSWORD_FILE: home.passwordFile,
        DMC_LISTEN_PORT: String(await freePort()),
        DMC_ALLOW_PRIVATE_ENDPOINTS: 'true',
      })
      const asMiner = await env(miner)
      const asUser = await env(user)
      const call = async (home: CliHome, more: Record<string, string>, ...args: string[]) => {
        const result = await home.run([...args, '--json'], { env: more })
        if (result.exitCode !== 0) throw new Error(`${args.join(' ')}: ${result.stdout}${result.stderr}`)
        return lastDocument(result)
      }
      for (const [home, more] of [
        [miner, asMiner],
        [user, asUser],
      ] as const) {
        await home.initialise(more)
        const { address } = await call(home, more, 'wallet', 'create')
        await devnet.fund(address as `0x${string}`)
      }
      const { sector } = await call(
        miner,
        asMiner,
        'sector',
        'add',
        join(miner.folder, 'sector'),
        '--size',
        '64MiB',
      )
      service = await miner.start(['run'], /is ready \(pid/, { env: asMiner })
      const bill = ['--price', '1', '--pledge-rate', '1', '--weeks', '1-9', '--step', '1MiB', '--yes']
      await call(
        miner,
        asMiner,
        'bill',
        'create',
        '--sector',
        (sector as { sectorId: string }).sectorId,
        ...bill,
      )

      const source = join(user.folder, 'photos')
      mkdirSync(source)
      const picture = randomBytes(3 * 1024 * 1024)
      writeFileSync(join(source, 'picture.raw'), picture)
      await call(user, asUser, 'source', 'add', source)
      await call(user, asUser, 'order', 'create', '--source', 'photos', '--weeks', '2', '--yes')
      await call(user, asUser, 'backup', 'photos')
      await call(user, asUser, 'restore', 'latest', '--source', 'photos', '--to', join(user.folder, 'back'))
      expect(readFileSync(join(user.folder, 'back', 'picture.raw')).equals(picture)).toBe(true)
      // SIGTERM to the launcher reaches the agent behind it.
      expect((await service.end('SIGTERM')).exitCode).toBe(0)
      expect(existsSync(join(miner.dataDir, 'agent.lock'))).toBe(false)

      // The miner is away: the backup waits for it until Ctrl-C, which stops cleanly and says how to go on.
      writeFileSync(join(source, 'another.raw'), picture)
      const waiting = await user.start(['backup', 'photos'], /Trying again in/, { env: asUser })
      const stopped = await waiting.end('SIGINT')
      expect(stopped.exitCode).toBe(130)
      expect(stopped.stderr).toContain('Stopping cleanly')
      expect(stopped.stderr).toContain('(INTERRUPTED)\n  next: Go on with: dmc-agent backup photos\n')
      expect(existsSync(join(user.dataDir, 'agent.lock'))).toBe(false)
    } finally {
      await service?.end('SIGTERM')
      await devnet.stop()
      miner.remove()
      user.remove()
    }
  }, 240_000)
})

function cleanEnv(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(DMC_|FORCE_COLOR$)/.test(name)),
  )
}
