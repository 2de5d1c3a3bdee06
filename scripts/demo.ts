import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { formatDuration } from '@dmc/core/units/format-duration'
import { formatRate } from '@dmc/core/units/format-rate'
import { formatSize } from '@dmc/core/units/format-size'
import { formatTokens } from '@dmc/core/units/format-tokens'
import { AgentProcess } from '@dmc/testkit/agent-process'
import { type Devnet, startDevnet } from '@dmc/testkit/devnet'
import { freePort } from '@dmc/testkit/free-port'
import { offerSector, orderFor, setUpAgent } from '@dmc/testkit/set-up-agents'
import { compareTrees } from '../apps/agent/src/source/compare-trees.ts'
import { buildPages, pagesAreBuilt } from './dashboard/build-pages.ts'
import { type DemoDashboard, pairTestAccount, setUpAsTestAccount, startDashboard } from './demo/dashboard.ts'
import { type KeptAlive, keepAlive } from './demo/keep-alive.ts'
import { makeSampleFolder } from './demo/make-sample-folder.ts'
import { marketTransactions, statedCommitments } from './demo/market-transactions.ts'
import { measureFolder } from './demo/measure-folder.ts'
import { endLeftovers, rememberProcess } from './demo/processes.ts'
import { bold, dim, facts, green, red, say, showEvents, showLive, step } from './demo/terminal.ts'

/**
 * `npm run demo [-- [--once] [PATH]]`: a chain, a miner and a user, all real and on this machine; backs up a folder, restores
 * it and compares every byte. Without `--once` there is a dashboard too, everything keeps running, and a later start goes on with it.
 */
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')

interface Options {
  once: boolean
  path: string | null
}

function readOptions(args: string[]): Options {
  const unknown = args.find((arg) => arg.startsWith('-') && arg !== '--once')
  const paths = args.filter((arg) => !arg.startsWith('-'))
  if (unknown || paths.length > 1) {
    say(
      `Usage: npm run demo [-- [--once] [PATH]]   ${unknown ? `(${unknown} is not an option)` : '(one PATH at most)'}`,
    )
    process.exit(64)
  }
  return {
    once: args.includes('--once'),
    path: paths[0] ? resolve(process.env.INIT_CWD ?? process.cwd(), paths[0]) : null,
  }
}

interface World {
  folder: string
  devnet: Devnet
  miner: AgentProcess
  user: AgentProcess
  fromBlock: bigint
  /** Only where everything keeps running: a person comes and looks. */
  dashboard: DemoDashboard | null
}

/** What a run has made, kept so that the next one goes on with it. */
interface Memory {
  /** Kept, so that addresses printed by an earlier start stay right. */
  chainPort: number
  minerPort: number
  /** The same address at each start: hosts are paired with it. */
  webPort?: number
  /** The user's host is paired with the dashboard. */
  paired?: boolean
  sectorId?: string
  sources: Record<string, { sourceId: string; orderId: string }>
}

const memoryFile = (folder: string) => join(folder, 'demo.json')

function remember(folder: string, memory: Memory): void {
  writeFileSync(memoryFile(folder), JSON.stringify(memory, null, 2))
}

async function recall(folder: string): Promise<Memory> {
  if (existsSync(memoryFile(folder))) return JSON.parse(readFileSync(memoryFile(folder), 'utf8')) as Memory
  const memory: Memory = { chainPort: await freePort(), minerPort: await freePort(), sources: {} }
  remember(folder, memory)
  return memory
}

async function startWorld(folder: string, memory: Memory): Promise<World> {
  const devnet = await step('Devnet (anvil), token and Market', async () => {
    const net = await startDevnet({
      dir: join(folder, 'chain'),
      persist: true,
      blockTime: 1,
      port: memory.chainPort,
    })
    rememberProcess(folder, net.anvil.pid)
    return net
  })
  const fromBlock = await devnet.client.getBlockNumber()
  const common = { rpcUrl: devnet.url, chainId: devnet.anvil.chainId, market: devnet.market }
  const miner = new AgentProcess({
    ...common,
    name: 'miner',
    folder: join(folder, 'miner'),
    port: memory.minerPort,
  })
  const user = new AgentProcess({
    ...common,
    name: 'user',
    folder: join(folder, 'user'),
    port: await freePort(),
  })
  return { folder, devnet, miner, user, fromBlock, dashboard: null }
}

