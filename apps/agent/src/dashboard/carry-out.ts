import { OPERATOR_SCOPES } from '@dmc/core/chain/types'
import type { Command, CommandOf } from '@dmc/core/dashboard/commands'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { describeRetention, RETENTION_KINDS } from '@dmc/core/schedule/describe'
import { keepsAtLeast } from '@dmc/core/schedule/retention'
import { checkExcludes } from '@dmc/core/source/exclude-patterns'
import { billsOfSector, linkBill, sectorOfBill } from '../account/bill-rows.ts'
import { operatorAllowed } from '../account/operator-allowed.ts'
import type { AgentContext } from '../agent-context.ts'
import { addContract, contractsOfSource, findContract } from '../contract/contract-rows.ts'
import type { RestoreEvent } from '../control/types.ts'
import { findSector } from '../find-sector.ts'
import { endpointSet } from '../handlers/endpoint-set.ts'
import { restoreInto } from '../handlers/restore-start.ts'
import { sectorAdd } from '../handlers/sector-add.ts'
import { sourceAdd } from '../handlers/source-add.ts'
import { sourceExclude } from '../handlers/source-exclude.ts'
import { keepBackingUp } from '../resume-backups.ts'
import { ownerOf } from '../rows/owner-of.ts'
import { findRetention } from '../schedule/retention-rows.ts'
import { setRetention } from '../schedule/set-retention.ts'
import { setSchedule } from '../schedule/set-schedule.ts'
import { inParent, insideRoots, makeInsideRoots, type Roots } from './roots.ts'

export type CommandResult = Record<string, string | number | bigint | boolean | null>

export interface Carrying {
  ctx: AgentContext
  roots: Roots
  /** The folder that a restore made for itself (`dev:ino`), kept with the command: also after a stop or a kill it goes on there only. */
  folder: { made(): string | null; make(folder: string): void }
  signal: AbortSignal
  onRestore(event: RestoreEvent): void
}

const MIB = 1n << 20n

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
      return publishEndpoint(how)
  }
}

/** flow 5 */
async function addSource(how: Carrying, command: CommandOf<'source.add'>): Promise<CommandResult> {
  const { ctx, roots, signal } = how
  const path = await insideRoots(roots, 'read', command.path)
  const name = command.name === undefined ? {} : { name: command.name }
  const { excludes } = command
  const known = ctx.sources.list().some((each) => each.path.toString() === path)
  const first = excludes === undefined || known ? {} : { excludes }
  const source = await sourceAdd(ctx, { path, ...name, ...first }, () => {}, signal)
  const { sourceId } = source
  // of a source that there is already, as when it is asked for by itself
  if (known && excludes !== undefined)
    await setExcludes(how, { kind: 'source.setExcludes', sourceId, excludes })
  if (command.schedule !== undefined) setSchedule(ctx, sourceId, command.schedule)
  ctx.sources.measure(source.sourceId, ctx.signal).catch(() => {
    // only a figure for the screen; the backup walks the folder itself
  })
  return { sourceId: source.sourceId }
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
  ctx.sources.measure(source.sourceId, ctx.signal).catch(() => {
    // only a figure for the screen
  })
  return { sourceId: source.sourceId }
}

/** When a source is backed up; its folder must still be one that the dashboard may have backed up. @throws SCHEDULE_INVALID */
async function scheduleSource(how: Carrying, command: CommandOf<'schedule.set'>): Promise<CommandResult> {
  const { ctx, roots } = how
  const source = ctx.sources.get(command.sourceId)
  if (command.rule !== null) await insideRoots(roots, 'read', source.path.toString())
  const schedule = setSchedule(ctx, source.sourceId, command.rule)
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

/** As it can be pasted into a shell. */
const shellWord = (text: string): string =>
  /^[A-Za-z0-9_./,:=+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

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
  void keepBackingUp(ctx, source.sourceId)
  return { sourceId: source.sourceId, orderId: orderId ?? null }
}

/** flow 11: into a folder that this very command makes, before a miner is talked to: what comes by that name later is not followed. */
async function startRestore(how: Carrying, command: CommandOf<'restore.start'>): Promise<CommandResult> {
  const { ctx, roots, signal } = how
  const made = how.folder.made()
  const to = await inParent(roots, 'restore', command.target)
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
    failed: result.failed.length,
  }
}

/** flow 1 */
async function addSector(how: Carrying, command: CommandOf<'sector.add'>): Promise<CommandResult> {
  const path = await inParent(how.roots, 'sector', command.path)
  const known = (await how.ctx.sectors.list()).find((sector) => sector.path === path)
  if (known) return { sectorId: known.sectorId }
  const sector = await sectorAdd(how.ctx, { path, size: command.size }, () => {}, how.signal)
  return { sectorId: sector.sectorId }
}

/** flow 3: the bill is the wallet's own, by the chain, and no more than the sector holds. */
async function serveBill(how: Carrying, command: CommandOf<'bill.link'>): Promise<CommandResult> {
  const { ctx, signal } = how
  const { billId } = command
  const sector = await findSector(ctx, command.sectorId)
  const owner = ownerOf(ctx)
  const { reader } = ctx.contract
  const bill = await reader.bill(billId)
  if (bill.miner.toLowerCase() !== owner.toLowerCase()) {
    throw refused(`bill ${billId} is ${bill.miner}’s, not of the wallet that this host acts for (${owner})`)
  }
  if (bill.cancelled) throw refused(`bill ${billId} is cancelled`)
  const linked = sectorOfBill(ctx.store, billId)
  if (linked !== null && linked !== sector.sectorId) {
    throw refused(`bill ${billId} sells another sector (${linked})`)
  }
  let sold = bill.capacity
  for (const other of billsOfSector(ctx.store, sector.sectorId)) {
    if (other !== billId) sold += (await reader.bill(other)).capacity
  }
  if (sold * MIB > BigInt(sector.size)) {
    throw refused(
      `bill ${billId} and the others of sector ${sector.sectorId} sell ${sold} MiB; it holds ${BigInt(sector.size) / MIB}`,
    )
  }
  await operatorAllowed(await ctx.account(), owner, OPERATOR_SCOPES.PREPARE)
  linkBill(ctx.store, billId, sector.sectorId)
  ctx.journal.add({
    event: 'bill-linked',
    subject: `bill:${billId}`,
    message: `Bill ${billId} sells sector ${sector.sectorId}: its orders are taken here.`,
  })
  await ctx.serve()
  // what stands on chain must lead here; what the dashboard thinks of it is no matter
  const own = await ctx.endpoint()
  if (bill.endpoint !== own) {
    await operatorAllowed(await ctx.account(), owner, OPERATOR_SCOPES.ENDPOINT)
    await endpointSet(ctx, { mode: 'execute', billId, url: own }, () => {}, signal)
  }
  return { billId, sectorId: sector.sectorId, endpoint: own }
}

async function publishEndpoint({ ctx, signal }: Carrying): Promise<CommandResult> {
  if ((await ctx.sectors.list()).length === 0) throw refused('this host has no sector to serve')
  await operatorAllowed(await ctx.account(), ownerOf(ctx), OPERATOR_SCOPES.ENDPOINT)
  const { done } = await endpointSet(ctx, { mode: 'execute', billId: 0n }, () => {}, signal)
  return { endpoint: done?.endpoint ?? (await ctx.endpoint()) }
}

const refused = (why: string): DmcError =>
  new DmcError('COMMAND_REFUSED', `The agent refuses: ${why}.`, {
    hint: 'Nothing was done. The agent asks the chain and its own allowed folders, not the dashboard.',
  })
