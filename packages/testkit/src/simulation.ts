import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Database } from '@dmc/db/open-database'
import { NODE_FLAGS } from './node-flags.ts'
import type { SimulationOptions, SimulationState } from './simulate-agents.ts'
import { simulatedHost } from './simulated-agent.ts'

const PROGRAM = fileURLToPath(new URL('./simulate-agents.ts', import.meta.url))

/** Puts the hosts of a seed into a database as if they had been paired with `owner`. */
export async function pairSimulated(
  db: Database,
  of: { seed: string; from: number; count: number; owner: string },
): Promise<void> {
  await db.prisma.agent.createMany({
    data: Array.from({ length: of.count }, (_, i) => {
      const { agentId, identity } = simulatedHost(of.seed, of.from + i)
      return {
        id: agentId,
        owner: of.owner,
        identity,
        operator: identity,
        name: `simulated ${of.from + i}`,
        hostName: `simulated-${of.from + i}`,
        os: 'Linux 6.1',
        arch: 'x64',
        version: '0.1.0',
        roles: ['user'],
      }
    }),
  })
}

/** Simulated agents in their own process, so that their work is not the dashboard's. */
export class Simulation {
  readonly #child: ChildProcess
  /** Every delay since the last `forget`, ms from report to acknowledgement. */
  delays: number[] = []
  last: SimulationState = { open: 0, opened: 0, reported: 0, acknowledged: 0, delays: [] }
  readonly #ended: Promise<number | null>

  constructor(options: SimulationOptions) {
    this.#child = spawn(process.execPath, [...NODE_FLAGS, PROGRAM, JSON.stringify(options)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#ended = new Promise((resolve) => this.#child.once('exit', resolve))
    const { stdout } = this.#child
    if (stdout === null) throw new Error('no output')
    createInterface({ input: stdout }).on('line', (line) => {
      this.last = JSON.parse(line) as SimulationState
      this.delays.push(...this.last.delays)
    })
  }

  /** Waits until `met`. @throws with how they are when that takes longer */
  async until(what: string, met: (state: SimulationState) => boolean, timeoutMs: number): Promise<number> {
    const from = performance.now()
    while (!met(this.last)) {
      if (performance.now() - from > timeoutMs || this.#child.exitCode !== null) {
        const { delays: _delays, hosts: _hosts, ...state } = this.last
        throw new Error(`waited ${timeoutMs / 1000} s for: ${what}; they are ${JSON.stringify(state)}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    return performance.now() - from
  }

  forget(): void {
    this.delays = []
  }

  /** No more reports; those that wait are still told. */
  quiet(): void {
    this.#child.stdin?.write('quiet\n')
  }

  /** Ends them all. @returns what the dashboard must have of each */
  async stop(): Promise<NonNullable<SimulationState['hosts']>> {
    if (this.#child.exitCode === null) this.#child.stdin?.write('stop\n')
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 30_000)
    await this.#ended
    clearTimeout(late)
    // the last line may come after the exit
    await new Promise((resolve) => setTimeout(resolve, 50))
    return this.last.hosts ?? []
  }
}

/** The value below which `share` of them are; 0 for none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