/** The dashboard, and the user's host paired with it for the test account that anybody may sign in with there. */
async function openDashboard(world: World, memory: Memory, path: string): Promise<void> {
  const { folder, devnet, user } = world
  if (!pagesAreBuilt()) {
    await step("The dashboard's pages are built (half a minute, the first time)", () => buildPages(showLive))
  }
  memory.webPort ??= await freePort()
  remember(folder, memory)
  const port = memory.webPort
  const dashboard = await step('Dashboard', () => startDashboard(folder, devnet, port))
  world.dashboard = dashboard
  await setUpAsTestAccount(user, devnet)
  if (memory.paired) return
  await step("The user's host is paired with the dashboard", () =>
    pairTestAccount(
      user,
      { url: dashboard.url, chainId: devnet.anvil.chainId },
      { read: dirname(path), restore: join(folder, 'restored') },
    ),
  )
  memory.paired = true
  remember(folder, memory)
  say(`  ${bold(dashboard.url)}  ${dim('sign in with the test account to see the backup there')}`)
}

async function startAgents(world: World, memory: Memory, bytes: number): Promise<void> {
  const { devnet, miner, user, folder } = world
  const start = async (agent: AgentProcess) => {
    await setUpAgent(agent, devnet)
    // before it is ready: a demo that is killed while it waits leaves the agent behind, too
    await agent.start(undefined, { onSpawn: (pid) => rememberProcess(folder, pid) })
  }
  await step('Miner agent', () => start(miner))
  if (memory.sectorId === undefined) {
    const size = Math.ceil(bytes / 2 ** 30) * 2 + 2
    await step(`Miner offers a sector of ${size} GiB on the Market`, async () => {
      const { sectorId } = await offerSector(miner, {
        sectorPath: join(folder, 'sector'),
        size: `${size}GiB`,
      })
      memory.sectorId = sectorId
      remember(folder, memory)
    })
  }
  await step('User agent', () => start(user))
}

interface Backup {
  orderId: string
  snapshot: { snapshotId: string; files: number; bytes: number; addedBytes: number; missing: number }
  commitment: { root: string; size: string }
  unchanged: boolean
  missing: { path: string; reason: string }[]
  seconds: { stage: string; seconds: number; bytes: number }[]
}

interface Restore {
  files: number
  bytes: number
  seconds: number
  failed: { path: string; reason: string }[]
}

async function backUpAndRestore(world: World, memory: Memory, path: string): Promise<void> {
  const { user, folder, devnet, fromBlock } = world
  let source = memory.sources[path]
  if (source === undefined) {
    const name = `${basename(path)}-${Object.keys(memory.sources).length + 1}`.replaceAll(/[^\w-]/g, '_')
    source = await step('User registers the folder and orders space', () => orderFor(user, path, { name }))
    memory.sources[path] = source
    remember(folder, memory)
  }
  const { sourceId } = source
  const backup = await step('Backup: read, seal, send, both sides prepare', () =>
    user.json<Backup>(['backup', sourceId], showEvents()),
  )
  const target = join(folder, 'restored', `${backup.snapshot.snapshotId.slice(0, 8)}-${Date.now()}`)
  mkdirSync(dirname(target), { recursive: true })
  const restore = await step('Restore into a new folder, every byte checked against the chain', () =>
    user.json<Restore>(['restore', backup.snapshot.snapshotId, '--to', target], showEvents()),
  )
  const compared = await step('Compare: bytes, modes, times, links', async () => {
    const result = await compareTrees(path, target)
    if (result.count > 0) {
      throw new Error(
        `The restored folder differs:\n  ${result.differences
          .slice(0, 20)
          .map((d) => `${d.path}: ${d.difference}`)
          .join('\n  ')}`,
      )
    }
    return result
  })
  const order = await user.json<{ order: Record<string, string> }>(['order', 'show', backup.orderId])
  const stated = await statedCommitments(devnet, BigInt(backup.orderId), 0n)
  const transactions = await marketTransactions(devnet, fromBlock + 1n)
  summarise({
    world,
    path,
    target,
    backup,
    restore,
    compared: compared.files + compared.directories + compared.links,
    order: order.order,
    stated,
    transactions,
    memory,
  })
}

