import { readDefaultEndpoint, readEndpoint } from '@dmc/core/chain/read-endpoint'
import { readOrder } from '@dmc/core/chain/read-order'
import { type Commitment, OPERATOR_SCOPES, type OrderOnChain } from '@dmc/core/chain/types'
import type { Command, CommandOf } from '@dmc/core/dashboard/commands'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { describeRetention, describeRule, RETENTION_KINDS } from '@dmc/core/schedule/describe'
import { keepsAtLeast } from '@dmc/core/schedule/retention'
import { checkRule, type ScheduleRule, shortestGapMs } from '@dmc/core/schedule/schedule-rule'
import { checkExcludes } from '@dmc/core/source/exclude-patterns'
import { shellWord } from '@dmc/core/units/shell-word'
import { billsOfSector, linkBill, sectorOfBill } from '../account/bill-rows.ts'
import { operatorAllowed } from '../account/operator-allowed.ts'
import type { AgentContext } from '../agent-context.ts'
import { type CheckRow, listChecks } from '../challenge/check-rows.ts'
import { addContract, contractsOfSource, findContract } from '../contract/contract-rows.ts'
import type { RestoreEvent } from '../control/types.ts'
import { findSector } from '../find-sector.ts'
import { restoreInto } from '../handlers/restore-start.ts'
import { sectorAdd } from '../handlers/sector-add.ts'
import { sourceAdd } from '../handlers/source-add.ts'
import { sourceExclude } from '../handlers/source-exclude.ts'
import { mustBeNobodys } from '../restore-place.ts'
import { keepBackingUp } from '../resume-backups.ts'
import { ownerOf } from '../rows/owner-of.ts'
import { findRetention } from '../schedule/retention-rows.ts'
import { setRetention } from '../schedule/set-retention.ts'
import { setSchedule } from '../schedule/set-schedule.ts'
import { countCost, MOST_A_DAY } from './command-rows.ts'
import { measureLater } from './measure-later.ts'
import { mustNotBeAnothers, publishEndpoint } from './publish-endpoint.ts'
import { refused } from './refused.ts'
import { inParent, insideRoots, makeInsideRoots, type Roots, sourceInRoots } from './roots.ts'

export type CommandResult = Record<string, string | number | bigint | boolean | null>

export interface Carrying {
  ctx: AgentContext
  roots: Roots
  /** The dashboard's number for it: what is counted, is counted once for it. */
  commandId: bigint
  /** The folder that a restore made for itself (`dev:ino`), kept with the command: also after a stop or a kill it goes on there only. */
  folder: { made(): string | null; make(folder: string): void }
  signal: AbortSignal
  onRestore(event: RestoreEvent): void
}

const MIB = 1n << 20n
/** More than a host has, and what its dashboard keeps of it: one that asks without end fills nothing here. */
const MOST_THINGS = 1_000

/**
 * Does what the dashboard asked, if the chain and this host's allowed folders say that it may. The dashboard is believed in nothing:
 * whose an order or a bill is, where a path really leads and which address goes on chain are looked up here.
 * @throws COMMAND_REFUSED, PATH_OUTSIDE_ROOTS, NOT_OPERATOR, and what the act itself throws
 */
export async function carryOut(how: Carrying, command: Command): Promise<CommandResult> {
  switch (command.kind) {
    case 'source.add':
      return addSource(how, command)
    case 'source.setExcludes':
      return setExcludes(how, command)
    case 'schedule.set':
      return scheduleSource(how, command)
    case 'retention.set':
      return keepMore(how, command)
    case 'backup.start':
      return startBackup(how, command)
    case 'restore.start':
      return startRestore(how, command)
    case 'sector.add':
      return addSector(how, command)
    case 'bill.link':
      return serveBill(how, command)
    case 'endpoint.publish':
      return publishDefault(how)
    case 'order.check':
      return checkOrder(how, command)
  }
}

/** flow 14, off chain: a dashboard may have it done, but not make a nuisance of this host. */
const CHECK_EVERY_MS = 60_000
const CHECKS_A_DAY = 24
const DAY_MS = 86_400_000

/** One that ended before there was a question, as the chain could not be asked or the order was not in force yet, kept nobody busy. */
const askedTheMiner = ({ outcome, kind, leaves }: CheckRow): boolean =>
  outcome !== 'unknown' || kind !== 'leaves' || leaves > 0

