import type { ResolvedConfig } from '../config/resolve-config.ts'
import type { Caller } from '../control/call-agent.ts'
import type { Env } from '../env.ts'
import type { Io } from '../output/io.ts'

/** What every command works with. */
export interface Shell {
  io: Io
  env: Env
  config: ResolvedConfig
  /** For `callAgent` and `withAgent`. */
  caller: Caller
  /** Aborted by the first Ctrl-C or SIGTERM; the reason is INTERRUPTED. */
  signal: AbortSignal
}

/** The global options, as commander gives them. */
export interface GlobalOptions {
  json?: boolean
  quiet?: boolean
  verbose?: boolean
  color?: boolean
  yes?: boolean
  debug?: boolean
  dataDir?: string
  config?: string
}

/**
 * The body of one command: arguments in order, options by name.
 * @returns the exit code when it is not 0; errors are thrown.
 */
export type Action<Args extends unknown[] = string[], Options = object> = (
  shell: Shell,
  options: Options,
  ...args: Args
) => Promise<number | undefined>
