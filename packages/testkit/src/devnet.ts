import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Deployment, type DeployOptions, deployMarket } from '@dmc/core/chain/deploy-market'
import { createPublicClient, createWalletClient, defineChain, http, type PublicClient } from 'viem'
import { devAccount } from './dev-accounts.ts'
import { fundAccount } from './fund-account.ts'
import { type Anvil, type AnvilOptions, startAnvil } from './start-anvil.ts'

export interface Devnet extends Deployment {
  anvil: Anvil
  url: string
  client: PublicClient
  /** Coin for gas (wei) and faucet tokens (100,000 DMC a call) for an account. */
  fund(account: `0x${string}`, options?: { ethWei?: bigint; faucetCalls?: number }): Promise<void>
  /** A mined block for what was sent, when blocks are made by hand; else nothing. */
  settle(): Promise<void>
  stop(): Promise<void>
}

/**
 * A local chain with token and Market. With `persist`, a chain that holds them already goes on; with manual mining the deployment
 * is mined by hand.
 */
export async function startDevnet(options: AnvilOptions & DeployOptions = {}): Promise<Devnet> {
  const anvil = await startAnvil(options)
  try {
    const chain = defineChain({
      id: anvil.chainId,
      name: 'DMC devnet',
      nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
      rpcUrls: { default: { http: [anvil.url] } },
    })
    const transport = http(anvil.url, { batch: true })
    const client = createPublicClient({ chain, transport, pollingInterval: 50 })
    const wallet = createWalletClient({ chain, transport, account: devAccount(0) })
    const file = options.persist && options.dir !== undefined ? join(options.dir, 'deployment.json') : null
    let deployment = file === null ? null : await findDeployment(client, file)
    if (deployment === null) {
      const miner =
        options.blockTime === 'manual' ? setInterval(() => void anvil.mine().catch(() => {}), 50) : null
      try {
        deployment = await deployMarket(client, wallet, { devnet: true, ...options })
      } finally {
        if (miner !== null) clearInterval(miner)
      }
      if (file !== null) {
        writeFileSync(
          `${file}.new`,
          JSON.stringify({ ...deployment, deploymentBlock: String(deployment.deploymentBlock) }),
        )
        renameSync(`${file}.new`, file)
      }
    }
    const settle = async () => {
      if (options.blockTime === 'manual') await anvil.mine()
    }
    const { token } = deployment
    return {
      ...deployment,
      anvil,
      url: anvil.url,
      client,
      fund: (account, how) => fundAccount({ url: anvil.url, token, account, mine: settle, ...how }),
      settle,
      stop: () => anvil.stop(),
    }
  } catch (error) {
    await anvil.stop()
    throw error
  }
}

/** What an earlier start deployed, if the chain still has it. */
async function findDeployment(client: PublicClient, file: string): Promise<Deployment | null> {
  try {
    const saved = JSON.parse(readFileSync(file, 'utf8')) as Deployment & { deploymentBlock: string }
    if ((await client.getCode({ address: saved.market })) === undefined) return null
    return { ...saved, deploymentBlock: BigInt(saved.deploymentBlock) }
  } catch {
    return null
  }
}