async function checkOrder({ ctx }: Carrying, { orderId }: CommandOf<'order.check'>): Promise<CommandResult> {
  const asked = listChecks(ctx.store, orderId, 200).filter(({ why }) => why === 'person')
  const now = Date.now()
  const last = asked.find(askedTheMiner)
  if (last !== undefined && now - last.atMs < CHECK_EVERY_MS) {
    throw refused(
      `order ${orderId} was checked on request ${Math.floor((now - last.atMs) / 1000)} seconds ago`,
      'Wait a minute, or check it on the host.',
    )
  }
  if (asked.filter(({ atMs }) => now - atMs < DAY_MS).length >= CHECKS_A_DAY) {
    throw refused(
      `order ${orderId} was checked on request ${CHECKS_A_DAY} times today`,
      'It is checked by itself all day; more on request can be had on the host.',
    )
  }
  // nothing would be asked of the miner: no check, and none that keeps the next one waiting
  const { state } = await ctx.contract.reader.order(orderId)
  if (state === 'preparing') {
    throw refused(
      `order ${orderId} is not in force yet as this host sees the chain`,
      'It waits for some blocks before it believes them: try again in a minute.',
    )
  }
  const { row } = await ctx.checks.check(orderId, { why: 'person' })
  const { outcome, leaves, latencyMs } = row
  return { orderId, outcome, leaves, latencyMs }
}

/** flow 5 */
async function addSource(how: Carrying, command: CommandOf<'source.add'>): Promise<CommandResult> {
  const { ctx, roots, signal } = how
  const path = await insideRoots(roots, 'read', command.path)
  const name = command.name === undefined ? {} : { name: command.name }
  const { excludes } = command
  const sources = ctx.sources.list()
  const known = sources.some((each) => each.path.equals(Buffer.from(path)))
  if (sources.length >= MOST_THINGS && !known) throw refused(`this host has ${MOST_THINGS} sources already`)
  const first = excludes === undefined || known ? {} : { excludes }
  const source = await sourceAdd(ctx, { path, ...name, ...first }, () => {}, signal)
  const { sourceId } = source
  // of a source that there is already, as when it is asked for by itself
  if (known && excludes !== undefined)
    await setExcludes(how, { kind: 'source.setExcludes', sourceId, excludes })
  // tried again for a source without an order it is what is asked for now; one that is backed up keeps its own
  if (command.schedule !== undefined && contractsOfSource(ctx.store, sourceId).length === 0)
    setScheduleFor(how, sourceId, command.schedule)
  measureLater(ctx, sourceId)
  return { sourceId }
}

/** What a source leaves out. @throws RETENTION_NEEDS_HOST for another list while snapshots are forgotten; EXCLUDE_INVALID */
async function setExcludes(how: Carrying, command: CommandOf<'source.setExcludes'>): Promise<CommandResult> {
  const { ctx, signal } = how
  const source = ctx.sources.get(command.sourceId)
  const excludes = checkExcludes(command.excludes)
  // what is left out now would be gone with the snapshots that still have it; with no list at all nothing is left out
  const same = excludes.length === 0 || excludes.join('\n') === source.excludes.join('\n')
  if (!same && findRetention(ctx.store, source.sourceId) !== null) {
    throw needsHost(
      `Source ${source.name} forgets old snapshots, so only its host may say what it leaves out`,
      `dmc-agent source exclude ${source.sourceId} -- ${excludes.map(shellWord).join(' ')}`,
    )
  }
  await sourceExclude(ctx, { source: source.sourceId, excludes }, () => {}, signal)
  measureLater(ctx, source.sourceId)
  return { sourceId: source.sourceId }
}

/** A snapshot costs gas of this host's operator: a dashboard can have them taken so often, and no more often. */
const SHORTEST_GAP_MS = 15 * 60_000

/** @throws SCHEDULE_NEEDS_HOST for a rule that runs more often; COMMAND_REFUSED for one too many changes */
function setScheduleFor({ ctx, commandId }: Carrying, sourceId: string, wanted: ScheduleRule | null) {
  const rule = wanted && checkRule(wanted)
  if (rule !== null && shortestGapMs(rule, Date.now()) < SHORTEST_GAP_MS) {
    const option = rule.kind === 'interval' ? 'every' : rule.kind === 'times' ? 'at' : 'cron'
    throw new DmcError(
      'SCHEDULE_NEEDS_HOST',
      `Backups ${describeRule(rule)} come within less than ${SHORTEST_GAP_MS / 60_000} minutes of each other; each costs gas, so only the host may say that.`,
      {
        hint: `Nothing was changed. On the host, run: dmc-agent source schedule ${sourceId} --${option} ${shellWord(rule.spec)} --timezone ${shellWord(rule.timeZone)}`,
      },
    )
  }
  if (rule !== null) mustNotBeTooMany(ctx, commandId)
  return setSchedule(ctx, sourceId, rule)
}

