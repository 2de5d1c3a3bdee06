import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DeployOptions } from '@dmc/core/chain/deploy-market'
import { AgentProcess, type AgentProcessOptions } from '@dmc/testkit/agent-process'
import { type Devnet, startDevnet } from '@dmc/testkit/devnet'
import { freePort } from '@dmc/testkit/free-port'
import type { AnvilOptions } from '@dmc/testkit/start-anvil'
import { afterAll } from 'vitest'
import { type ControlClient, connectControl } from '../../../src/control/control-client.ts'
import type { MethodEvent, MethodInput, MethodName, MethodOutput } from '../../../src/control/methods.ts'
import { socketPath } from '../../../src/control/socket-path.ts'
import type { JournalRow } from '../../../src/control/types.ts'

/** Fast blocks: a transaction has its two confirmations in about a second. */
const BLOCK_TIME = 0.4

/** A chain and real agents (processes) in one temp folder, all gone after the file, also when a test fails. */
export class World {
  readonly folder = mkdtempSync(join(tmpdir(), 'dmc-flow-'))
  readonly agents: AgentProcess[] = []
  readonly #ending: (() => unknown)[] = []
  #devnet: Devnet | null = null

  get devnet(): Devnet {
    if (!this.#devnet) throw new Error('the world has not started')
    return this.#devnet
  }

  async start(options: AnvilOptions & DeployOptions = {}): Promise<void> {
    this.#devnet = await startDevnet({ blockTime: BLOCK_TIME, ...options })
    const { pid } = this.#devnet.anvil
    process.once('exit', () => kill(pid))
  }

  /** An agent that has nothing yet: not even a keystore. */
  async agent(name: string, options: Partial<AgentProcessOptions> = {}): Promise<AgentProcess> {
    const { url, market, anvil } = this.devnet
    const agent = new AgentProcess({
      name,
      folder: join(this.folder, name),
      rpcUrl: url,
      chainId: anvil.chainId,
      market,
      port: await freePort(),
      ...options,
    })
    this.agents.push(agent)
    process.once('exit', () => kill(agent.pid))
    return agent
  }

  /** Called when all agents are gone, before the folder goes. */
  onEnd(work: () => unknown): void {
    this.#ending.push(work)
  }

  async close(): Promise<void> {
    await Promise.all(this.agents.splice(0).map((agent) => agent.stop('SIGKILL')))
    for (const work of this.#ending.splice(0).reverse()) await work()
    await this.#devnet?.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** A world for one test file. */
export function useWorld(): World {
  const world = new World()
  afterAll(() => world.close(), 60_000)
  return world
}

function kill(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(pid, 'SIGKILL')
  } catch {
    // gone already
  }
}

async function control(agent: AgentProcess): Promise<ControlClient> {
  const client = await connectControl(socketPath(agent.dataDir, process.env.XDG_RUNTIME_DIR ?? null))
  if (!client) throw new Error(`${agent.name} does not answer on its control socket:\n${agent.logTail()}`)
  return client
}

/** One method of a running agent over its control socket, as the dashboard or a command would call it. */
export async function call<M extends MethodName>(
  agent: AgentProcess,
  method: M,
  input: MethodInput<M>,
  onEvent?: (event: MethodEvent<M>) => void,
): Promise<MethodOutput<M>> {
  const client = await control(agent)
  try {
    return await client.call(method, input, onEvent ? { onEvent } : {})
  } finally {
    client.close()
  }
}

export async function journalOf(agent: AgentProcess): Promise<JournalRow[]> {
  return (await call(agent, 'journal.list', { limit: 10_000 })).entries
}

/** Asks until the answer is there; failing it says what was seen last. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | null | undefined | false>,
  timeoutMs = 120_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs
  for (let last: unknown = null; ; ) {
    try {
      const answer = await ask()
      if (answer !== null && answer !== undefined && answer !== false) return answer
      last = answer
    } catch (error) {
      last = error
    }
    if (Date.now() > deadline)
      throw new Error(`waited ${timeoutMs / 1000} s for: ${what}; last: ${String(last)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
