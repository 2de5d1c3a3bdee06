import { OPERATOR_SCOPES } from '@dmc/core/chain/types'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import { deriveSourceKey } from '@dmc/core/log/derive-keys'
import { nodeLogCrypto } from '@dmc/core/log/node-log-crypto'
import { chooseHasher } from '@dmc/core/merkle/node-hasher'
import { formatEndpoint } from '@dmc/core/protocol/endpoint'
import type { Address } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { sectorOfBill } from './account/bill-rows.ts'
import { type AccountContext, readMarketFacts } from './account/context.ts'
import { operatorAllowed } from './account/operator-allowed.ts'
import { prepare } from './account/prepare.ts'
import { refuseOrder } from './account/refuse-order.ts'
import { withdrawPrepare } from './account/withdraw-prepare.ts'
import type { AgentContext } from './agent-context.ts'
import type { AnswerService } from './answer/answer-service.ts'
import { openAnswering } from './answer/open-answering.ts'
import { createMarketReader } from './chain/market-reader.ts'
import { openRpcClient, type RpcClient } from './chain/rpc-client.ts'
import { createTransactionSender } from './chain/send-transaction.ts'
import type { TransactionProgress } from './chain/transaction-types.ts'
import { openChecker } from './challenge/open-checker.ts'
import { type Collecting, openCollecting } from './collect/open-collecting.ts'
import type { AgentConfig } from './config/agent-config.ts'
import type { ContractContext } from './contract/context.ts'
import { OrderQueue } from './contract/order-queue.ts'
import { releaseStatement } from './contract/release-statement.ts'
import { withRetry } from './contract/wait.ts'
import { Bandwidth } from './contract/wire/bandwidth.ts'
import { createMinerServer, type MinerServer } from './contract/wire/miner-server.ts'
import { loadTlsIdentity } from './contract/wire/tls-identity.ts'
import { type DashboardLink, openDashboardLink } from './dashboard/open-link.ts'
import { pageMemory } from './disk/page-memory.ts'
import { followMarket } from './follow-market.ts'
import { healLinks } from './heal-links.ts'
import { openAlarms } from './health/alarms.ts'
import { healthOf } from './health/health-report.ts'
import { type HealthServer, openHealthServer } from './health/health-server.ts'
import { watchHealth } from './health/watch-health.ts'
import { JobBoard } from './job-board.ts'
import { quickAccount } from './keys/quick-account.ts'
import type { UnlockedKeys } from './keys/types.ts'
import { rebuildSource } from './rebuild-source.ts'
import { resumeBackups } from './resume-backups.ts'
import { openScheduler } from './schedule/open-scheduler.ts'
import { findRetention } from './schedule/retention-rows.ts'
import type { Scheduler } from './schedule/scheduler.ts'
import { openScrubbing } from './scrub/scrubber.ts'
import { BufferPool } from './sector/buffer-pool.ts'
import { openSectorService } from './sector/sector-service.ts'
import { openSourceService } from './source/source-service.ts'
import { startBackup } from './source/start-backup.ts'
import { crashPoint } from './store/crash-point.ts'
import { openJournal } from './store/journal.ts'
import { openStore } from './store/open-store.ts'
import { checkWatched } from './watch/check-watched.ts'
import { openSlashing } from './watch/open-slashing.ts'
import type { SlashService } from './watch/slash-service.ts'

const POOL_BYTES = 64 * 1024 * 1024

/**
 * Assembles the agent's services and, for `dmc-agent run` (`background`), sets them to work: transactions on their way,
 * the Market's log, orders to serve, backups that a kill cut off. `close` stops everything so that it can be resumed.
 * @throws STORE_CORRUPT, DATA_DIR_VERSION, HASHER_UNAVAILABLE; in the background also WRONG_CHAIN and NOT_A_DMC_MARKET
 */
