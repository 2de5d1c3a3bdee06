import type { ChainConfig } from '../../lib/chain-config.tsx'

const DEV_WALLET = '/api/dev-wallet'

interface Request {
  method: string
  params?: unknown
}

/**
 * A wallet for people without one, on a devnet only: an EIP-1193 provider whose "keys" are the devnet's own test account, asked through
 * the dashboard. It knows no key; on any other chain the dashboard answers 404 and this is not offered.
 */
export function testAccount(config: Pick<ChainConfig, 'chainId' | 'rpcPath'>) {
  let connected = false
  return {
    async request({ method, params }: Request): Promise<unknown> {
      switch (method) {
        case 'eth_chainId':
          return `0x${config.chainId.toString(16)}`
        case 'eth_requestAccounts':
          connected = true
          return ask(DEV_WALLET, 'eth_accounts', [])
        case 'eth_accounts':
          return connected || (await wasChosen()) ? ask(DEV_WALLET, 'eth_accounts', []) : []
        case 'personal_sign':
        case 'eth_signTypedData_v4':
        case 'eth_sendTransaction':
          return ask(DEV_WALLET, method, params)
        case 'wallet_switchEthereumChain':
        case 'wallet_addEthereumChain':
        case 'wallet_revokePermissions':
          return null
        case 'wallet_requestPermissions':
        case 'wallet_getPermissions':
          throw Object.assign(new Error('not supported'), { code: -32601 })
        default:
          return ask(config.rpcPath, method, params)
      }
    },
    on() {},
    removeListener() {},
  }
}

/** wagmi remembers the wallet that was used last; only then is the account told without being asked for. */
const wasChosen = async () =>
  (window.localStorage.getItem('wagmi.recentConnectorId') ?? '').includes('dmc.test')

async function ask(path: string, method: string, params: unknown): Promise<unknown> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...(path === DEV_WALLET ? {} : { jsonrpc: '2.0', id: 1 }),
      method,
      params: params ?? [],
    }),
  })
  if (!response.ok) throw new Error(`The dashboard refused ${method} (${response.status}).`)
  const answer = (await response.json()) as {
    result?: unknown
    error?: { code?: number; message?: string; data?: unknown }
  }
  if (answer.error !== undefined) {
    throw Object.assign(new Error(answer.error.message ?? 'The devnet refused.'), {
      code: answer.error.code ?? -32603,
      data: answer.error.data,
    })
  }
  return answer.result
}
