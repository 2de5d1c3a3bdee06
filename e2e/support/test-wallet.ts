import { AtomicWallet, type WalletCall } from '@dmc/testkit/atomic-wallet'
import type { Page } from '@playwright/test'
import { type Hex, hexToBytes, hexToString, isHex, type LocalAccount } from 'viem'

export interface TestWallet {
  account: LocalAccount
  /** What the person was asked for, counted. */
  signatures: { kind: 'message' | 'typed data'; text: string }[]
  transactions: Hex[]
  /** Questions to send something that have arrived here, answered or not. */
  asked: number
  /** The next question is answered with "no". */
  rejectNext: boolean
  /** Questions to send something wait for this: the person has not looked yet. */
  hold: Promise<void> | null
  /** Does several calls as one (EIP-5792), and was asked for these. */
  atomic: boolean
  batches: WalletCall[][]
  /** Hex chain id that the wallet stands on; another one until it is asked to switch. */
  chainId: number
}

interface Asked {
  method: string
  params?: unknown[]
}

/**
 * A browser wallet for tests: announced as wallets do (EIP-6963), its key stays in this process and signs here. It answers
 * `eth_accounts` with nothing until it was asked to connect, as real ones do.
 */
export async function installWallet(
  page: Page,
  {
    account,
    rpcUrl,
    chainId,
    startChainId = chainId,
    name = 'Test Wallet',
  }: { account: LocalAccount; rpcUrl: string; chainId: number; startChainId?: number; name?: string },
): Promise<TestWallet> {
  const wallet: TestWallet = {
    account,
    signatures: [],
    transactions: [],
    asked: 0,
    rejectNext: false,
    hold: null,
    atomic: false,
    batches: [],
    chainId: startChainId,
  }
  const asOne = new AtomicWallet(account, { url: rpcUrl, chainId })
  const rpc = async (method: string, params: unknown) => {
    const response = await fetch(rpcUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    })
    const answer = (await response.json()) as {
      result?: unknown
      error?: { code: number; message: string; data?: unknown }
    }
    if (answer.error) throw answer.error
    return answer.result
  }
  const refused = () => {
    if (!wallet.rejectNext) return
    wallet.rejectNext = false
    throw { code: 4001, message: 'User rejected the request.' }
  }
  const sign = async (method: string, params: unknown[]): Promise<unknown> => {
    refused()
    if (method === 'personal_sign') {
      const raw = params[0] as Hex
      wallet.signatures.push({ kind: 'message', text: isHex(raw) ? hexToString(raw) : String(raw) })
      return account.signMessage({ message: isHex(raw) ? { raw: hexToBytes(raw) } : String(raw) })
    }
    if (method === 'eth_signTypedData_v4') {
      const data = JSON.parse(params[1] as string)
      wallet.signatures.push({ kind: 'typed data', text: data.primaryType })
      return account.signTypedData(data)
    }
    wallet.asked++
    await wallet.hold
    const tx = params[0] as { to: Hex; data: Hex; value?: Hex; gas?: Hex }
    const [nonce, price] = (await Promise.all([
      rpc('eth_getTransactionCount', [account.address, 'pending']),
      rpc('eth_gasPrice', []),
    ])) as [Hex, Hex]
    const raw = await account.signTransaction({
      chainId: wallet.chainId,
      type: 'eip1559',
      to: tx.to,
      data: tx.data,
      value: BigInt(tx.value ?? 0),
      gas: BigInt(tx.gas ?? 1_000_000),
      nonce: Number(nonce),
      maxFeePerGas: BigInt(price) * 2n,
      maxPriorityFeePerGas: 1n,
    })
    const hash = (await rpc('eth_sendRawTransaction', [raw])) as Hex
    wallet.transactions.push(hash)
    return hash
  }
  const batch = async (method: string, params: unknown[]): Promise<unknown> => {
    if (method === 'wallet_getCapabilities') return asOne.capabilities
    if (method === 'wallet_getCallsStatus') return asOne.status(params[0] as string)
    refused()
    wallet.asked++
    await wallet.hold
    const asked = params[0] as { id: string; calls: WalletCall[] }
    wallet.batches.push(asked.calls)
    wallet.transactions.push(await asOne.sendCalls(asked))
    return { id: asked.id }
  }
  await page.exposeFunction('dmcTestWallet', async ({ method, params = [] }: Asked) => {
    try {
      switch (method) {
        case 'eth_chainId':
          return { result: `0x${wallet.chainId.toString(16)}` }
        case 'wallet_switchEthereumChain':
        case 'wallet_addEthereumChain':
          refused()
          wallet.chainId = chainId
          return { result: null, event: ['chainChanged', `0x${chainId.toString(16)}`] }
        case 'eth_requestAccounts':
          refused()
          return { result: [account.address] }
        case 'personal_sign':
        case 'eth_signTypedData_v4':
        case 'eth_sendTransaction':
          return { result: await sign(method, params) }
        case 'wallet_getCapabilities':
        case 'wallet_sendCalls':
        case 'wallet_getCallsStatus':
          if (!wallet.atomic) throw { code: -32601, message: `${method} is not known here.` }
          return { result: await batch(method, params) }
        default:
          return { result: await rpc(method, params) }
      }
    } catch (error) {
      const { code, message, data } = error as { code?: number; message?: string; data?: unknown }
      return { error: { code: code ?? -32603, message: message ?? String(error), data } }
    }
  })
  await page.addInitScript(
    ({ name, address }) => {
      type Answer = { result?: unknown; error?: { code: number; message: string }; event?: [string, unknown] }
      const ask = (window as unknown as { dmcTestWallet(asked: unknown): Promise<Answer> }).dmcTestWallet
      const listeners = new Map<string, Set<(value: unknown) => void>>()
      const KEY = 'dmc-test-wallet:connected'
      const provider = {
        async request({ method, params }: { method: string; params?: unknown[] }) {
          if (method === 'eth_accounts') return localStorage.getItem(KEY) ? [address] : []
          const { result, error, event } = await ask({ method, params })
          if (error) throw Object.assign(new Error(error.message), error)
          if (method === 'eth_requestAccounts') localStorage.setItem(KEY, '1')
          if (event) for (const listener of listeners.get(event[0]) ?? []) listener(event[1])
          return result
        },
        on(event: string, listener: (value: unknown) => void) {
          if (!listeners.has(event)) listeners.set(event, new Set())
          listeners.get(event)?.add(listener)
        },
        removeListener(event: string, listener: (value: unknown) => void) {
          listeners.get(event)?.delete(listener)
        },
      }
      const info = Object.freeze({
        uuid: '6f5d3f0e-8a57-4a5e-9b8e-3a1f6f1f7c11',
        name,
        icon: 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><circle cx="12" cy="12" r="10" fill="%23f59e0b"/></svg>',
        rdns: 'example.dmc.testwallet',
      })
      const announce = () =>
        window.dispatchEvent(
          new CustomEvent('eip6963:announceProvider', { detail: Object.freeze({ info, provider }) }),
        )
      window.addEventListener('eip6963:requestProvider', announce)
      announce()
    },
    { name, address: account.address },
  )
  return wallet
}
