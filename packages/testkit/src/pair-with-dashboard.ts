import { signInMessage } from '@dmc/core/dashboard/sign-in'
import type { LocalAccount } from 'viem'
import type { AgentProcess } from './agent-process.ts'

export interface PairWish {
  /** Where the dashboard is, as the browser shows it. */
  origin: string
  chainId: number
  /** The wallet whose host it becomes. */
  account: LocalAccount
  label: string
  allowRead?: string[]
  allowRestore?: string[]
  allowSector?: string[]
}

/**
 * Pairs an agent that has its keys with a running dashboard, as its wallet's owner would: signs in, makes a one-time token, and runs
 * `dmc-agent pair` with it. The agent connects at its next start.
 */
export async function pairWithDashboard(agent: AgentProcess, wish: PairWish): Promise<{ agentId: string }> {
  const token = await makePairingToken(wish)
  const folders = (flag: string, paths: string[] = []) => paths.flatMap((path) => [flag, path])
  return agent.json<{ agentId: string }>([
    'pair',
    '--token',
    token,
    '--server',
    wish.origin,
    ...folders('--allow-read', wish.allowRead),
    ...folders('--allow-restore', wish.allowRestore),
    ...folders('--allow-sector', wish.allowSector),
  ])
}

/** Signs in with a wallet's key over HTTP and makes a token for one host. */
export async function makePairingToken(
  wish: Pick<PairWish, 'origin' | 'chainId' | 'account' | 'label'>,
): Promise<string> {
  const { origin, chainId, account, label } = wish
  let cookie = ''
  const call = async <T>(procedure: string, input?: unknown): Promise<T> => {
    const answer = await fetch(`${origin}/api/trpc/${procedure}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin, ...(cookie ? { cookie } : {}) },
      body: JSON.stringify({ json: input }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${procedure}: ${answer.status} ${text.slice(0, 500)}`)
    cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? cookie
    return (JSON.parse(text) as { result: { data: { json: T } } }).result.data.json
  }
  const { nonce } = await call<{ nonce: string }>('auth.nonce')
  const message = signInMessage({ origin, address: account.address, chainId, nonce, now: new Date() })
  await call('auth.signIn', { message, signature: await account.signMessage({ message }) })
  const { token } = await call<{ token: string }>('pairing.createToken', { label })
  await call('auth.signOut')
  return token
}
