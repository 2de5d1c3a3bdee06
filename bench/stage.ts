import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endProcess } from '../packages/core/src/process/node-end-process.ts'
import { AgentProcess } from '../packages/testkit/src/agent-process.ts'
import { type Devnet, startDevnet } from '../packages/testkit/src/devnet.ts'
import { freePort } from '../packages/testkit/src/free-port.ts'
import { peakMib, resetPeak } from '../packages/testkit/src/peak-memory.ts'
import { offerSector, setUpAgent } from '../packages/testkit/src/set-up-agents.ts'
import type { BenchOptions } from './bench.ts'
import { makeDataSet } from './data-sets.ts'
import { childCpuSeconds, cpuSeconds, type Measured } from './measure.ts'
import { watchCommitments } from './watch-commitments.ts'

/** A chain, a miner with an open bill, and the data, all in one temp folder. */
export interface Stage {
  folder: string
  source: string
  net: Devnet
  /** Bytes of the data set. */
  bytes: number
  miner: AgentProcess
  /** A user that has never been here before: own keys, own state, own money; its service runs. */
  newUser(): Promise<AgentProcess>
  stop(): Promise<void>
}

/** What one command of a user did to this machine. */
export interface AgentsMeasured extends Measured {
  /** CPU seconds of each: `cpu_s` is their sum. */
  user_cpu_s: number
  miner_cpu_s: number
  command_cpu_s: number
  user_peak_mib: number
  miner_peak_mib: number
}

/** Starts it all; `stop` (also called by a signal) leaves nothing behind. */
export async function startStage(options: BenchOptions, orders: number): Promise<Stage> {
  const folder = mkdtempSync(join(options.folder ?? tmpdir(), 'dmc-bench-'))
  const running: AgentProcess[] = []
  let devnet: Devnet | null = null
  const stop = async () => {
    await Promise.all(running.splice(0).map((agent) => agent.stop()))
    await devnet?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  const onSignal = () => void stop().finally(() => endProcess(130))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, onSignal)
  try {
    const source = join(folder, 'source')
    const bytes = makeDataSet(source, options.data, options.size, options.size)
    const capacity = Math.ceil((bytes * 1.3) / 2 ** 30) + 1
    checkDisk(folder, bytes, capacity * orders)
    const net = await startDevnet({ blockTime: options.blockTime })
    devnet = net
    const start = async (name: string, plainHttp: boolean) => {
      const agent = new AgentProcess({
        name,
        folder: join(folder, name),
        rpcUrl: net.url,
        chainId: net.anvil.chainId,
        market: net.market,
        port: await freePort(),
        plainHttp,
        env: options.tier ? { DMC_HASHER: options.tier } : {},
      })
      await setUpAgent(agent, net)
      running.push(agent)
      await agent.start()
      return agent
    }
    const miner = await start('miner', !options.tls)
    await offerSector(miner, { sectorPath: join(folder, 'sector'), size: `${capacity * orders}GiB` })
    let users = 0
    return { folder, source, net, bytes, miner, newUser: () => start(`user-${++users}`, false), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Runs a command of `user`, and says what it and both services spent on it. */
export async function measureAgents<T>(
  { miner }: Stage,
  user: AgentProcess,
  work: () => Promise<T>,
): Promise<{ measured: AgentsMeasured; result: T }> {
  const [userPid, minerPid] = [pidOf(user), pidOf(miner)]
  settleDisk()
  resetPeak(userPid)
  resetPeak(minerPid)
  const before = { user: cpuSeconds(userPid), miner: cpuSeconds(minerPid), command: childCpuSeconds() }
  const started = process.hrtime.bigint()
  const result = await work()
  const wall_s = Number(process.hrtime.bigint() - started) / 1e9
  const user_cpu_s = cpuSeconds(userPid) - before.user
  const miner_cpu_s = cpuSeconds(minerPid) - before.miner
  const command_cpu_s = childCpuSeconds() - before.command
  const [user_peak_mib, miner_peak_mib] = [peakMib(userPid), peakMib(minerPid)]
  return {
    measured: {
      wall_s,
      cpu_s: user_cpu_s + miner_cpu_s + command_cpu_s,
      rss_mib: Math.max(user_peak_mib, miner_peak_mib),
      user_cpu_s,
      miner_cpu_s,
      command_cpu_s,
      user_peak_mib,
      miner_peak_mib,
    },
    result,
  }
}

/** One `dmc-agent backup`, and when a block made its order active with it: seconds from the command's start. */
export async function measureBackup<T extends { commitment: { root: string } }>(
  stage: Stage,
  user: AgentProcess,
  sourceId: string,
): Promise<{ measured: AgentsMeasured; result: T; active_s: number }> {
  const {
    measured,
    result: [result, watch],
  } = await measureAgents(stage, user, async () => {
    const watch = watchCommitments(stage.net)
    return [await user.json<T>(['backup', sourceId]), watch] as const
  })
  await watch.stop()
  return { measured, result, active_s: watch.seconds(result.commitment.root) }
}

/** Nobody pays for what another one left to be written. */
export function settleDisk(): void {
  spawnSync('sync')
}

function pidOf(agent: AgentProcess): number {
  if (agent.pid === undefined || !agent.running) throw new Error(`the agent of ${agent.name} is not running`)
  return agent.pid
}

/** The orders' space, the data, and a peer's copy of it with one restored. */
function checkDisk(folder: string, bytes: number, sectorGib: number): void {
  const { bavail, bsize } = statfsSync(folder)
  const needed = sectorGib * 2 ** 30 + bytes * 4
  if (bavail * bsize < needed)
    throw new Error(
      `The bench needs ${Math.ceil(needed / 2 ** 30)} GiB free in ${folder}: choose another --folder or --size.`,
    )
}
