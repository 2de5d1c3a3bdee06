import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NODE } from '../../../test/support/node-command.ts'

export const CLI = fileURLToPath(new URL('../../cli.ts', import.meta.url))

export interface CliResult {
  exitCode: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface RunOptions {
  env?: Record<string, string>
  input?: string
  /** Called with the child, to send signals or read as it goes. */
  onSpawn?: (child: ReturnType<typeof spawn>) => void
  nodeOptions?: string[]
}

export interface RunningCommand {
  child: ReturnType<typeof spawn>
  pid: number
  /** What it said so far. */
  output(): string
  /** Sends the signal and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<CliResult>
  /** When it ends by itself. */
  done: Promise<CliResult>
}

/** A data folder of its own, a password, and the real command line in its own process. */
export interface CliHome {
  readonly folder: string
  readonly dataDir: string
  readonly passwordFile: string
  run(args: string[], options?: RunOptions): Promise<CliResult>
  /** A command that goes on, like `run`; back when its output has the pattern (null: at once). */
  start(args: string[], pattern: RegExp | null, options?: RunOptions): Promise<RunningCommand>
  /** `init` done, for a devnet whose RPC does not answer. */
  initialise(env?: Record<string, string>): Promise<void>
  remove(): void
}

export const DEVNET = {
  DMC_CHAIN_ID: '31337',
  DMC_RPC_URLS: 'http://127.0.0.1:9',
  DMC_MARKET: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
}

/** @param command what starts the agent; default: this Node with the source. */
export function cliHome(command: readonly string[] = [...NODE, CLI]): CliHome {
  const folder = mkdtempSync(join(tmpdir(), 'dmc-cli-'))
  const dataDir = join(folder, 'data')
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, 'a password for tests\n', { mode: 0o600 })
  const clean = Object.entries(process.env).filter(([name]) => !/^(DMC_|NO_COLOR$|FORCE_COLOR$)/.test(name))
  const run: CliHome['run'] = (args, { env = {}, input, onSpawn, nodeOptions = [] } = {}) =>
    new Promise((done, failed) => {
      const [program = '', ...before] = command
      const child = spawn(program, [...nodeOptions, ...before, ...args], {
        cwd: folder,
        env: { ...Object.fromEntries(clean), DMC_DATA_DIR: dataDir, DMC_TEST_FAST_SCRYPT: '1', ...env },
        stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      })
      let stdout = ''
      let stderr = ''
      child.stdout?.on('data', (data: Buffer) => {
        stdout += data
      })
      child.stderr?.on('data', (data: Buffer) => {
        stderr += data
      })
      child.stdin?.on('error', () => {})
      child.stdin?.end(input)
      child.on('error', failed)
      child.on('close', (exitCode, signal) => done({ exitCode, signal, stdout, stderr }))
      onSpawn?.(child)
    })
  const start: CliHome['start'] = async (args, pattern, options = {}) => {
    let child: ReturnType<typeof spawn> | undefined
    let said = ''
    let isReady: () => void = () => {}
    const ready = new Promise<void>((done) => {
      isReady = done
    })
    const take = (data: Buffer) => {
      said += data
      if (pattern?.test(said)) isReady()
    }
    const done = run(args, {
      ...options,
      onSpawn: (spawned) => {
        child = spawned
        spawned.stdout?.on('data', take)
        spawned.stderr?.on('data', take)
      },
    })
    const early = done.then(({ exitCode, stderr }) => {
      throw new Error(`${args.join(' ')} ended with ${exitCode} before it was ready: ${stderr}`)
    })
    if (pattern) await Promise.race([ready, early])
    early.catch(() => {})
    if (!child?.pid) throw new Error('no process')
    const { pid } = child
    const end = (signal: NodeJS.Signals = 'SIGTERM') => {
      child?.kill(signal)
      return done
    }
    return { child, pid, output: () => said, end, done }
  }
  return {
    folder,
    dataDir,
    passwordFile,
    run,
    start,
    async initialise(env = {}) {
      const { exitCode, stderr } = await run(['init', '--yes', '--phrase-file', join(folder, 'phrase')], {
        env: { ...DEVNET, DMC_PASSWORD_FILE: passwordFile, ...env },
      })
      if (exitCode !== 0) throw new Error(`init failed: ${stderr}`)
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** The last document of a `--json` run. */
export function lastDocument({ stdout }: CliResult): Record<string, unknown> {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
}
