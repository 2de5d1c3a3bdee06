import type { GlobalOptions } from '../commands/shell.ts'
import type { Env } from '../env.ts'
import type { IoOptions } from './io.ts'

/** How to talk, from the flags, the environment and what stdin, stdout and stderr are. */
export function ioOptions(options: GlobalOptions, env: Env | null): IoOptions {
  const json = options.json === true
  const terminal = process.stderr.isTTY === true
  const color =
    options.color !== false &&
    !env?.noColor &&
    !json &&
    (env?.forceColor === true || process.stdout.isTTY === true)
  return {
    json,
    quiet: options.quiet === true,
    verbose: options.verbose === true,
    debug: options.debug === true || env?.debug === true,
    yes: options.yes === true,
    color,
    interactive: process.stdin.isTTY === true && terminal && !json,
    redraw: terminal && !json,
    columns: (process.stdout.isTTY ? process.stdout.columns : undefined) ?? 200,
  }
}
