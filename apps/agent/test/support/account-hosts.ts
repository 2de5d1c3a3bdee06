import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readMoney } from '@dmc/core/chain/read-money'
import { type Devnet, startDevnet } from '@dmc/testkit/devnet'
import type { Address, LocalAccount } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll } from 'vitest'
import { type AccountContext, readMarketFacts } from '../../src/account/context.ts'
import { createMarketReader } from '../../src/chain/market-reader.ts'
import { openRpcClient } from '../../src/chain/rpc-client.ts'
import { createTransactionSender } from '../../src/chain/send-transaction.ts'
import { openJournal } from '../../src/store/journal.ts'
import { openStore } from '../../src/store/open-store.ts'

export const newAccount = (): LocalAccount => privateKeyToAccount(generatePrivateKey())

export interface HostOptions {
  wallet?: LocalAccount | null
  faucetCalls?: number
  ethWei?: bigint
}

/** A real chain with a block every 60 ms, and account services of as many hosts as a test file wants. */
export function useAccountHosts() {
  let net: Devnet
  let ticking: NodeJS.Timeout
  const dirs: string[] = []
  const closers: (() => Promise<void>)[] = []

  beforeAll(async () => {
    net = await startDevnet({ blockTime: 'manual' })
    ticking = setInterval(() => void net.anvil.mine().catch(() => {}), 60)
  })
  afterAll(async () => {
    for (const close of closers) await close()
    clearInterval(ticking)
    await net?.stop()
    for (const dir of dirs) rmSync(dir, { recursive: true, force: true })
  })

  /** One host's account service, with a funded wallet unless told otherwise. */
  async function host({ wallet = newAccount(), faucetCalls = 1, ethWei }: HostOptions = {}) {
    const dir = mkdtempSync(join(tmpdir(), 'dmc-account-'))
    dirs.push(dir)
    if (wallet !== null)
      await net.fund(wallet.address, { faucetCalls, ...(ethWei === undefined ? {} : { ethWei }) })
    const store = openStore(dir)
    const journal = openJournal(store)
    const rpc = openRpcClient({ urls: [net.url], chainId: 31337, confirmations: 2, pollMs: 20 })
    const operator = newAccount()
    const sender = createTransactionSender({
      store,
      journal,
      rpc,
      market: net.market,
      accounts: wallet === null ? [operator] : [wallet, operator],
      firstBackOffMs: 20,
    })
    closers.push(async () => {
      await sender.close()
      store.close()
    })
    const { market } = net
    const facts = await readMarketFacts(rpc, market)
    const context: AccountContext = {
      store,
      journal,
      rpc,
      sender,
      reader: createMarketReader(rpc, market),
      market,
      facts,
      wallet,
      operator,
    }
    const walletAddress = wallet?.address ?? '0x'
    return {
      context,
      wallet: walletAddress,
      money: (account = walletAddress as Address) =>
        readMoney(net.client, { market, token: net.token, account }),
    }
  }

  return { host, chain: () => net }
}
