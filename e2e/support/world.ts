import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AgentProcess } from '@dmc/testkit/agent-process'
import { type Devnet, startDevnet } from '@dmc/testkit/devnet'
import { copyEmptyDatabase } from '@dmc/testkit/empty-database'
import { freePort } from '@dmc/testkit/free-port'
import { NODE_FLAGS } from '@dmc/testkit/node-flags'
import { offerSector, setUpAgent } from '@dmc/testkit/set-up-agents'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A whole small system on this machine: chain, dashboard, agents; all of it real, all in one temp folder. */
export class World {
  readonly folder: string
  readonly devnet: Devnet
  url = ''
  port = 0
  /** More of the dashboard's environment, from its next start on. */
  webEnv: Record<string, string> = {}
  #web: ChildProcess | null = null
  #log = ''
  readonly #agents: AgentProcess[] = []

  private constructor(folder: string, devnet: Devnet) {
    this.folder = folder
    this.devnet = devnet
  }

  static async start(): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'dmc-e2e-'))
    const devnet = await startDevnet({ dir: join(folder, 'chain'), blockTime: 1 })
    const world = new World(folder, devnet)
    await copyEmptyDatabase(join(folder, 'web'))
    world.port = await freePort()
    await world.startWeb()
    return world
  }

  /** The dashboard as `npm start` runs it; the same port and database after a stop. */
  async startWeb(): Promise<void> {
    if (!existsSync(join(ROOT, 'apps/web', process.env.DMC_WEB_DIST ?? '.next', 'BUILD_ID'))) {
      throw new Error('The pages are not built: npm run build -w @dmc/web')
    }
    const child = spawn(process.execPath, [...NODE_FLAGS, 'src/server/main.ts'], {
      cwd: join(ROOT, 'apps/web'),
      env: {
        ...process.env,
        NODE_ENV: 'production',
        PORT: String(this.port),
        DMC_WEB_DATA: join(this.folder, 'web'),
        DMC_RPC_URLS: this.devnet.url,
        DMC_CHAIN_ID: String(this.devnet.anvil.chainId),
        DMC_MARKET: this.devnet.market,
        ...this.webEnv,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#web = child
    this.url = await new Promise<string>((resolve, reject) => {
      const take = (data: Buffer) => {
        this.#log = (this.#log + data).slice(-20_000)
        const ready = /\{"ready":true.*\}/.exec(this.#log)
        if (ready !== null) resolve((JSON.parse(ready[0]) as { origin: string }).origin)
      }
      child.stdout.on('data', take)
      child.stderr.on('data', take)
      child.once('exit', (code) => reject(new Error(`The dashboard ended with ${code}:\n${this.#log}`)))
    })
    this.#log = ''
  }

  async stopWeb(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#web
    if (child === null || child.exitCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await gone
    this.#web = null
  }

  get webLog(): string {
    return this.#log
  }

  /** An agent with its own folders; not started, not paired. */
  async agent(name: string, env: Record<string, string> = {}): Promise<AgentProcess> {
    const agent = new AgentProcess({
      name,
      folder: join(this.folder, name),
      rpcUrl: this.devnet.url,
      chainId: this.devnet.anvil.chainId,
      market: this.devnet.market,
      port: await freePort(),
      env,
    })
    this.#agents.push(agent)
    return agent
  }

  /** A miner that works by command line, so that the market has a bill. */
  async miner(
    name: string,
    offer: { size: string; price: string; pledgeRate?: string },
  ): Promise<AgentProcess> {
    const agent = await this.agent(name)
    await setUpAgent(agent, this.devnet)
    await agent.start()
    await offerSector(agent, { ...offer, sectorPath: join(this.folder, `${name}-sector`, 'sector') })
    return agent
  }

  /** A folder with files of known bytes. */
  sampleFolder(name: string, files = 12): string {
    const folder = join(this.folder, name)
    mkdirSync(join(folder, 'letters'), { recursive: true })
    for (let i = 0; i < files; i++) {
      writeFileSync(
        join(folder, i % 3 === 0 ? 'letters' : '.', `note-${i}.txt`),
        `${name} ${i}\n`.repeat(500 * (i + 1)),
      )
    }
    return folder
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.#agents.map((agent) => agent.stop()))
    await this.stopWeb()
    await this.devnet.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
