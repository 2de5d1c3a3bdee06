import type { Command } from 'commander'
import { lazy } from '../run-action.ts'
import { addExamples } from './examples.ts'

export function defineService(program: Command): void {
  program.commandsGroup('The agent:')
  addExamples(
    program
      .command('run')
      .summary('the long-running service')
      .description(
        'Keeps this host’s promises: goes on with backups, serves users, answers challenges. Other commands talk to it through a socket in the data folder.\nIt unlocks without a person from a systemd credential (dmc-password), DMC_PASSWORD_FILE (0600) or the system’s keyring.',
      )
      .action(lazy(async () => (await import('../run.ts')).run)),
    [['run'], ['run --json', 'journal as NDJSON'], ['install', 'start it with the system instead']],
  )
  addExamples(
    program
      .command('install')
      .summary('run it as a systemd service')
      .description(
        'Writes a systemd unit with hardening that starts the agent with the system, and says how to enable it.',
      )
      .option('--print', 'show the unit, write nothing')
      .option('--user', 'a service of this user instead of the system')
      .option('--run-as <user>', 'system user of the service (default: the owner of the data folder)')
      .option('--password-file <file>', 'the keystore’s password, given to the service as a credential')
      .action(lazy(async () => (await import('../install.ts')).install)),
    [
      ['install --print'],
      ['install --password-file /etc/dmc/password', 'as root'],
      ['install --user --password-file ~/.config/dmc/password'],
    ],
  )
  addExamples(
    program
      .command('status')
      .summary('how this host stands, and what needs you')
      .description('Chain, wallet, orders, work in hand, and what needs a person.')
      .option('--health', 'only what needs you; exit code 1 when something does, 78 when no agent runs')
      .action(lazy(async () => (await import('../status.ts')).status)),
    [['status'], ['status --json'], ['status --health --quiet', 'from a script or a timer']],
  )
  addExamples(
    program
      .command('journal')
      .summary('what happened')
      .description('The record of what happened on this host, for people.')
      .option('--source <id>', 'about this source')
      .option('--order <n>', 'about this order')
      .option('--bill <n>', 'about this bill')
      .option('--since <duration>', 'not older than 90s, 15m, 12h, 3d …')
      .option('--limit <n>', 'at most so many entries, the newest', '100')
      .option('-f, --follow', 'go on with what happens now (needs the running agent)')
      .action(lazy(async () => (await import('../journal.ts')).journal)),
    [['journal --since 24h'], ['journal --order 12'], ['journal -f --json']],
  )
  addExamples(
    program
      .command('doctor')
      .summary('check this host, with advice')
      .description(
        'Checks Node, folders, keys, chain, clock, operator, endpoint, sectors and hashing; says how to put right what is not. Exit code 1 when a check failed.',
      )
      .action(lazy(async () => (await import('../doctor.ts')).doctor)),
    [['doctor'], ['doctor --json']],
  )
  addExamples(
    program
      .command('stop')
      .summary('stop the running agent')
      .description(
        'Asks the running agent to stop; it puts its work down so that it goes on at the next start.',
      )
      .action(lazy(async () => (await import('../stop.ts')).stop)),
    [['stop']],
  )
  addExamples(
    program
      .command('faucet')
      .summary('test tokens, on a devnet')
      .description('Mints test tokens to the wallet. On a devnet only (chain id 31337 or 1337).')
      .argument('[amount]', 'how many (default: what the token gives)')
      .action(lazy(async () => (await import('../faucet.ts')).faucet)),
    [['faucet 1000']],
  )
  addExamples(
    program
      .command('completion')
      .summary('complete commands with the Tab key')
      .description('Prints a script that completes commands and options in your shell.')
      .argument('<shell>', 'bash, zsh or fish')
      .action(lazy(async () => (await import('../completion.ts')).completion)),
    [['completion bash > ~/.local/share/bash-completion/completions/dmc-agent']],
  )
  program
    .command('version')
    .summary('the version of this agent')
    .description('The version of this agent; with --verbose, of Node and the protocols too.')
    .action(lazy(async () => (await import('../version.ts')).version))
}
