import { DmcError } from '@dmc/core/errors/dmc-error'
import { toAgentConfig } from '../config/resolve-config.ts'
import type { LogLevel } from '../config/settings.ts'
import { connectControl } from '../control/control-client.ts'
import { lockHolder } from '../control/lock-data-dir.ts'
import { notifySystemd } from '../control/notify-systemd.ts'
import { socketPath } from '../control/socket-path.ts'
import type { JournalRow } from '../control/types.ts'
import { agentVersion } from '../control/version.ts'
import { requireInitialised, withOpenAgent } from '../control/with-open-agent.ts'
import { unlockHost } from '../keys/unlock-host.ts'
import { fail, type Io } from '../output/io.ts'
import { journalLine } from '../output/journal-line.ts'
import type { Action } from './shell.ts'

/** The long-running service: everything that this host has promised, until SIGTERM or Ctrl-C. */
export const run: Action = async ({ io, env, config, caller, signal }) => {
  requireInitialised(config)
  const agentConfig = toAgentConfig(config)
  const path = socketPath(config.dataDir, env.runtimeDir)
  const running = await connectControl(path)
  running?.close()
  if (running && lockHolder(config.dataDir)?.command === 'run') {
    throw fail(
      'DATA_DIR_LOCKED',
      `An agent runs for ${config.dataDir} already, pid ${running.pid}.`,
      'Use it as it is, stop it with `dmc-agent stop`, or use another folder with --data-dir.',
    )
  }
  const { password: _password, ...keys } = await unlockHost(config, env, caller.askPassword)
  const options = { config: agentConfig, keys, command: 'run', path, background: true, patienceMs: 15_000 }
  await withOpenAgent(options, async (ctx) => {
    const stopLogging = ctx.journal.onEntry((entry) => logEntry(io, agentConfig.logLevel, entry))
    const known = ctx.account().catch((error: unknown) => error)
    try {
      const problem = await Promise.race([known, patience(CHAIN_PATIENCE_MS)])
      if (isFatal(problem)) throw problem
      io.document('ready', {
        pid: process.pid,
        version: agentVersion(),
        dataDir: config.dataDir,
        socket: path,
      })
      io.print(
        `dmc-agent ${agentVersion()} is ready (pid ${process.pid}, chain ${agentConfig.chain.chainId}, ${config.dataDir})`,
      )
      await notifySystemd(env.notifySocket, 'READY=1')
      await Promise.race([stopped(signal), fatalOf(known)])
      await notifySystemd(env.notifySocket, 'STOPPING=1')
      io.note('Stopping: work in hand is put down so that it goes on at the next start.')
    } finally {
      stopLogging()
    }
  })
  io.document('stopped', { pid: process.pid })
  io.note('Stopped.')
}

/** An RPC that is down comes back; a wrong chain or Market needs a person. */
const isFatal = (problem: unknown): boolean => DmcError.is(problem) && FATAL.includes(problem.code)

/** Rejects when the chain turns out to be the wrong one after the start, else never settles. */
function fatalOf(known: Promise<unknown>): Promise<never> {
  return new Promise((_never, failed) => {
    void known.then((problem) => {
      if (isFatal(problem)) failed(problem)
    })
  })
}

const FATAL: readonly string[] = ['WRONG_CHAIN', 'NOT_A_DMC_MARKET']
/** A chain that does not answer holds the start up no longer than this. */
const CHAIN_PATIENCE_MS = 5000

const patience = (ms: number): Promise<void> =>
  new Promise((done) => {
    setTimeout(done, ms).unref()
  })

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) return done()
    // A timer keeps the process alive even when nothing else does; a signal ends it.
    const keepAlive = setInterval(() => {}, 2 ** 30)
    signal.addEventListener(
      'abort',
      () => {
        clearInterval(keepAlive)
        done()
      },
      { once: true },
    )
  })
}

const LEVELS: Record<JournalRow['level'], number> = { info: 1, warning: 2, error: 3 }
const LOWEST: Record<LogLevel, number> = { debug: 1, info: 1, warning: 2, error: 3 }

function logEntry(io: Io, lowest: LogLevel, entry: JournalRow): void {
  if (LEVELS[entry.level] < LOWEST[lowest]) return
  if (io.json) io.document('entry', { entry })
  else process.stderr.write(`${journalLine(io, entry)}\n`)
}
