import { DmcError } from '@dmc/core/errors/dmc-error'
import { CommanderError } from 'commander'
import { buildProgram } from './commands/build-program.ts'
import { createIo, printError } from './output/io.ts'
import { ioOptions } from './output/io-options.ts'

/** Reads the command line and runs the command; leaves with its exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  // A reader that has enough (`| head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  const program = buildProgram()
  const said: string[] = []
  for (const command of everyCommand(program)) {
    command.configureOutput({
      writeOut: (text) => process.stdout.write(text),
      writeErr: (text) => said.push(text),
      ...(argv.includes('--no-color') ? { getOutHasColors: () => false, getErrHasColors: () => false } : {}),
    })
    command.exitOverride()
  }
  try {
    await program.parseAsync(withVerb(argv))
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = usageProblem(program, argv, error, said.join(''))
  }
}

/** `dmc-agent` alone, or with options of the pairing, does what this host needs next. */
function withVerb(argv: readonly string[]): string[] {
  const [node = '', script = '', ...words] = argv
  const bare = words.every((word, at) => word.startsWith('-') || TAKES_VALUE.test(words[at - 1] ?? ''))
  const asks = words.some((word) => /^(-h|--help|-V|--version)$/.test(word))
  return bare && !asks ? [node, script, 'wizard', ...words] : [...argv]
}

const TAKES_VALUE = /^--(server|name|role|allow-read|allow-restore|allow-sector|data-dir|config)$/

/** Help and version are no problem; everything else is USAGE, with commander's guess of what was meant. */
function usageProblem(
  program: Program,
  argv: readonly string[],
  error: CommanderError,
  said: string,
): number {
  if (error.exitCode === 0) return 0
  const json = argv.includes('--json')
  const io = createIo(ioOptions({ json, color: !argv.includes('--no-color') }, null))
  const guess = /\(Did you mean (.*)\?\)/s.exec(said)?.[1]
  const path = commandPath(program, argv.slice(2))
  if (error.code === 'commander.help') {
    // A noun without its verb: its help says what there is.
    if (!json) process.stderr.write(said)
    printError(io, usage(`\`${path}\` needs a command behind it.`, `See: ${path} --help`))
    return 64
  }
  const message = error.message.replace(/^error: /, '').replace(/\s*\(Did you mean.*$/s, '')
  const hint = guess ? `Did you mean ${guess}?` : `See: ${path} --help`
  printError(io, usage(sentence(message), hint))
  return 64
}

const usage = (message: string, hint: string) => new DmcError('USAGE', message, { hint })

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.?$/, '.')}`

/** `dmc-agent order create`: the command that the words lead to. */
function commandPath(program: Program, words: readonly string[]): string {
  let command = program
  let path = program.name()
  for (const word of words) {
    const child = command.commands.find((candidate) => candidate.name() === word)
    if (!child) continue
    command = child
    path = `${path} ${word}`
  }
  return path
}

type Program = ReturnType<typeof buildProgram>

function* everyCommand(command: Program): Generator<Program> {
  yield command
  for (const child of command.commands) yield* everyCommand(child)
}
