import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { devAccount } from '@dmc/testkit/dev-accounts'
import { type Devnet, startDevnet } from '@dmc/testkit/devnet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WebServer } from '../../src/server/start-server.ts'
import { type SignedIn, signIn, startDashboard } from '../support/dashboard.ts'
import { until } from '../support/until.ts'

const CLI = fileURLToPath(new URL('../../../agent/src/cli.ts', import.meta.url))
const hasScript = spawnSync('script', ['--version']).status === 0
if (!hasScript) console.warn('`script` (util-linux) is not here: the first run at a terminal is not tested')

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dmc-terminal-')))
let devnet: Devnet
let server: WebServer
let person: SignedIn

beforeAll(async () => {
  devnet = await startDevnet({ blockTime: 0.4 })
  server = await startDashboard({
    chain: { rpcUrls: [devnet.url], chainId: devnet.anvil.chainId, market: devnet.market },
  })
  person = await signIn(server, devAccount(3))
  mkdirSync(join(folder, 'home'), { recursive: true })
}, 60_000)

afterAll(async () => {
  await server?.close()
  await devnet?.stop()
  rmSync(folder, { recursive: true, force: true })
}, 30_000)

describe.skipIf(!hasScript)('the first run of a person: one command', () => {
  it('makes keys, pairs and runs, with five answers; chain, Market and RPC of the dashboard are shown before the last', async () => {
    const command = `stty cols 100 rows 60; exec '${process.execPath}' '${CLI}' --server ${server.origin} --role user`
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(DMC_|NO_COLOR$|FORCE_COLOR$)/.test(name)),
    )
    const child = spawn('script', ['-qefc', command, '/dev/null'], {
      cwd: folder,
      env: {
        ...env,
        TERM: 'xterm',
        HOME: join(folder, 'home'),
        DMC_DATA_DIR: join(folder, 'data'),
        DMC_LISTEN_PORT: '0',
      },
    })
    let screen = ''
    let answers = 0
    child.stdout.on('data', (data: Buffer) => {
      screen += stripVTControlCharacters(String(data))
    })
    const ended = new Promise((resolve) => child.once('close', resolve))
    const shown = (what: RegExp) =>
      until(`${what} on the screen`, async () => what.exec(screen), 60_000).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${screen}`)
      })
    const answer = async (question: RegExp, text: string | (() => string)) => {
      await shown(question)
      await new Promise((resolve) => setTimeout(resolve, 150))
      answers++
      child.stdin.write(`${typeof text === 'string' ? text : text()}\r`)
    }
    const word = () => {
      const asked = [...screen.matchAll(/Word (\d+), to check/g)].at(-1)?.[1] ?? ''
      const table = screen.slice(screen.indexOf('in this order'))
      return new RegExp(`\\b${asked} ([a-z]+)`).exec(table)?.[1] ?? 'not found'
    }
    try {
      await answer(/Word \d+, to check/, word)
      await answer(/Word (1[3-9]|2\d), to check/, word)
      await answer(/New password/, 'a long password')
      await answer(/same password again/, 'a long password')
      const code = (await shown(/Code\s+([A-Z]{4}-[A-Z]{4})/))[1] ?? ''
      const words = (await shown(/Words\s+([a-z]+ [a-z]+)/))[1]
      expect(screen).toContain(`${server.origin}/pair?code=${code}`)
      expect((await person.api.pairing.lookup.mutate({ code })).words).toBe(words)
      await person.api.pairing.approve.mutate({ code })
      await answer(/wants to use this host/, '')
      expect(screen).toContain(person.account.address)
      expect(screen).toContain(`Chain ${devnet.anvil.chainId}`)
      expect(screen.toLowerCase()).toContain(`market ${devnet.market.toLowerCase()}`)
      expect(screen).toContain(`RPC ${new URL(devnet.url).href}`)
      await shown(/is ready \(pid/)
      expect(answers).toBe(5)
      const row = await until('the host is online', async () =>
        (await person.api.agents.list.query()).find((agent) => agent.online && agent.reported),
      )
      expect(row.roots).toEqual({ read: [join(folder, 'home')], restore: [join(folder, 'home')], sector: [] })
      expect(screen).not.toContain('a long password')
      child.stdin.write('\u0003')
      await ended
      expect(screen).toContain('Stopped.')
    } finally {
      child.kill('SIGKILL')
    }
  }, 120_000)
})