function mustNotBeTooMany({ store }: Carrying['ctx'], commandId: bigint): void {
  if (countCost(store, commandId, 'backup')) return
  throw refused(
    `the dashboard has begun or scheduled ${MOST_A_DAY.backup} backups on this host within a day`,
    'Each costs gas. On the host: dmc-agent backup SOURCE; or wait a day.',
  )
}

/** When a source is backed up; its folder must still be one that the dashboard may have backed up. @throws SCHEDULE_INVALID, SCHEDULE_NEEDS_HOST */
async function scheduleSource(how: Carrying, command: CommandOf<'schedule.set'>): Promise<CommandResult> {
  const { ctx, roots } = how
  const source = ctx.sources.get(command.sourceId)
  if (command.rule !== null) await insideRoots(roots, 'read', source.path.toString())
  const schedule = setScheduleFor(how, source.sourceId, command.rule)
  return { sourceId: source.sourceId, nextMs: schedule?.nextRun ?? null }
}

/** Keeps more snapshots, never fewer: that is said on the host. @throws RETENTION_NEEDS_HOST */
async function keepMore({ ctx }: Carrying, command: CommandOf<'retention.set'>): Promise<CommandResult> {
  const { sourceId, name } = ctx.sources.get(command.sourceId)
  const { policy } = command
  const present = findRetention(ctx.store, sourceId)
  if (policy !== null && !keepsAtLeast(policy, present)) {
    const options = RETENTION_KINDS.flatMap((kind) => (policy[kind] ? [`--${kind} ${policy[kind]}`] : []))
    throw needsHost(
      `Source ${name} keeps ${describeRetention(present)} of its snapshots, and only its host may say that fewer are kept`,
      `dmc-agent source keep ${sourceId} ${options.join(' ')} --timezone ${shellWord(policy.timeZone)}`,
    )
  }
  setRetention(ctx, sourceId, policy)
  return { sourceId }
}

const needsHost = (why: string, run: string): DmcError =>
  new DmcError('RETENTION_NEEDS_HOST', `${why}.`, { hint: `Nothing was changed. On the host, run: ${run}` })

/** What the order holds, or is about to hold: also what has too few confirmations to be acted on counts as another host's. */
async function newestData(ctx: AgentContext, confirmed: OrderOnChain): Promise<Commitment | null> {
  const { market } = await ctx.account()
  const newest = await readOrder(ctx.rpc.client, { market, orderId: confirmed.orderId })
  return confirmed.commitment ?? newest.commitment ?? newest.userPrepare ?? newest.minerPrepare
}

/** flows 7 and 15: the order is the chain's, not the dashboard's word. */
async function startBackup(how: Carrying, command: CommandOf<'backup.start'>): Promise<CommandResult> {
  const { ctx, roots } = how
  const source = ctx.sources.get(command.sourceId)
  // the folder may have been taken from the allowed ones, or a link put in its place
  await insideRoots(roots, 'read', source.path.toString())
  const { orderId } = command
  if (orderId !== undefined) {
    const owner = ownerOf(ctx)
    const order = await ctx.contract.reader.order(orderId)
    if (order.user.toLowerCase() !== owner.toLowerCase()) {
      throw refused(
        `order ${orderId} is ${order.user}’s, not of the wallet that this host acts for (${owner})`,
      )
    }
    if (order.state !== 'preparing' && order.state !== 'active') {
      throw refused(`order ${orderId} is ${order.state}`)
    }
    await operatorAllowed(await ctx.account(), owner, OPERATOR_SCOPES.PREPARE)
    const known = findContract(ctx.store, orderId, 'user')
    if (known?.sourceId && known.sourceId !== source.sourceId) {
      throw refused(`order ${orderId} holds another source (${known.sourceId})`)
    }
    const held = known === null ? await newestData(ctx, order) : null
    if (held !== null) {
      throw refused(
        `order ${orderId} holds a backup (${held.size} bytes) that this host knows nothing of`,
        'Nothing was done: it would be overwritten. Back up from the host that took this order, or take another one for this source.',
      )
    }
    addContract(ctx.store, {
      orderId,
      role: 'user',
      billId: order.billId,
      capacityMib: Number(order.capacity),
      sourceId: source.sourceId,
    })
  }
  if (contractsOfSource(ctx.store, source.sourceId).length === 0) {
    throw refused(`source ${source.name} has no order to be backed up into`)
  }
  mustNotBeTooMany(ctx, how.commandId)
  void keepBackingUp(ctx, source.sourceId)
  return { sourceId: source.sourceId, orderId: orderId ?? null }
}

