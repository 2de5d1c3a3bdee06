import { DmcError } from '@dmc/core/errors/dmc-error'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import { endProcess } from '@dmc/core/process/node-end-process'
import type { Command } from 'commander'
import { createIo, printError } from '../output/io.ts'
import { ioOptions } from '../output/io-options.ts'
import type { Action, GlobalOptions } from './shell.ts'

type AnyAction = Action<never[], never>

/**
 * Commander's action for a command whose code is loaded only when it runs: environment, configuration, signals, the body,
 * errors and the exit code. `sector add` and `sector list --json` all come through here.
 */
export function lazy(load: () => Promise<AnyAction>): (...params: unknown[]) => Promise<void> {
  return async (...params) => {
    const command = params.at(-1) as Command
    const options = command.optsWithGlobals() as GlobalOptions
    const args = params.slice(0, -2)
    await endProcess(await runAction(load, nameOf(command), options, args))
  }
}

/** `sector add` for the command that dmc-agent knows by that name. */
function nameOf(command: Command): string {
  const parent = command.parent
  return parent?.parent ? `${nameOf(parent)} ${command.name()}` : command.name()
}

async function runAction(
  load: () => Promise<AnyAction>,
  name: string,
  options: GlobalOptions,
  args: unknown[],
): Promise<number> {
  const stop = new AbortController()
  let io = createIo(ioOptions(options, null))
  const release = onSignals(stop, (line) => process.stderr.write(`${line}\n`))
  try {
    const [{ readEnv }, { resolveConfig }, { askPassword }] = await Promise.all([
      import('../env.ts'),
      import('../config/resolve-config.ts'),
      import('../output/prompt.ts'),
    ])
    const env = readEnv()
    io = createIo(ioOptions(options, env))
    for (const { name: unknown, nearest } of env.unknown) {
      io.warn(`${unknown} is not a variable of this agent${nearest ? `; did you mean ${nearest}?` : '.'}`)
    }
    const config = resolveConfig({ dataDir: options.dataDir, config: options.config }, env)
    if (env.hasher) {
      const { forceHasherTier } = await import('@dmc/core/merkle/hasher-tier')
      forceHasherTier(env.hasher)
    }
    if (env.crashAt) {
      const { armCrashPoint } = await import('../store/crash-point.ts')
      armCrashPoint(env.crashAt, config.values['chain.chainId'])
    }
    io.detail(`data folder ${config.dataDir}, configuration ${config.configFile}`)
    const question = (attempt: number) =>
      attempt === 1 ? `Password for ${config.dataDir}` : `That does not open it; again (${attempt} of 3)`
    const askHere = io.interactive ? (attempt: number) => askPassword(question(attempt)) : null
    const caller = { config, env, command: name, askPassword: askHere, signal: stop.signal }
    const action = (await load()) as unknown as Action<unknown[], GlobalOptions>
    const code = await action({ io, env, config, caller, signal: stop.signal }, options, ...args)
    return code ?? 0
  } catch (thrown) {
    const error = toDmcError(stop.signal.aborted ? asInterrupted(thrown) : thrown)
    printError(io, error)
    return error.exitCode
  } finally {
    release()
  }
}

/** What breaks because we were told to stop (a request cut off, say) is the stop, not a failure. */
function asInterrupted(thrown: unknown): unknown {
  if (DmcError.is(thrown)) return thrown
  return new DmcError('INTERRUPTED', 'Stopped.', {
    hint: 'Run the same command again to go on.',
    cause: thrown,
  })
}

/** First signal: stop cleanly. Second: at once, 130. */
function onSignals(stop: AbortController, say: (line: string) => void): () => void {
  let firstAt = 0
  const handler = (signal: NodeJS.Signals) => {
    // A terminal sends Ctrl-C to the launcher and to us, and the launcher passes it on: that is one, not two.
    if (stop.signal.aborted && performance.now() - firstAt < 100) return
    if (stop.signal.aborted) process.exit(signal === 'SIGTERM' ? 143 : 130)
    firstAt = performance.now()
    if (signal === 'SIGINT') say('\nStopping cleanly; press Ctrl-C again to stop at once.')
    stop.abort(new DmcError('INTERRUPTED', 'Stopped.', { hint: 'Run the same command again to go on.' }))
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, handler)
  return () => {
    for (const signal of signals) process.off(signal, handler)
  }
}
