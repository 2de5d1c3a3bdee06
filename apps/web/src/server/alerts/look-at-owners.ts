import { readSettings } from '@dmc/db/account/settings'
import { type AlertWrites, alertsOf, saveAlerts } from '@dmc/db/alerts/alerts'
import { type AlertFactRows, loadAlertFacts } from '@dmc/db/alerts/load-alert-facts'
import { countMessages } from '@dmc/db/alerts/messages'
import { readChainState } from '@dmc/db/chain/read-chain-state'
import type { Database } from '@dmc/db/open-database'
import { agentRow } from '../agents/agent-row.ts'
import { logError } from '../log-error.ts'
import { readAlertSettings } from './alert-settings.ts'
import type { BalanceReader } from './balances.ts'
import { ALERT_SETTINGS, EMAIL_SETTING, readEmail, readWebhook, WEBHOOK_SETTING } from './channel-settings.ts'
import { type ChainFacts, DAY, type OwnerFacts } from './facts.ts'
import { reconcile } from './reconcile.ts'
import { runRules } from './rules/run-rules.ts'
import { type Channel, MOST_AN_HOUR, makeMessages } from './tell.ts'

export interface LookOptions {
  db: Database
  balances: BalanceReader
  /** Mails can be sent at all. */
  mail: boolean
  now: Date
}

/** A slash is told for so long. */
const SLASHED_S = 14 * DAY
const HOUR_MS = 3_600_000

/**
 * Looks at the rows of some wallets and writes what changes in their alerts, each wallet's in one transaction together with the
 * messages that go out about it: whatever ends this process in between, nothing is lost and nothing is told twice.
 */
export async function lookAtOwners(options: LookOptions, owners: readonly string[]): Promise<void> {
  if (owners.length === 0) return
  const { db, now, balances } = options
  const state = await readChainState(db.prisma)
  const chain = state === null || state.headSeenAt === null ? null : chainFacts(state, state.headSeenAt, now)
  const clock =
    chain === null || state === null
      ? null
      : { headTime: BigInt(Math.floor(chain.now)), week: state.parameters.week }
  const slashedAfter = BigInt(Math.floor(Math.max(0, (chain?.now ?? now.getTime() / 1000) - SLASHED_S)))
  const [rows, known, settings] = await Promise.all([
    loadAlertFacts(db, { owners, clock, slashedAfter }),
    alertsOf(db.prisma, { owners }),
    readSettings(db.prisma, { owners, keys: [ALERT_SETTINGS, WEBHOOK_SETTING, EMAIL_SETTING] }),
  ])
  const busy = owners.filter(
    (owner) =>
      rows.orders.some((order) => order.user === owner || order.miner === owner) ||
      rows.agents.some((agent) => agent.owner === owner),
  )
  const [money, gasPrice] = await Promise.all([balances.of(busy, now), balances.gasPrice(now)])
  const lookAt = async (owner: string) => {
    const stored = settings.get(owner) ?? {}
    const facts: OwnerFacts = {
      owner,
      now: now.getTime() / 1000,
      chain,
      settings: readAlertSettings(stored[ALERT_SETTINGS]),
      ...ownRows(rows, owner),
      balance: money.get(owner) ?? null,
      gasPrice,
    }
    const mine = known.filter((row) => row.owner === owner)
    const changes = reconcile(mine, runRules(facts), now)
    const on = await openChannels(options, owner, stored)
    const told = makeMessages({ known: mine, writes: changes, settings: facts.settings, on, now })
    const writes: AlertWrites = { owner, ...changes, ...told }
    if (hasAny(writes)) await saveAlerts(db, writes, now)
  }
  for (const owner of owners) {
    // what one wallet's rows break is not the others' loss
    await lookAt(owner).catch((error: unknown) => logError(`alerts of ${owner}`, error))
  }
}

const hasAny = ({ create, update, seen, resolve, messages }: AlertWrites) =>
  create.length + update.length + seen.length + resolve.length + messages.length > 0

function chainFacts(
  state: NonNullable<Awaited<ReturnType<typeof readChainState>>>,
  seenAt: Date,
  now: Date,
): ChainFacts {
  const quietFor = Math.max(0, (now.getTime() - seenAt.getTime()) / 1000)
  const { trouble } = state
  return {
    now: Number(state.headTime) + quietFor,
    parameters: state.parameters,
    quietFor,
    trouble:
      trouble === null
        ? null
        : { code: trouble.code, message: trouble.message, sinceS: Date.parse(trouble.since) / 1000 },
  }
}

function ownRows(rows: AlertFactRows, owner: string) {
  const mine = <T extends { owner: string }>(all: readonly T[]): T[] =>
    all.filter((row) => row.owner === owner)
  return {
    orders: rows.orders.filter((order) => order.user === owner || order.miner === owner),
    credit: rows.credits.get(owner) ?? 0n,
    operators: mine(rows.operators),
    agents: mine(rows.agents).map(agentRow),
    sources: mine(rows.sources),
    schedules: mine(rows.schedules),
    sectors: mine(rows.sectors),
    contracts: mine(rows.contracts),
    proofs: mine(rows.proofs),
    answers: mine(rows.answers),
    snapshots: mine(rows.snapshots),
  }
}

/** Channels that are on, confirmed and within their limit. */
async function openChannels(
  { db, mail, now }: LookOptions,
  owner: string,
  stored: Record<string, unknown>,
): Promise<Channel[]> {
  const webhook = readWebhook(stored[WEBHOOK_SETTING])
  const email = readEmail(stored[EMAIL_SETTING])
  const on: Channel[] = []
  if (webhook?.on) on.push('webhook')
  if (mail && email?.on && email.confirmedAt !== null) on.push('email')
  if (on.length === 0) return on
  const sent = await countMessages(db.prisma, { owner, since: new Date(now.getTime() - HOUR_MS) })
  return on.filter((channel) => (sent.get(channel) ?? 0) < MOST_AN_HOUR)
}
