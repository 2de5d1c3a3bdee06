import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { signInMessage } from '@dmc/core/dashboard/sign-in'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import { DEV_KEYS, devAccount } from '@dmc/testkit/dev-accounts'
import type { Devnet } from '@dmc/testkit/devnet'

const WEB = join(dirname(fileURLToPath(import.meta.url)), '../../apps/web')
/** The devnet account that the dashboard lets anybody use: a person without a wallet sees the demo's backup with it. */
const TEST_ACCOUNT = 8

export interface DemoDashboard {
  url: string
  pid: number
  stop(): Promise<void>
}

/** The dashboard as `npm start` runs it, on the demo's chain, with its own database in the demo's folder. */
export function startDashboard(folder: string, devnet: Devnet, port: number): Promise<DemoDashboard> {
  const log = join(folder, 'dashboard.log')
  const child: ChildProcess = spawn(process.execPath, ['--no-memory-protection-keys', 'src/server/main.ts'], {
    cwd: WEB,
    env: {
      ...process.env,
      NODE_ENV: 'production',
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
      resolve({ url, pid: child.pid ?? 0, stop })
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
export async function pairWithDashboard(
  agent: AgentProcess,
  { url, chainId, label }: { url: string; chainId: number; label: string },
  folders: { read: string; restore: string },
): Promise<void> {
  mkdirSync(folders.restore, { recursive: true })
  const token = await createToken(url, chainId, label)
  await agent.json([
    'pair',
    '--server',
    url,
    '--token',
    token,
    '--allow-read',
    folders.read,
    '--allow-restore',
    folders.restore,
  ])
}

/** Signs in by HTTP as a browser would, and asks for a token. */
async function createToken(url: string, chainId: number, label: string): Promise<string> {
  const account = devAccount(TEST_ACCOUNT)
  let cookie = ''
  const ask = async <T>(procedure: string, input: object | null): Promise<T> => {
    const answer = await fetch(`${url}/api/trpc/${procedure}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: url, ...(cookie ? { cookie } : {}) },
      body: JSON.stringify({ json: input }),
    })
    cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? cookie
    const body = (await answer.json()) as { result?: { data: { json: T } }; error?: unknown }
    if (!body.result) throw new Error(`${procedure}: ${JSON.stringify(body.error).slice(0, 500)}`)
    return body.result.data.json
  }
  const { nonce } = await ask<{ nonce: string }>('auth.nonce', null)
  const message = signInMessage({ origin: url, address: account.address, chainId, nonce, now: new Date() })
  await ask('auth.signIn', { message, signature: await account.signMessage({ message }) })
  const { token } = await ask<{ token: string }>('pairing.createToken', { label, role: 'user', hours: 1 })
  return token
}
