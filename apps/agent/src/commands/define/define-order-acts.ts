import type { Command } from 'commander'
import { lazy } from '../run-action.ts'
import { addExamples } from './examples.ts'
import { dryRun } from './options.ts'

/** What each side can do with an order that stands: every one shows what it does to the wei, and asks. */
export function defineOrderActs(order: Command): void {
  const act = (name: string, description: string) =>
    order.command(name).description(description).argument('<order>', 'its number')

  addExamples(
    act(
      'extend',
      'Adds weeks to an active order, at its own price, paid now. Possible while its bill is open and no notice is given.',
    )
      .requiredOption('--weeks <n>', 'so many more')
      .option('--max-price <tokens>', 'refuse when a GiB-week costs more (default: the order’s own price)')
      .addOption(dryRun())
      .action(lazy(async () => (await import('../order-extend.ts')).orderExtend)),
    [['order extend 12 --weeks 8'], ['order extend 12 --weeks 8 --dry-run', 'what would it cost?']],
  )
  addExamples(
    act(
      'shorten',
      'Leaves out the last weeks of an active order; their price comes back as credit at once. Not below the bill’s shortest term.',
    )
      .requiredOption('--weeks <n>', 'so many in all, counted from the order’s start')
      .addOption(dryRun())
      .action(lazy(async () => (await import('../order-shorten.ts')).orderShorten)),
    [['order shorten 12 --weeks 6']],
  )
  addExamples(
    act(
      'end',
      'States this side’s wish to end an active order now. When the other side wishes it, too, the order is settled at once: the miner gets what is earned and its pledge, the user the rest.',
    )
      .option('--until <time>', 'how long the wish stands: 7d, or a date like 2027-01-31 (default: 7d)')
      .option('--withdraw', 'take the wish back')
      .addOption(dryRun())
      .action(lazy(async () => (await import('../order-end.ts')).orderEnd)),
    [['order end 12'], ['order end 12 --until 2d'], ['order end 12 --withdraw']],
  )
  addExamples(
    act(
      'top-up',
      'Puts the bonds of more on-chain challenges into an order’s reserve. What is not used goes back to the user when the order ends.',
    )
      .requiredOption('--challenges <n>', 'so many more')
      .addOption(dryRun())
      .action(lazy(async () => (await import('../order-top-up.ts')).orderTopUp)),
    [['order top-up 12 --challenges 5']],
  )
  addExamples(
    order
      .command('claim')
      .description(
        'Turns what an order has earned, until one week ago, into the miner’s credit. A running miner’s agent does it by itself (claim.automatic).',
      )
      .argument('[order]', 'its number')
      .option('--all', 'from all orders of this host, in one transaction; those that are over are settled')
      .addOption(dryRun())
      .action(lazy(async () => (await import('../order-claim.ts')).orderClaim)),
    [['order claim 12'], ['order claim --all --dry-run', 'how much is it?'], ['order claim --all']],
  )
  addExamples(
    act(
      'finish',
      'Settles an order whose time is over: the miner is credited with what is earned and its pledge, the user with its reserve. Anyone may; running agents do it by themselves (claim.automatic).',
    )
      .addOption(dryRun())
      .action(lazy(async () => (await import('../order-finish.ts')).orderFinish)),
    [['order finish 12']],
  )
  addExamples(
    act(
      'quit',
      'Gives notice as the miner: the order ends after the notice time, and a part of the pledge goes to the user. The data must be kept, and challenges answered, until then.',
    )
      .addOption(dryRun())
      .action(lazy(async () => (await import('../order-quit.ts')).orderQuit)),
    [['order quit 12 --dry-run', 'what does it cost?'], ['order quit 12']],
  )
  addExamples(
    act(
      'refuse',
      'Says no to an order that is not active yet, as the miner; the user has the money back at once.',
    )
      .argument('<reason>', 'why, for everybody to read; at most 128 bytes')
      .addOption(dryRun())
      .action(lazy(async () => (await import('../order-refuse.ts')).orderRefuse)),
    [["order refuse 12 'The disk is full.'"]],
  )
  addExamples(
    act(
      'slash',
      'Settles an order whose on-chain challenge was not answered in time: the user gets its money and a part of the pledge, whoever sends it the reward. A running agent does it by itself for its own orders (slash.automatic).',
    )
      .option('--reward-to <address>', 'who gets the reward (default: this host’s wallet)')
      .addOption(dryRun())
      .action(lazy(async () => (await import('../order-slash.ts')).orderSlash)),
    [['order slash 12'], ['order slash 12 --reward-to 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --dry-run']],
  )
}
