import { reading } from '@dmc/core/chain/chain-error'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import { noticesFor } from '@dmc/core/market/notices'
import { shellWord } from '@dmc/core/units/shell-word'
import type { AgentContext } from '../agent-context.ts'
import { type ContractRow, listContracts } from '../contract/contract-rows.ts'
import type { Handler } from '../control/handler.ts'
import type { OrderRow, Status, WalletInfo } from '../control/types.ts'
import { agentVersion } from '../control/version.ts'
import { listOrderRows } from '../rows/list-orders.ts'
import { sectorRow } from '../rows/sector-row.ts'
import { sourceRow } from '../rows/source-row.ts'
import { walletInfo } from '../rows/wallet-info.ts'

const DAY = 86_400n

/** How this host stands, and what needs a person. A silent chain is part of the answer, not an error. */
export const statusGet: Handler<'status.get', AgentContext> = async (ctx) => {
  const { config } = ctx
  let wallet: WalletInfo | null = null
  let orders: OrderRow[] = []
  const chain: Status['chain'] = {
    chainId: config.chain.chainId,
    market: config.chain.market,
    block: 0n,
    blockTime: 0n,
    rpc: ctx.rpc.shownUrl,
    error: null,
  }
  try {
    const block = await reading('the newest block', () => ctx.rpc.client.getBlock({ blockTag: 'latest' }))
    chain.block = block.number ?? 0n
    chain.blockTime = block.timestamp
    ;[wallet, orders] = await Promise.all([walletInfo(ctx), listOrderRows(ctx, { all: false })])
  } catch (error) {
    chain.error = toDmcError(error).toJSON()
  }
  const sectors = await Promise.all((await ctx.sectors.list()).map((sector) => sectorRow(ctx, sector)))
  const sources = ctx.sources.list().map((source) => sourceRow(ctx, source))
  const role: Status['role'] = []
  if (sources.length > 0) role.push('user')
  if (sectors.length > 0) role.push('miner')
  return {
    version: agentVersion(),
    pid: process.pid,
    uptimeSeconds: Math.round((Date.now() - ctx.startedMs) / 1000),
    dataDir: config.dataDir,
    role,
    chain,
    wallet,
    endpoint: {
      listen: ctx.listening
        ? `${ctx.listening.host}:${ctx.listening.port}`
        : `${config.listen.host}:${config.listen.port}`,
      published: sectors.length > 0 ? await ctx.endpoint().catch(() => null) : null,
      running: ctx.listening !== null,
    },
    sources,
    sectors,
    orders,
    jobs: ctx.jobs.list(),
    pendingTransactions: ctx.sender.pending().map(({ hash, name, sinceMs }) => ({ hash, name, sinceMs })),
    attention: [
      ...ctx.alarms.list().map(({ level, message, hint }) => ({ level, message, hint })),
      ...attention({
        chain,
        wallet,
        sources,
        sectors,
        orders,
        contracts: listContracts(ctx.store, 'user'),
        alarms: new Set(ctx.alarms.list().map(({ key }) => key)),
      }),
    ],
  }
}

function attention(
  s: Pick<Status, 'chain' | 'wallet' | 'sources' | 'sectors' | 'orders'> & {
    contracts: ContractRow[]
    /** Keys of the alarms that stand: shown already. */
    alarms: ReadonlySet<string>
  },
): Status['attention'] {
  const found: Status['attention'] = []
  if (s.chain.error && !s.alarms.has('chain'))
    found.push({ level: 'error', message: s.chain.error.message, hint: s.chain.error.hint })
  const operator = s.wallet?.operator
  if (operator && s.orders.length > 0 && s.chain.blockTime > 0n) {
    if (s.alarms.has('operator')) {
      // it says more
    } else if (operator.scopes.length === 0 || operator.expiresAt < s.chain.blockTime) {
      found.push({
        level: 'error',
        message: 'This host’s key may not act for the wallet (never authorised, or expired).',
        hint: 'dmc-agent operator authorise',
      })
    } else if (operator.expiresAt < s.chain.blockTime + 14n * DAY) {
      found.push({
        level: 'warning',
        message: 'This host’s key may act for the wallet for less than two weeks more.',
        hint: 'dmc-agent operator authorise',
      })
    }
  }
  if (s.chain.blockTime > 0n) {
    const { blockTime: now } = s.chain
    const known = operator && !s.alarms.has('gas') ? operator : null
    found.push(...noticesFor({ now, orders: s.orders, operator: known }))
  }
  for (const sector of s.sectors) {
    if (!sector.mounted) {
      found.push({
        level: 'error',
        message: `Sector ${sector.sectorId} at ${sector.path} is not mounted; its ${sector.orders} orders can’t be served.`,
        hint: 'Mount the disk; the agent picks it up by itself.',
      })
    }
  }
  for (const source of s.sources) {
    const own = s.contracts.filter(({ sourceId }) => sourceId === source.sourceId)
    const last = own.at(-1)
    if (last?.state === 'refused') {
      found.push({
        level: 'error',
        message: `The miner refused order ${last.orderId} of ${source.name}${last.reason ? ` (${last.reason})` : ''}; what was paid is in your credit.`,
        hint: `Take another bill: dmc-agent order create --source ${source.name}. Pay the credit out: dmc-agent wallet withdraw`,
      })
    } else if (own.every(({ state }) => state === 'closed')) {
      found.push({
        level: 'warning',
        message: `Source ${source.name} has no order: nothing of it is backed up.`,
        hint: `dmc-agent order create --source ${source.name}`,
      })
    } else if (source.state === 'failed') {
      found.push({
        level: 'error',
        message: `The last backup of ${source.name} failed.`,
        hint: `dmc-agent journal --source ${source.sourceId}, then: dmc-agent backup ${shellWord(source.name)}`,
      })
    }
  }
  return found
}
