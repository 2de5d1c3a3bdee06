import type { ErrorCode } from '@dmc/core/errors/codes'
import { DmcError } from '@dmc/core/errors/dmc-error'
import picocolors from 'picocolors'
import { printJson } from '../control/codec.ts'
import { cleanText } from './clean-text.ts'

/** How this run talks: stdout is data, stderr is for people. */
export interface IoOptions {
  json: boolean
  quiet: boolean
  verbose: boolean
  debug: boolean
  /** Everything that asks is answered yes. */
  yes: boolean
  color: boolean
  /** A person can be asked: stdin and stderr are a terminal, and output is not JSON for a script. */
  interactive: boolean
  /** stderr is a terminal that can redraw a line. */
  redraw: boolean
  /** Columns of the terminal; wide when there is none. */
  columns: number
}

export type Colors = ReturnType<typeof picocolors.createColors>

export interface Io extends IoOptions {
  colors: Colors
  /** A line of data for people (stdout); nothing with --json. */
  print(line?: string): void
  /** One JSON document, `{"v":1,"type",...}`, in a line of its own (stdout); nothing without --json. */
  document(type: string, content: object): void
  /** A remark (stderr), unless --quiet or --json. */
  note(line: string): void
  /** A warning (stderr). */
  warn(line: string): void
  /** With --verbose (stderr). */
  detail(line: string): void
}

export function createIo(options: IoOptions): Io {
  const colors = picocolors.createColors(options.color)
  const err = (line: string) => process.stderr.write(`${line}\n`)
  return {
    ...options,
    colors,
    print: (line = '') => {
      if (!options.json) process.stdout.write(`${line}\n`)
    },
    document: (type, content) => {
      if (options.json) process.stdout.write(`${printJson({ v: 1, type, ...content })}\n`)
    },
    note: (line) => {
      if (!options.quiet && !options.json) err(line)
    },
    warn: (line) => {
      err(`${colors.yellow('warning:')} ${line}`)
    },
    detail: (line) => {
      if (options.verbose) err(colors.dim(line))
    },
  }
}

/** The one way an error reaches a person: what, with the values; the next step; the code to search for. */
export function printError(io: Pick<Io, 'json' | 'debug' | 'colors'>, error: DmcError): void {
  const { code, message, hint } = error
  if (io.json) process.stdout.write(`${printJson({ v: 1, type: 'error', code, message, hint })}\n`)
  else {
    const { red, bold, dim } = io.colors
    process.stderr.write(`${red(bold('error:'))} ${cleanText(message)} ${dim(`(${code})`)}\n`)
    if (hint !== '') process.stderr.write(`  ${bold('next:')} ${cleanText(hint)}\n`)
  }
  if (io.debug) process.stderr.write(`${debugText(error)}\n`)
}

function debugText(error: DmcError): string {
  const lines = [error.stack ?? '']
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause)
    lines.push(`caused by ${cause.stack}`)
  // a message may be the other side's, and stands in the stack too
  return lines.join('\n').split('\n').map(cleanText).join('\n')
}

/** For errors that a command raises about itself. */
export const fail = (code: ErrorCode, message: string, hint: string): DmcError =>
  new DmcError(code, message, { hint })
