import { checkMarket } from '@dmc/core/chain/check-market'
import { readParameters, readToken } from '@dmc/core/chain/read-parameters'
import { openDatabase } from '@dmc/db/open-database'
import { createPublicClient, defineChain, fallback, http, type PublicClient } from 'viem'
import type { WebEnv } from '../env.ts'
import { createMailer } from './alerts/mailer.ts'
import { TokenBuckets } from './http/token-bucket.ts'
import { AgentLinks } from './live/agent-links.ts'
import { ChangeFeed } from './live/change-feed.ts'
import { CommandBell } from './live/command-bell.ts'
import { checkRpcUrls, createRpcCheck, type RpcCheck } from './rpc-check.ts'
import type { ChainServices, Services } from './services.ts'

/** Opens the database and what stands on it. @throws WRONG_CHAIN before anything is opened; DATABASE_*, see openDatabase */
export async function openServices(
  env: WebEnv,
  origins: readonly [string, ...string[]],
): Promise<Services & { close(): Promise<void> }> {
  const check = createRpcCheck(env.chain.chainId)
  await checkRpcUrls(check, env.chain.rpcUrls)
  const db = await openDatabase(env.database)
  const feed = await ChangeFeed.open(db)
  const bell = await CommandBell.open(db)
  const mailer = createMailer(env)
  return {
    env,
    origin: origins[0],
    origins,
    db,
    chain: openChain(env, check),
    feed,
    bell,
    links: new AgentLinks(),
    costly: new TokenBuckets({ burst: 120, perSecond: 2 }),
    agentNonces: new TokenBuckets({ burst: 3_000, perSecond: 100 }),
    reports: new TokenBuckets({ burst: 200, perSecond: 40 }),
    mailer,
    async close() {
      mailer?.close()
      await feed.close()
      await bell.close()
      await db.close()
    },
  }
}

function openChain({ chain }: WebEnv, check: RpcCheck): ChainServices {
  const client = createPublicClient({
    chain: defineChain({
      id: chain.chainId,
      name: chain.name,
      nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
      rpcUrls: { default: { http: chain.rpcUrls } },
    }),
    transport: fallback(
      chain.rpcUrls.map((url) =>
        http(url, { batch: true, timeout: 10_000, onFetchRequest: () => check.mustBeOurs(url) }),
      ),
    ),
    cacheTime: 0,
  }) as PublicClient
  let facts: ReturnType<ChainServices['facts']> | null = null
  return {
    client,
    chainId: chain.chainId,
    market: chain.market,
    check,
    facts() {
      facts ??= checkMarket(client, chain.market).then(async () => {
        const [token, parameters] = await Promise.all([
          readToken(client, chain),
          readParameters(client, chain),
        ])
        return { token, parameters }
      })
      facts.catch(() => {
        facts = null
      })
      return facts
    },
  }
}
