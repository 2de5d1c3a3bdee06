import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import {
  type Address,
  createTestClient,
  createWalletClient,
  defineChain,
  type Hex,
  http,
  publicActions,
  type TransactionReceipt,
} from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { foundryBinary } from './forge.ts'

/** Anvil's published mnemonic: these keys are known to everybody. */
const MNEMONIC = 'test test test test test test test test test test test junk'
/** A fixed start makes every run's timestamps, and so its gas, the same. */
export const GENESIS = 1_800_000_000

export type LocalChain = Awaited<ReturnType<typeof startLocalChain>>

/** An automining Prague anvil of its own on a free loopback port, with ten funded accounts. */
export async function startLocalChain() {
  const port = await freePort()
  const child = spawn(
    foundryBinary('anvil'),
    ['--port', String(port), '--hardfork', 'prague', '--timestamp', String(GENESIS), '--silent'],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const rpcUrl = `http://127.0.0.1:${port}`
  const chain = defineChain({
    id: 31_337,
    name: 'devnet',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  })
  const client = createTestClient({
    mode: 'anvil',
    chain,
    transport: http(rpcUrl),
    pollingInterval: 20,
  }).extend(publicActions)
  const deadline = Date.now() + 30_000
  for (;;) {
    try {
      await client.getBlockNumber()
      break
    } catch (error) {
      if (Date.now() > deadline || child.exitCode !== null) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  const accounts = Array.from({ length: 10 }, (_, addressIndex) =>
    mnemonicToAccount(MNEMONIC, { addressIndex }),
  )
  const wallets = accounts.map((account) => createWalletClient({ account, chain, transport: http(rpcUrl) }))
  return {
    rpcUrl,
    client,
    wallets,
    /** Sends a call from account `from`; a revert of the transaction is an error. */
    async send(from: number, to: Address, data: Hex, value = 0n): Promise<TransactionReceipt> {
      const wallet = wallets[from]
      if (!wallet) throw new Error(`no account ${from}`)
      const hash = await wallet.sendTransaction({ to, data, value, gas: 3_000_000n })
      const receipt = await client.waitForTransactionReceipt({ hash })
      if (receipt.status !== 'success') {
        await client.call({ account: wallet.account, to, data, value })
        throw new Error(`transaction ${hash} reverted`)
      }
      return receipt
    },
    /** Moves the next block's time on by `seconds`. */
    async warp(seconds: bigint): Promise<void> {
      await client.increaseTime({ seconds: Number(seconds) })
      await client.mine({ blocks: 1 })
    },
    async stop(): Promise<void> {
      if (child.exitCode !== null) return
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill()
      await gone
    },
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(address)))
    })
  })
}
