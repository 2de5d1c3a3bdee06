import { Command, Help, type Option } from 'commander'
import { agentVersion } from '../control/version.ts'
import { defineChallenge } from './define/define-challenge.ts'
import { defineMiner } from './define/define-miner.ts'
import { defineRestore } from './define/define-restore.ts'
import { defineService } from './define/define-service.ts'
import { defineSetup } from './define/define-setup.ts'
import { defineUser } from './define/define-user.ts'
import { addExamples } from './define/examples.ts'

const GLOBALS = 'Everywhere:'

/** The whole command line: words, options and help; what the commands do is loaded when one runs. */
export function buildProgram(): Command {
  const program = new Command('dmc-agent')
  // Subcommands take these over, so they come first.
  program
    .helpOption('-h, --help', 'help for any command')
    .configureHelp(helpStyle())
    .showHelpAfterError(false)
    .showSuggestionAfterError(true)
    .exitOverride()
    .helpCommand('help [command]', 'help for any command')
  program
    .description(
      'Backs up folders to miners, or offers disk space to users. The chain holds money and promises; your keys stay here.',
    )
    .version(`dmc-agent ${agentVersion()}`, '-V, --version', 'the version of this agent')
    .optionsGroup(GLOBALS)
    .option('--json', 'one JSON document on stdout, or NDJSON while something goes on')
    .option('-q, --quiet', 'no remarks and no progress')
    .option('-v, --verbose', 'more remarks')
    .option('-y, --yes', 'do not ask')
    .option('--no-color', 'no colours')
    .option('--data-dir <folder>', 'where keys and state are kept (DMC_DATA_DIR)')
    .option('--config <file>', 'configuration file (DMC_CONFIG)')
    .option('--debug', 'show the stack of an error')
  defineSetup(program)
  defineUser(program)
  defineRestore(program)
  defineMiner(program)
  defineChallenge(program)
  defineService(program)
  return addExamples(
    program,
    [
      ['init --rpc https://rpc.example --market 0x5FbD…', 'once on each host'],
      ['source add ~/Pictures', 'a user: what to back up'],
      ['order create --source Pictures --weeks 24 --max-price 2.5'],
      ['backup Pictures'],
      ['restore latest --source Pictures --to ./restored'],
      ['sector add /mnt/disk1/dmc --size 500GiB', 'a miner: what to offer'],
    ],
    [
      'Every command has its own help: dmc-agent order create --help',
      'Exit codes: 0 done, 1 failed, 2 incomplete, 3 partial, 4 verification failed, 5 key or operator,',
      '            6 network or peer, 7 local storage, 64 usage, 78 configuration, 130 interrupted.',
    ].join('\n'),
  )
}

/** Bold titles, plain words; a command's own page ends with one line about the options that work everywhere. */
function helpStyle() {
  const plain = new Help()
  return {
    styleTitle: (title: string) => `\u001b[1m${title}\u001b[22m`,
    styleCommandText: (text: string) => `\u001b[36m${text}\u001b[39m`,
    styleSubcommandText: (text: string) => `\u001b[36m${text}\u001b[39m`,
    styleOptionText: (text: string) => `\u001b[36m${text}\u001b[39m`,
    styleArgumentText: (text: string) => `\u001b[36m${text}\u001b[39m`,
    helpWidth: 100,
    subcommandTerm: (command: Command) => {
      const verbs = visibleVerbs(command).join('|')
      return verbs === '' ? command.name() : `${command.name()} ${cutVerbs(verbs)}`
    },
    visibleCommands: (command: Command) =>
      plain.visibleCommands(command).filter((child) => child.name() !== 'help'),
    visibleOptions: (command: Command): Option[] =>
      plain.visibleOptions(command).filter((option) => command.parent === null || option.long !== '--help'),
    formatHelp: (command: Command, helper: Help) => {
      const text = plain.formatHelp.call(helper, command, helper)
      return command.parent === null ? text : `${text}\n${EVERYWHERE}`
    },
  }
}

/** Many verbs would leave no room for what the command is for; its own page has them all. */
const cutVerbs = (verbs: string): string =>
  verbs.length <= MOST_VERBS ? verbs : `${verbs.slice(0, verbs.lastIndexOf('|', MOST_VERBS))}|…`
const MOST_VERBS = 36

const visibleVerbs = (command: Command): string[] => command.commands.map((child) => child.name())

const EVERYWHERE =
  'Everywhere: --json --quiet --verbose --yes --no-color --data-dir --config --debug --help\n'