/** flow 11: into a folder that this very command makes, before a miner is talked to: what comes by that name later is not followed. */
async function startRestore(how: Carrying, command: CommandOf<'restore.start'>): Promise<CommandResult> {
  const { ctx, roots, signal } = how
  await sourceInRoots(roots, ctx.sources.get(command.sourceId).path)
  const made = how.folder.made()
  const to = await inParent(roots, 'restore', command.target)
  await mustBeNobodys(ctx, to)
  let folder = made
  if (folder === null) {
    folder = await makeInsideRoots(roots, 'restore', command.target)
    how.folder.make(folder)
  }
  const result = await restoreInto(folder)(
    ctx,
    {
      snapshot: command.snapshotId,
      source: command.sourceId,
      to,
      paths: command.paths,
      overwrite: 'never',
      intoExisting: made !== null,
      verifyOnly: false,
    },
    how.onRestore,
    signal,
  )
  return {
    to: result.to,
    files: result.files,
    directories: result.directories,
    bytes: result.bytes,
    failed: result.failedCount,
    unset: result.unsetCount,
  }
}

/** flow 1 */
async function addSector(how: Carrying, command: CommandOf<'sector.add'>): Promise<CommandResult> {
  const path = await inParent(how.roots, 'sector', command.path)
  const known = (await how.ctx.sectors.list()).find((sector) => sector.path === path)
  if (known) return { sectorId: known.sectorId }
  if ((await how.ctx.sectors.list()).length >= MOST_THINGS) {
    throw refused(`this host has ${MOST_THINGS} sectors already`)
  }
  const sector = await sectorAdd(how.ctx, { path, size: command.size }, () => {}, how.signal)
  return { sectorId: sector.sectorId }
}

/** flow 3: the bill is the wallet's own, by the chain, and no more than the sector holds. */
async function serveBill(how: Carrying, command: CommandOf<'bill.link'>): Promise<CommandResult> {
  const { ctx } = how
  const { billId } = command
  const sector = await findSector(ctx, command.sectorId)
  const owner = ownerOf(ctx)
  const { reader } = ctx.contract
  const bill = await reader.bill(billId)
  if (bill.miner.toLowerCase() !== owner.toLowerCase()) {
    throw refused(`bill ${billId} is ${bill.miner}’s, not of the wallet that this host acts for (${owner})`)
  }
  if (bill.cancelled) throw refused(`bill ${billId} is cancelled`)
  // before anything is linked: users of another host's bill would look for their data here
  const { market } = await ctx.account()
  const current = await readEndpoint(ctx.rpc.client, { market, billId })
  mustNotBeAnothers(ctx, { billId, current, own: await ctx.endpoint() })
  await operatorAllowed(await ctx.account(), owner, OPERATOR_SCOPES.PREPARE)
  const capacities = new Map([[billId, bill.capacity]])
  for (;;) {
    // from this look at the rows to the new one nothing is waited for, so of two bills at once the second sees the first
    const linked = sectorOfBill(ctx.store, billId)
    if (linked !== null && linked !== sector.sectorId) {
      throw refused(`bill ${billId} sells another sector (${linked})`)
    }
    const others = billsOfSector(ctx.store, sector.sectorId).filter((other) => other !== billId)
    const unread = others.find((other) => !capacities.has(other))
    if (unread !== undefined) {
      capacities.set(unread, (await reader.bill(unread)).capacity)
      continue
    }
    const sold = others.reduce((sum, other) => sum + (capacities.get(other) ?? 0n), bill.capacity)
    if (sold * MIB > BigInt(sector.size)) {
      throw refused(
        `bill ${billId} and the others of sector ${sector.sectorId} sell ${sold} MiB; it holds ${BigInt(sector.size) / MIB}`,
      )
    }
    linkBill(ctx.store, billId, sector.sectorId)
    break
  }
  ctx.journal.add({
    event: 'bill-linked',
    subject: `bill:${billId}`,
    message: `Bill ${billId} sells sector ${sector.sectorId}: its orders are taken here.`,
  })
  await ctx.serve()
  // what stands on chain must lead here; what the dashboard thinks of it is no matter
  const endpoint = await publishEndpoint(how, { billId, current })
  return { billId, sectorId: sector.sectorId, endpoint }
}

async function publishDefault(how: Carrying): Promise<CommandResult> {
  const { ctx } = how
  if ((await ctx.sectors.list()).length === 0) throw refused('this host has no sector to serve')
  const miner = ownerOf(ctx)
  const { market } = await ctx.account()
  const current = await readDefaultEndpoint(ctx.rpc.client, { market, miner })
  return { endpoint: await publishEndpoint(how, { billId: 0n, current }) }
}
