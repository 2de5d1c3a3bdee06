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
    if (argv.length <= 2) program.outputHelp()
    else await program.parseAsync([...argv])
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = usageProblem(argv, error, said.join(''))
  }
}

/** Help and version are no problem; everything else is USAGE, with commander's guess of what was meant. */
function usageProblem(argv: readonly string[], error: CommanderError, said: string): number {
  if (error.exitCode === 0) return 0
  const json = argv.includes('--json')
  const io = createIo(ioOptions({ json, color: !argv.includes('--no-color') }, null))
  const guess = /\(Did you mean (.*)\?\)/s.exec(said)?.[1]
  const words = argv.slice(2).filter((word) => /^[a-z]+$/.test(word))
  if (error.code === 'commander.help') {
    // A noun without its verb: its help says what there is.
    if (!json) process.stderr.write(said)
    printError(
      io,
      usage(`\`${words[0] ?? ''}\` needs a command behind it.`, `See: dmc-agent ${words[0] ?? ''} --help`),
    )
    return 64
  }
  const message = error.message.replace(/^error: /, '').replace(/\s*\(Did you mean.*$/s, '')
  const hint = guess ? `Did you mean ${guess}?` : 'See: dmc-agent --help'
  printError(io, usage(sentence(message), hint))
  return 64
}

const usage = (message: string, hint: string) => new DmcError('USAGE', message, { hint })

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.?$/, '.')}`

function* everyCommand(command: ReturnType<typeof buildProgram>): Generator<ReturnType<typeof buildProgram>> {
  yield command
  for (const child of command.commands) yield* everyCommand(child)
}