export async function openAgent(
  config: AgentConfig,
  keys: UnlockedKeys,
  { background }: { background: boolean },
): Promise<AgentContext> {
  chooseHasher() // before anything is opened: a tier that is forced and can't be had
  const stop = new AbortController()
  const { signal } = stop
  const store = openStore(config.dataDir)
  const journal = openJournal(store)
  const alarms = openAlarms(store, journal)
  const operator = quickAccount(keys.operator.privateKey)
  const wallet = keys.wallet ? privateKeyToAccount(keys.wallet.privateKey) : null
  const { market } = config.chain
  const rpc = openRpcClient({
    urls: config.chain.rpcUrls,
    chainId: config.chain.chainId,
    confirmations: config.chain.confirmations,
    signal,
    onTrouble: (url, error) =>
      journal.add({
        level: error ? 'warning' : 'info',
        event: error ? 'rpc-trouble' : 'rpc-back',
        message: error ? `${error.message} ${error.hint}` : `The RPC ${url} answers again.`,
      }),
  })
  const reader = createMarketReader(rpc, market)
  const accounts = wallet ? [operator, wallet] : [operator]
  const sender = createTransactionSender({ store, journal, rpc, market, accounts })
  const pool = new BufferPool(POOL_BYTES)
  // what comes in is written to the disk from where it was received: no worker thread needs to see it
  const bodies = new BufferPool(POOL_BYTES, pageMemory(POOL_BYTES).buffer)
  const sources = openSourceService({ store, dataDir: config.dataDir })
  const forbidden = () => [config.dataDir, ...sources.list().map((source) => source.path.toString())]
  const sectors = openSectorService({ store, journal, forbidden, pool })
  const acting = { rpc, market, operator, reader, sender, journal }
  const how = { signal }
  const bandwidth = {
    up: new Bandwidth(config.bandwidth.upload),
    down: new Bandwidth(config.bandwidth.download),
  }
  const contract: ContractContext = {
    store,
    journal,
    reader,
    checkMarket: () => rpc.checkMarket(market),
    operator,
    sectors,
    allowPrivateEndpoints: config.allowPrivateEndpoints,
    bandwidth,
    confirmations: rpc.confirmations,
    prepareWindow: async () => (await context.account()).facts.parameters.prepareWindow,
    signal,
    acts: {
      mayPrepare: (owner) => operatorAllowed(acting, owner, OPERATOR_SCOPES.PREPARE),
      prepare: async (orderId, side, commitment) => {
        const onProgress = ({ state }: TransactionProgress) => {
          if (state === 'sent') crashPoint(side === 'user' ? 'user-prepare-sent' : 'miner-prepare-sent')
        }
        await prepare(acting, orderId, side, commitment, { ...how, onProgress })
      },
      withdrawPrepare: (orderId, side) => withdrawPrepare(acting, orderId, side, how),
      refuse: async (orderId, reason) => {
        await refuseOrder(acting, orderId, reason, how)
      },
      sectorOfBill: (billId) => sectorOfBill(store, billId),
    },
    source: {
      start: ({ sourceId, target, base, mayBeEmpty, signal: until, onNote, onProgress }) => {
        const source = sources.get(sourceId)
        const sourceKey = deriveSourceKey(nodeLogCrypto, keys.master, source.salt)
        return startBackup({
          source,
          keys: { salt: source.salt, sourceKey },
          target,
          base,
          excludes: source.excludes,
          retention: findRetention(store, sourceId),
          chain: { chainId: rpc.chainId, market },
          dataDir: config.dataDir,
          onProgress,
          rebuild: () =>
            withRetry(() => rebuildSource(context, sourceId, { onNote, signal: until }), {
              signal: until,
              onRetry: (error, ms) => onNote(`${error.message} Trying again in ${Math.round(ms / 1000)} s.`),
            }),
          options: {
            spoolLimit: config.spoolLimit,
            mayBeEmpty,
            ...(config.backupThreads === null ? {} : { threads: config.backupThreads }),
          },
        })
      },
    },
  }
  const queue = new OrderQueue()
  const jobs = new JobBoard({ keepGoing: background })
  let facts: Promise<AccountContext['facts']> | null = null
  let server: MinerServer | null = null
  let serving: Promise<void> | null = null
  let link: DashboardLink | null = null
  let scheduler: Scheduler | null = null
  let answering: AnswerService | null = null
  let slashing: SlashService | null = null
  let collecting: Collecting | null = null
  let scrubbing: { close(): Promise<void> } | null = null
  let watched: { close(): Promise<void> } | null = null
  let health: { server: HealthServer | null; watch: { close(): Promise<void> } } | null = null
  let work: { close(): Promise<void>; touch(orderId: bigint): void } | null = null

  const listen = async () => {
    const tls = config.listen.plainHttp ? null : await loadTlsIdentity(config.dataDir)
    server = await createMinerServer({
      tls,
      reader,
      stores: (orderId) => sectors.open(orderId),
      signer: operator,
      bind: config.listen.host,
      port: config.listen.port,
      journal,
      pool: bodies,
      bandwidth,
      onSealed: (orderId) => work?.touch(orderId),
      withdrawStatement: (orderId, sealed) =>
        queue.run(orderId, () => releaseStatement(contract, orderId, sealed)),
    })
    journal.add({ event: 'listening', message: `Answering users on ${config.listen.host}:${server.port}.` })
  }

  const checks = openChecker({ config, store, journal, reader, rpc, sender, alarms, operator, signal })
  const context: AgentContext = {
    config,
    journal,
    store,
    keys,
    wallet,
    operator,
    rpc,
    sender,
    sources,
    sectors,
    contract,
    queue,
    pool,
    jobs,
    alarms,
    get answering() {
      return answering
    },
    checks,
    get slashing() {
      return slashing
    },
    background,
    startedMs: Date.now(),
    signal,
    async account() {
      facts ??= rpc.checkMarket(market).then(() => readMarketFacts(rpc, market))
      facts.catch(() => {
        facts = null
      })
      return { store, journal, rpc, sender, reader, market, facts: await facts, wallet, operator }
    },
    async endpoint() {
      const url = new URL(
        config.listen.publicUrl ??
          `${config.listen.plainHttp ? 'http' : 'https'}://${hostInUrl(config.listen.host)}:${server?.port ?? config.listen.port}`,
      )
      const spki = url.protocol === 'https:' ? [(await loadTlsIdentity(config.dataDir)).spki] : []
      return formatEndpoint({
        protocol: url.protocol === 'https:' ? 'https' : 'http',
        host: url.hostname.replace(/^\[|\]$/g, ''),
        port: Number(url.port),
        spki,
      })
    },
    async serve() {
      if (!background || (await sectors.list()).length === 0) return
      serving ??= listen()
      serving.catch(() => {
        serving = null
      })
      await serving
    },
    get listening() {
      return server ? { host: config.listen.host, port: server.port } : null
    },
    async close() {
      stop.abort()
      scheduler?.close()
      await link?.close()
      await server?.close()
      await jobs.close()
      await checks.close()
      await work?.close()
      await answering?.close()
      await slashing?.close()
      await collecting?.close()
      await scrubbing?.close()
      await watched?.close()
      await health?.server?.close()
      await health?.watch.close()
      await queue.idle()
      await sender.close()
      await sectors.close()
      store.close()
    },
  }
  if (!background) return context
  try {
    await mustBeOurChain(rpc, market)
    sender.resumeTransactions()
    await context.serve()
    answering = openAnswering(context)
    slashing = openSlashing(context)
    collecting = openCollecting(context)
    scrubbing = openScrubbing(context)
    watched = checkWatched(context)
    const server =
      config.healthPort === 0 ? null : await openHealthServer(config.healthPort, () => healthOf(context))
    health = { server, watch: watchHealth(context) }
    work = followMarket(context, reader.forget)
    void healLinks(context).catch((error: unknown) => {
      const { code, message } = toDmcError(error)
      if (code !== 'INTERRUPTED') journal.add({ level: 'warning', event: 'links', message })
    })
    resumeBackups(context)
    scheduler = openScheduler(context)
    checks.start()
    if (config.dashboard) link = await openDashboardLink(context, config.dashboard)
  } catch (error) {
    await context.close()
    throw error
  }
  return context
}

/** How long the start waits for a chain that does not answer. */
const START_MS = 5_000

/**
 * A configuration that means another chain ends the start; a chain that is silent for now does not.
 * @throws WRONG_CHAIN, NOT_A_DMC_MARKET
 */
async function mustBeOurChain(rpc: RpcClient, market: Address): Promise<void> {
  const checked = rpc.checkMarket(market).catch((thrown: unknown) => {
    const error = toDmcError(thrown)
    if (['WRONG_CHAIN', 'NOT_A_DMC_MARKET'].includes(error.code)) throw error
  })
  checked.catch(() => {})
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, START_MS)
  })
  await Promise.race([checked, late]).finally(() => clearTimeout(timer))
}

const hostInUrl = (host: string): string => {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}
