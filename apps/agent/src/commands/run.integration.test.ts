import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Devnet, startDevnet } from '@dmc/testkit/devnet'
import { freePort } from '@dmc/testkit/free-port'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type CliHome, cliHome, lastDocument, type RunningCommand } from './test/run-cli.ts'

/** The service and what its commands need a chain for: a real anvil, real processes, no terminal. */
let devnet: Devnet
let home: CliHome
let env: Record<string, string>
let running: RunningCommand[] = []

beforeAll(async () => {
  devnet = await startDevnet({ blockTime: 1 })
})
afterAll(() => devnet.stop())
beforeEach(async () => {
  home = cliHome()
  env = {
    DMC_CHAIN_ID: String(devnet.anvil.chainId),
    DMC_RPC_URLS: devnet.url,
    DMC_MARKET: devnet.market,
    DMC_PASSWORD_FILE: home.passwordFile,
    DMC_LISTEN_PORT: String(await freePort()),
  }
  await home.initialise(env)
})
afterEach(async () => {
  for (const command of running) await command.end('SIGKILL')
  running = []
  home.remove()
})

const run = (args: string[], more: Record<string, string> = {}) =>
  home.run(args, { env: { ...env, ...more } })
async function start(more: Record<string, string> = {}): Promise<RunningCommand> {
  const service = await home.start(['run'], /is ready \(pid/, { env: { ...env, ...more } })
  running.push(service)
  return service
}

describe('run', () => {
  it('starts without a person, answers, stops cleanly on SIGTERM, and starts again', async () => {
    for (let round = 0; round < 2; round++) {
      const service = await start()
      const status = lastDocument(await run(['status', '--json'])).status as {
        pid: number
        chain: { market: string }
      }
      expect(status.pid).toBe(service.pid)
      expect(status.chain.market.toLowerCase()).toBe(devnet.market.toLowerCase())
      const { exitCode, stdout } = await service.end('SIGTERM')
      expect(exitCode).toBe(0)
      expect(stdout.split('\n').filter((line) => line.includes('is ready'))).toHaveLength(1)
      expect(existsSync(join(home.dataDir, 'agent.sock'))).toBe(false)
      expect(existsSync(join(home.dataDir, 'agent.lock'))).toBe(false)
    }
  })

  it('starts again after a kill, over the lock and the socket that were left', async () => {
    const first = await start()
    await first.end('SIGKILL')
    expect(existsSync(join(home.dataDir, 'agent.lock'))).toBe(true)
    expect(existsSync(join(home.dataDir, 'agent.sock'))).toBe(true)
    const second = await start()
    const { status } = lastDocument(await run(['status', '--json'])) as { status: { pid: number } }
    expect(status.pid).toBe(second.pid)
  })

  it('is alone in its data folder: a second one names the first, 7', async () => {
    const service = await start()
    const second = await run(['run'])
    expect(second.exitCode).toBe(7)
    expect(second.stderr).toContain(`pid ${service.pid}. (DATA_DIR_LOCKED)`)
  })

  it('does not start with a wrong password, or one that others can read, 5', async () => {
    writeFileSync(home.passwordFile, 'wrong\n')
    expect(await run(['run'])).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining('KEY_PASSWORD_WRONG'),
    })
    const { DMC_PASSWORD_FILE: _file, ...without } = env
    const nobody = await home.run(['run'], { env: without })
    expect(nobody).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('KEY_PASSWORD_MISSING') })
  })

  it('does not start on another chain, or without the Market, 78', async () => {
    const other = await run(['run'], { DMC_CHAIN_ID: '1337' })
    expect(other).toMatchObject({ exitCode: 78, stderr: expect.stringContaining('WRONG_CHAIN') })
    const empty = await run(['run'], { DMC_MARKET: '0x000000000000000000000000000000000000dEaD' })
    expect(empty).toMatchObject({ exitCode: 78, stderr: expect.stringContaining('NOT_A_DMC_MARKET') })
    expect(existsSync(join(home.dataDir, 'agent.lock'))).toBe(false)
  })

  it('starts while the RPC is away: it may come back', async () => {
    const service = await start({ DMC_RPC_URLS: 'http://127.0.0.1:9' })
    expect((await service.end()).exitCode).toBe(0)
  })

  it('unlocks by a systemd credential and tells systemd when it is ready', async () => {
    const credentials = join(home.folder, 'credentials')
    mkdirSync(credentials)
    writeFileSync(join(credentials, 'dmc-password'), readFileSync(home.passwordFile))
    const more: Record<string, string> = { CREDENTIALS_DIRECTORY: credentials, DMC_PASSWORD_FILE: '' }
    const tools = ['systemd-notify', 'python3'].every((tool) => spawnSync(tool, ['--version']).status === 0)
    if (!tools) {
      console.warn('systemd-notify or python3 is not here: readiness is not checked')
      return void (await start(more))
    }
    const socket = join(home.folder, 'notify')
    const listener = spawn('python3', [
      '-c',
      `import socket,sys
s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM);s.bind(sys.argv[1]);print('bound',flush=True)
while True: print(s.recv(4096).decode().replace(chr(10),' '),flush=True)`,
      socket,
    ])
    let heard = ''
    const bound = new Promise<void>((done) => {
      listener.stdout.on('data', (data: Buffer) => {
        heard += data
        done()
      })
    })
    try {
      await bound
      const service = await start({ ...more, NOTIFY_SOCKET: socket })
      await service.end()
      expect(heard).toContain('READY=1')
      expect(heard).toContain('STOPPING=1')
    } finally {
      listener.kill()
    }
  })

  it('is stopped by `stop`, which waits for it', async () => {
    const service = await start()
    expect(lastDocument(await run(['stop', '--json']))).toMatchObject({ pid: service.pid, stopped: true })
    expect((await service.done).exitCode).toBe(0)
    expect((await run(['stop'])).exitCode).toBe(78)
  })

  it('shows the journal as it goes on; Ctrl-C ends that and nothing else', async () => {
    const service = await start()
    const addSource = async (name: string) => {
      mkdirSync(join(home.folder, name))
      await run(['source', 'add', join(home.folder, name)])
    }
    await addSource('before')
    const follower = await home.start(['journal', '--follow', '--json'], /"source-added"/, { env })
    running.push(follower)
    await addSource('meanwhile')
    while (!/meanwhile/.test(follower.output())) await new Promise((done) => setTimeout(done, 50))
    expect((await follower.end('SIGINT')).exitCode).toBe(0)
    expect(service.child.exitCode).toBeNull()
    expect((await run(['status'])).exitCode).toBe(0)
  })

  // told to exit, Node waits for what is compiled beside the main thread, and that may wait for the main thread: for ever
  it('and every command ends by itself, and is not told to: some never ended', async () => {
    const nodeOptions = ['--trace-exit']
    const service = await home.start(['run'], /is ready \(pid/, { env, nodeOptions })
    running.push(service)
    const there = await home.run(['status', '--json'], { env, nodeOptions })
    const ended = await service.end('SIGTERM')
    const here = await home.run(['source', 'list', '--json'], { env, nodeOptions })
    const refused = await home.run(['order', 'show', '7', '--json'], { env, nodeOptions })
    expect([there, ended, here].map(({ exitCode }) => exitCode)).toEqual([0, 0, 0])
    expect(refused.exitCode).not.toBe(0)
    for (const { stderr, stdout } of [there, ended, here, refused])
      expect(stdout + stderr).not.toContain('Exited the environment')
  })

  it('lets commands wait for a short one that has the folder open', async () => {
    const both = await Promise.all([run(['source', 'list', '--json']), run(['sector', 'list', '--json'])])
    for (const { exitCode, stderr, stdout } of both) expect([exitCode, stderr], stdout).toEqual([0, ''])
  })
})

