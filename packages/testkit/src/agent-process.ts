import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { agentBundle } from './agent-bundle.ts'
import { AGENT_ENVIRONMENT, AGENT_FLAGS, COMPILE_CACHE } from './node-flags.ts'

export interface AgentProcessOptions {
  name: string
  /** Holds data folder, password file and log of this agent. */
  folder: string
  rpcUrl: string
  chainId: number
  market: string
  /** Where it answers users; the port on chain must be the same after a restart. */
  port: number
  /** Plain http on loopback instead of TLS (allowed by the protocol on loopback only). */
  plainHttp?: boolean
  env?: Record<string, string>
}

/** How one command of an agent differs from the others. */
export interface SpawnHow {
  env?: Record<string, string>
  /** A command that starts the agent, such as `setpriv --reuid 65534 --`. */
  wrap?: string[]
  /** Gets what is written to stderr as it comes: progress, and that a transaction was sent. */
  onStderr?: (text: string) => void
  /** Told as soon as the process is there, long before the service is ready. */
  onSpawn?: (pid: number) => void
}

export interface CliResult {
  exitCode: number
  stdout: string
  stderr: string
}

/**
 * A real `dmc-agent` in its own folder and process: commands by its command line, the service by `run`, killed when asked.
 * Nothing in it is faked; it is what a person would start.
 */
export class AgentProcess {
  readonly name: string
  readonly dataDir: string
  readonly passwordFile: string
  readonly logFile: string
  readonly #env: Record<string, string>
  #service: ChildProcess | null = null

  constructor(options: AgentProcessOptions) {
    this.name = options.name
    mkdirSync(options.folder, { recursive: true, mode: 0o700 })
    this.dataDir = join(options.folder, 'data')
    this.passwordFile = join(options.folder, 'password')
    this.logFile = join(options.folder, 'agent.log')
    writeFileSync(this.passwordFile, `devnet password of ${options.name}\n`, { mode: 0o600 })
    this.#env = {
      DMC_DATA_DIR: this.dataDir,
      DMC_PASSWORD_FILE: this.passwordFile,
      DMC_RPC_URLS: options.rpcUrl,
      DMC_CHAIN_ID: String(options.chainId),
      DMC_MARKET: options.market,
      DMC_LISTEN_PORT: String(options.port),
      DMC_ALLOW_PRIVATE_ENDPOINTS: 'true',
      DMC_TEST_FAST_SCRYPT: '1',
      ...(options.plainHttp ? { DMC_PLAIN_HTTP: 'true' } : {}),
      ...options.env,
    }
  }

  get pid(): number | undefined {
    return this.#service?.pid
  }

  get running(): boolean {
    return this.#service !== null && this.#service.exitCode === null && this.#service.signalCode === null
  }

  #spawn(bundle: string, args: string[], stdio: 'pipe' | 'log', how: SpawnHow = {}): ChildProcess {
    const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith('DMC_')))
    const log = stdio === 'log' ? openSync(this.logFile, 'a', 0o600) : null
    const [command = process.execPath, ...rest] = [
      ...(how.wrap ?? []),
      process.execPath,
      ...AGENT_FLAGS,
      bundle,
      ...args,
    ]
    const child = spawn(command, rest, {
      env: {
        ...AGENT_ENVIRONMENT,
        ...env,
        NO_COLOR: '1',
        NODE_COMPILE_CACHE: COMPILE_CACHE,
        ...this.#env,
        ...how.env,
      },
      stdio: log === null ? ['ignore', 'pipe', 'pipe'] : ['ignore', log, log],
    })
    if (log !== null) closeSync(log)
    if (child.pid !== undefined) how.onSpawn?.(child.pid)
    return child
  }

  /** Runs one command; never throws for a failing exit code. `onLine` gets each line of stdout as it comes. */
  async cli(args: string[], onLine?: (line: string) => void, how?: SpawnHow): Promise<CliResult> {
    const bundle = await agentBundle()
    return new Promise((resolve, reject) => {
      const child = this.#spawn(bundle, args, 'pipe', how)
      let stdout = ''
      let stderr = ''
      let rest = ''
      child.stdout?.on('data', (data: Buffer) => {
        stdout += data
        if (!onLine) return
        const lines = (rest + data).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) onLine(line)
      })
      child.stderr?.on('data', (data: Buffer) => {
        stderr += data
        how?.onStderr?.(String(data))
      })
      child.on('error', reject)
      child.on('close', (code) => resolve({ exitCode: code ?? 1, stdout, stderr }))
    })
  }

  /** Runs one command with `--json` and gives its last document (a long command prints events before it). @throws with the command's own words when it fails. */
  async json<T = unknown>(args: string[], onLine?: (line: string) => void): Promise<T> {
    const result = await this.cli([...args, '--json'], onLine)
    if (result.exitCode !== 0) {
      throw new Error(
        `${this.name}: dmc-agent ${args.join(' ')} exited ${result.exitCode}\n${result.stdout}${result.stderr}`,
      )
    }
    return JSON.parse(result.stdout.trim().split('\n').at(-1) ?? '') as T
  }

  /** Starts `dmc-agent run` and waits until it says that it is ready. */
  async start(timeoutMs = 60_000, how?: SpawnHow): Promise<void> {
    const service = this.#spawn(await agentBundle(), ['run'], 'log', how)
    this.#service = service
    const deadline = Date.now() + timeoutMs
    while (!this.logTail(100_000).includes(`is ready (pid ${service.pid},`)) {
      if (!this.running) throw new Error(`${this.name}: dmc-agent run ended early:\n${this.logTail()}`)
      if (Date.now() > deadline)
        throw new Error(
          `${this.name}: dmc-agent run did not get ready in ${timeoutMs} ms:\n${this.logTail()}`,
        )
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** Resolves when the service has ended by itself (or was killed); null when it does not within the time. */
  async ended(timeoutMs = 60_000): Promise<{ code: number | null; signal: NodeJS.Signals | null } | null> {
    const service = this.#service
    if (!service) return null
    const deadline = Date.now() + timeoutMs
    while (this.running && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20))
    return this.running ? null : { code: service.exitCode, signal: service.signalCode }
  }

  /** Ends the service with a signal and waits until it is gone. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const service = this.#service
    if (!service || !this.running) return
    const gone = new Promise<void>((resolve) => service.once('exit', () => resolve()))
    service.kill(signal)
    await gone
    this.#service = null
  }

  logTail(characters = 3000): string {
    try {
      return readFileSync(this.logFile, 'utf8').slice(-characters)
    } catch {
      return '(no log)'
    }
  }
}