function summarise(s: {
  world: World
  path: string
  target: string
  backup: Backup
  restore: Restore
  compared: number
  order: Record<string, string>
  stated: { side: string; root: string; size: bigint; signer: string; block: bigint }[]
  transactions: { name: string; gas: bigint }[]
  memory: Memory
}): void {
  const { backup, restore, order } = s
  const mib = (bytes: number, seconds: number) => (bytes > 0 && seconds > 0 ? formatRate(bytes, seconds) : '')
  say()
  say(bold('Stored'))
  facts([
    ['source', `${s.path}  (${backup.snapshot.files} files, ${formatSize(backup.snapshot.bytes)})`],
    [
      'added to the log',
      backup.unchanged
        ? 'nothing: no change since the last snapshot'
        : formatSize(backup.snapshot.addedBytes),
    ],
    [
      'order',
      `${backup.orderId}  (bill ${order.billId}, ${order.state}, ${formatSize(BigInt(order.capacity ?? 0) << 20n)} for ${order.weeks} weeks)`,
    ],
    ['miner', `${order.miner}  at ${String(order.endpoint).split('#')[0]}`],
    ['lies in', join(s.world.folder, 'sector', 'orders')],
    ['snapshot', backup.snapshot.snapshotId],
    ['restored to', s.target],
    ['compared', `${s.compared} entries: every byte, mode, time and link is equal`],
  ])
  say()
  say(bold('Commitments on chain'))
  facts(
    s.stated.map((one) => [
      one.side,
      `${one.root}  ${one.size} bytes  ${dim(`block ${one.block}, signed by ${one.signer}`)}`,
    ]),
  )
  say()
  say(bold('Time'))
  facts([
    ...backup.seconds.map(({ stage, seconds, bytes }): [string, string] => [
      stage,
      `${seconds.toFixed(2)} s  ${mib(bytes, seconds)}`,
    ]),
    ['restore', `${restore.seconds.toFixed(2)} s  ${mib(restore.bytes, restore.seconds)}`],
  ])
  say()
  say(bold('Gas'))
  facts(
    s.transactions.length > 0
      ? s.transactions.map(({ name, gas }) => [name, gas.toLocaleString('en')])
      : [['none', 'this run went on with an order that was there already']],
  )
  say()
  say(bold('Money'))
  facts([
    ['cost', `${formatTokens(BigInt(order.escrow ?? 0))} in escrow for ${order.weeks} weeks`],
    ['pledge', `${formatTokens(BigInt(order.pledge ?? 0))} of the miner's tokens stand behind it`],
  ])
  if (backup.missing.length > 0) {
    say()
    say(bold(red(`${backup.snapshot.missing} entries could not be stored`)))
    for (const { path, reason } of backup.missing.slice(0, 10)) say(`  ${path}: ${reason}`)
  }
  say()
}