describe('money', () => {
  beforeEach(async () => {
    const { address } = lastDocument(await run(['wallet', 'create', '--json'])) as { address: `0x${string}` }
    await devnet.fund(address, { faucetCalls: 0 })
  })

  it('comes from the faucet on a devnet, and shows', async () => {
    const faucet = lastDocument(await run(['faucet', '--json']))
    expect(BigInt(String(faucet.balance))).toBeGreaterThan(0n)
    const { wallet } = lastDocument(await run(['wallet', 'show', '--json'])) as { wallet: { token: string } }
    expect(wallet.token).toBe(faucet.balance)
  })

  it('is never moved without a yes: shown with --dry-run, refused without a person, 2', async () => {
    await run(['faucet'])
    const folder = join(home.folder, 'sector')
    mkdirSync(folder)
    const added = lastDocument(await run(['sector', 'add', folder, '--size', '2GiB', '--json']))
    const { sectorId } = added.sector as { sectorId: string }
    const bill = [
      'bill',
      'create',
      '--sector',
      sectorId,
      '--price',
      '0.5',
      '--pledge-rate',
      '4',
      '--weeks',
      '1-52',
    ]
    const shown = await run([...bill, '--dry-run'])
    expect(shown.exitCode).toBe(0)
    expect(shown.stdout).toMatch(/Pledge +4 DMC/)
    expect(shown.stdout).toMatch(/Balance +before +after/)
    const plan = lastDocument(await run([...bill, '--dry-run', '--json'])).plan as { pledge: string }
    expect(plan.pledge).toBe('4000000000000000000')
    for (const args of [bill, [...bill, '--json']]) {
      const refused = await run(args)
      expect(refused.exitCode).toBe(2)
      expect(refused.stdout + refused.stderr).toContain('NOT_CONFIRMED')
    }
    expect(lastDocument(await run(['bill', 'list', '--json'])).bills).toEqual([])
    const sent = lastDocument(await run([...bill, '--yes', '--json']))
    expect(sent).toMatchObject({
      type: 'bill.create',
      hashes: expect.arrayContaining([expect.stringMatching(/^0x/)]),
    })
  })

  it('that is not there is said before anything is sent, 2', async () => {
    const folder = join(home.folder, 'sector')
    mkdirSync(folder)
    const added = lastDocument(await run(['sector', 'add', folder, '--size', '2GiB', '--json']))
    const { sectorId } = added.sector as { sectorId: string }
    const bill = [
      'bill',
      'create',
      '--sector',
      sectorId,
      '--price',
      '0.5',
      '--pledge-rate',
      '4',
      '--weeks',
      '1-52',
    ]
    const result = await run([...bill, '--yes'])
    expect(result.exitCode).toBe(2)
    expect(result.stderr).toContain('(NO_TOKEN)')
    expect(result.stdout).toMatch(/Pledge +4 DMC/)
  })
})

describe('doctor', () => {
  it('finds a running agent in order', async () => {
    await start()
    const result = await run(['doctor', '--json'])
    const checks = lastDocument(result).checks as { check: string; result: string; detail: string }[]
    const results = Object.fromEntries(checks.map(({ check, result: state }) => [check, state]))
    expect(results).toMatchObject({
      'chain-rpc': 'ok',
      market: 'ok',
      sectors: 'ok',
      unlocking: 'ok',
      keystore: 'ok',
    })
    expect(result.exitCode).toBe(0)
  })

  it('tells another chain, and an address without a Market, 1', async () => {
    const other = await run(['doctor'], { DMC_CHAIN_ID: '1337' })
    expect(other.stdout).toMatch(/FAILED +Chain: .* is on chain 31337, not on 1337/)
    const empty = await run(['doctor'], { DMC_MARKET: '0x000000000000000000000000000000000000dEaD' })
    expect(empty.stdout).toMatch(/FAILED +Market: /)
    expect([other.exitCode, empty.exitCode]).toEqual([1, 1])
  })
})
