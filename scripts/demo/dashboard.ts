import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import { DEV_KEYS, devAccount } from '@dmc/testkit/dev-accounts'
import type { Devnet } from '@dmc/testkit/devnet'
import { COMPILE_CACHE, NODE_FLAGS } from '@dmc/testkit/node-flags'
import { pairWithDashboard } from '@dmc/testkit/pair-with-dashboard'
import { rememberProcess } from './processes.ts'

const WEB = join(dirname(fileURLToPath(import.meta.url)), '../../apps/web')
/** The devnet account that the dashboard lets anybody use: a person without a wallet sees the demo's backup with it. */
const TEST_ACCOUNT = 8

export interface DemoDashboard {
  url: string
  stop(): Promise<void>
}

/** The dashboard as `npm start` runs it, on the demo's chain, with its own database in the demo's folder. */
export function startDashboard(folder: string, devnet: Devnet, port: number): Promise<DemoDashboard> {
  const log = join(folder, 'dashboard.log')
  const child: ChildProcess = spawn(process.execPath, [...NODE_FLAGS, 'src/server/main.ts'], {
    cwd: WEB,
    env: {
      ...process.env,
      NODE_ENV: 'production',
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      HOST: '127.0.0.1',
      PORT: String(port),
      DMC_WEB_DATA: join(folder, 'web'),
      DATABASE_URL: '',
      DMC_RPC_URLS: devnet.url,
      DMC_CHAIN_ID: String(devnet.anvil.chainId),
      DMC_MARKET: devnet.market,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (child.pid !== undefined) rememberProcess(folder, child.pid)
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return new Promise((resolve, reject) => {
    let said = ''
    const take = (data: Buffer) => {
      appendFileSync(log, data)
      said = (said + data).slice(-8000)
      const ready = /\{"ready":true.*\}/.exec(said)
      if (!ready) return
      const { url } = JSON.parse(ready[0]) as { url: string }
      const stop = async () => {
        child.kill('SIGTERM')
        await gone
      }
      resolve({ url, stop })
    }
    child.stdout?.on('data', take)
    child.stderr?.on('data', take)
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`The dashboard ended with ${code}:\n${said}`)))
  })
}

/** A keystore whose wallet is the test account; one that is there already stays as it is. */
export async function setUpAsTestAccount(agent: AgentProcess, devnet: Devnet): Promise<void> {
  const known = await agent.cli(['wallet', 'show', '--json'])
  if (known.exitCode === 0 && (JSON.parse(known.stdout) as { wallet: object | null }).wallet) return
  const folder = dirname(agent.passwordFile)
  await agent.json(['init', '--yes', '--phrase-file', join(folder, 'phrase')])
  const keyFile = join(folder, 'wallet-key')
  writeFileSync(keyFile, `${DEV_KEYS[TEST_ACCOUNT]}\n`, { mode: 0o600 })
  await agent.json(['wallet', 'import', keyFile])
  await devnet.fund(devAccount(TEST_ACCOUNT).address)
}

/** Pairs a host with the dashboard for the test account, by a one-time token as for headless hosts. */
export async function pairTestAccount(
  agent: AgentProcess,
  { url, chainId }: { url: string; chainId: number },
  folders: { read: string; restore: string },
): Promise<void> {
  mkdirSync(folders.restore, { recursive: true })
  await pairWithDashboard(agent, {
    origin: url,
    chainId,
    account: devAccount(TEST_ACCOUNT),
    label: 'Demo host',
    allowRead: [folders.read],
    allowRestore: [folders.restore],
  })
}