/** The data lies on this disk twice more (sector and restored folder), the spool a little. */
function checkDisk(folder: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(folder)
  const free = bavail * bsize
  const needed = bytes * 3.2 + 2 ** 30
  if (free < needed) {
    throw new Error(
      `The demo needs ${formatSize(Math.ceil(needed))} free (it keeps the miner's copy and the restored one on this disk), but ${folder} has ${formatSize(free)}. Choose a smaller folder, free some space, or name a folder on another disk with DMC_DEMO_DIR.`,
    )
  }
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (options.path !== null && !existsSync(options.path)) {
    say(`${red('✗')} ${options.path} does not exist. Name a folder or file that does.`)
    process.exit(64)
  }
  // another place for its state, for tests beside a demo that runs
  const base = process.env.DMC_DEMO_DIR ?? join(ROOT, '.demo')
  mkdirSync(base, { recursive: true })
  const folder = options.once ? mkdtempSync(join(base, 'once-')) : join(base, 'devnet')
  mkdirSync(folder, { recursive: true })
  const path = options.path === null ? join(folder, 'Sample folder') : realpathSync(options.path)
  if (path !== join(folder, 'Sample folder') && base.startsWith(`${path}/`)) {
    throw new Error(`${path} contains the demo's own folder ${base}. Choose a folder that does not.`)
  }
  let world: World | null = null
  let stopping: Promise<void> | null = null
  let watching: KeptAlive | null = null
  const stop = () => {
    // whoever watches would start again what is stopped
    stopping ??= (watching?.end() ?? Promise.resolve()).then(() => stopWorld(world))
    return stopping
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      say(`\nStopping; nothing is lost${options.once ? '' : ': npm run demo goes on with it'}.`)
      void stop().then(() => process.exit(130))
    })
  }
  try {
    await endLeftovers(folder)
    if (options.path === null) await step('Sample folder', async () => makeSampleFolder(path))
    const { bytes, entries } = await step('Measuring the folder', () => measureFolder(path, showLive))
    say(`  ${dim(`${path}: ${entries} entries, ${formatSize(bytes)}`)}`)
    checkDisk(folder, bytes)
    const memory = await recall(folder)
    world = await startWorld(folder, memory)
    if (!options.once) await openDashboard(world, memory, path)
    await startAgents(world, memory, bytes)
    await backUpAndRestore(world, memory, path)
    say(green('Every byte came back.'))
    if (options.once) {
      await stop()
      rmSync(folder, { recursive: true, force: true })
      removeIfEmpty(base)
      return
    }
    watching = keepRunning(world, folder)
  } catch (error) {
    if (stopping) return
    say(`\n${red(bold('The demo failed.'))} ${error instanceof Error ? error.message : String(error)}`)
    for (const agent of world ? [world.miner, world.user] : [])
      say(dim(`\n${agent.logFile}, last lines:\n${agent.logTail(1500)}`))
    await stop()
    say(dim(`Everything is kept in ${folder} for a look.`))
    say(options.once ? 'Next: run it again; it begins anew.' : afterFailure(folder))
    process.exit(1)
  }
}

/** What may help: agents that know more than their chain can't go on. */
const afterFailure = (folder: string): string =>
  `Next: npm run demo goes on with it. If it fails again: a devnet whose machine or process was killed has lost its last seconds, as no real chain does, and its agents know more than it. Begin anew then: rm -r '${folder}'`

async function stopWorld(world: World | null): Promise<void> {
  if (!world) return
  await Promise.allSettled([world.user.stop(), world.miner.stop(), world.dashboard?.stop()])
  await world.devnet.stop()
}

function removeIfEmpty(folder: string): void {
  if (readdirSync(folder).length === 0) rmSync(folder, { recursive: true })
}

function keepRunning(world: World, folder: string): KeptAlive {
  const agent = (who: AgentProcess) =>
    `DMC_DATA_DIR=${who.dataDir} DMC_PASSWORD_FILE=${who.passwordFile} DMC_RPC_URLS=${world.devnet.url} DMC_CHAIN_ID=${world.devnet.anvil.chainId} DMC_MARKET=${world.devnet.market} npx dmc-agent status`
  say()
  if (world.dashboard) {
    say(`Dashboard: ${bold(world.dashboard.url)}`)
    say(dim('  Connect, then "Use the test account": no wallet is needed on this devnet.'))
  }
  say(
    `Everything keeps running (${dim(world.devnet.url)}, state in ${dim(folder)}). Ctrl-C stops it; npm run demo goes on with it.`,
  )
  say(dim(`  ${agent(world.user)}`))
  const started = Date.now()
  const timer = setInterval(async () => {
    const block = await world.devnet.client.getBlockNumber().catch(() => null)
    showLive(`running ${formatDuration(Math.round((Date.now() - started) / 1000))}, block ${block ?? '?'}`)
  }, 2000)
  const kept = keepAlive([world.miner, world.user], (line) => say(`${red('✗')} ${line}`), 2000)
  return {
    end() {
      clearInterval(timer)
      return kept.end()
    },
  }
}

await main()
