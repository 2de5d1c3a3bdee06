import type { Command } from 'commander'
import { lazy } from '../run-action.ts'
import { addExamples } from './examples.ts'
import { dryRun } from './options.ts'

/** flow 14: challenges on chain, and looking after orders of others. */
export function defineChallenge(program: Command): void {
  program.commandsGroup('Challenges on chain:')
  const challenge = program
    .command('challenge')
    .summary('challenges on chain: what is asked, until when')
    .description(
      'A challenge on chain asks an order’s miner to prove one leaf before a deadline, or its pledge is lost. The running agent answers by itself.',
    )
  addExamples(challenge, [['challenge list'], ['challenge answer 12']])
  addExamples(
    challenge
      .command('list')
      .description(
        'Open challenges of this host’s orders, as user, miner and watcher: leaf, deadline, how far the answer is and what stands in its way.',
      )
      .option('--all', 'those that are over too')
      .action(lazy(async () => (await import('../challenge-list.ts')).challengeList)),
    [['challenge list'], ['challenge list --all --json']],
  )
  addExamples(
    challenge
      .command('answer')
      .description(
        'Proves the leaf that a challenge asks for, by hand. Shows gas, what it earns, and what happens if nobody answers; asks before it sends. Anyone who has the data may answer.',
      )
      .argument('<order>', 'its number')
      .addOption(dryRun())
      .action(lazy(async () => (await import('../challenge-answer.ts')).challengeAnswer)),
    [['challenge answer 12'], ['challenge answer 12 --dry-run', 'look, send nothing']],
  )

  const watch = program
    .command('watch')
    .summary('look after orders of others')
    .description(
      'Looks after orders of others: answers for a miner that gave you its data, slashes after a missed deadline and earns the reward, checks a miner for a user whose machine sleeps. The running agent does it (dmc-agent run).',
    )
  addExamples(watch, [['watch add 12 --slash'], ['watch list']])
  addExamples(
    watch
      .command('add')
      .description(
        'Watches an order from now on. Everything that is named is checked first: the data against the commitment, the reward’s wallet, the stubs.',
      )
      .argument('<order>', 'its number')
      .option(
        '--answer-from <path>',
        'answer its challenges from this copy of its data: the file, or its folder',
      )
      .option('--slash', 'slash it after a missed deadline; the reward goes to this host’s wallet')
      .option('--reward-to <address>', 'slash it; the reward goes to this wallet, never to an operator key')
      .option('--stubs <file>', 'check its miner for the user, who wrote this file (order export-stubs)')
      .action(lazy(async () => (await import('../watch-add.ts')).watchAdd)),
    [
      ['watch add 12 --slash'],
      ['watch add 12 --answer-from /mnt/copy/orders', 'holds 12.data'],
      ['watch add 12 --stubs stubs.json --reward-to 0x5FbDB2315678afecb367f032d93F642f64180aa3'],
    ],
  )
  addExamples(
    watch
      .command('list')
      .description('Orders that this host watches.')
      .action(lazy(async () => (await import('../watch-list.ts')).watchList)),
    [['watch list']],
  )
  addExamples(
    watch
      .command('remove')
      .description('Watches an order no longer.')
      .argument('<order>', 'its number')
      .action(lazy(async () => (await import('../watch-remove.ts')).watchRemove)),
    [['watch remove 12']],
  )
}
