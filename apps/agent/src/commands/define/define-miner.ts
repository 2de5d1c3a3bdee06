import type { Command } from 'commander'
import { lazy } from '../run-action.ts'
import { addExamples } from './examples.ts'
import { collect, dryRun } from './options.ts'

export function defineMiner(program: Command): void {
  program.commandsGroup('Offer space (miner):')
  const sector = program
    .command('sector')
    .summary('folders that store other people’s data')
    .description('Folders of this host that store other people’s data.')
  addExamples(sector, [['sector add /mnt/disk1/dmc --size 500GiB'], ['sector list']])
  addExamples(
    sector
      .command('add')
      .description('Registers a folder as disk space to offer.')
      .argument('<path>', 'an empty folder on the disk to offer')
      .requiredOption('--size <size>', 'how much of it, like 500GiB or 2TiB')
      .action(lazy(async () => (await import('../sector-add.ts')).sectorAdd)),
    [['sector add /mnt/disk1/dmc --size 500GiB']],
  )
  addExamples(
    sector
      .command('list')
      .description('Sectors with their space, state and orders.')
      .action(lazy(async () => (await import('../sector-list.ts')).sectorList)),
    [['sector list'], ['sector list --json']],
  )
  addExamples(
    sector
      .command('scrub')
      .description(
        'Reads all that is stored for others through and compares it with what was committed. A running agent does it by itself, slowly (scrub.days).',
      )
      .argument('[sector]', 'its id (default: all sectors)')
      .action(lazy(async () => (await import('../sector-scrub.ts')).sectorScrub)),
    [['sector scrub'], ['sector scrub 4c1e', 'one disk']],
  )
  addExamples(
    sector
      .command('remove')
      .description('Stops offering a sector that holds no order’s data.')
      .argument('<sector>', 'its id')
      .action(lazy(async () => (await import('../sector-remove.ts')).sectorRemove)),
    [['sector remove 4c1e']],
  )

  const bill = program
    .command('bill')
    .summary('what this miner offers')
    .description('What this miner offers on the market.')
  addExamples(bill, [['bill create --sector 4c1e --price 0.5 --pledge-rate 4 --weeks 4-52'], ['bill list']])
  addExamples(
    bill
      .command('create')
      .description(
        'Publishes a bill for a sector. Locks the pledge: one week’s price of the whole capacity times the pledge rate. Shows everything and asks before anything is sent.',
      )
      .requiredOption('--sector <sector>', 'its id')
      .requiredOption('--price <tokens>', 'for one GiB for one week')
      .requiredOption('--pledge-rate <n>', 'pledge, as a multiple of one week’s price')
      .requiredOption('--weeks <min-max>', 'shortest and longest term, like 4-52')
      .option('--capacity <size>', 'how much of the sector (default: all that is free)')
      .option('--step <size>', 'orders take whole steps', '1GiB')
      .option('--bond <tokens>', 'what a user sets aside for each on-chain challenge', '1')
      .option('--open <weeks>', 'take orders for so many weeks', '52')
      .addOption(dryRun())
      .action(lazy(async () => (await import('../bill-create.ts')).billCreate)),
    [
      ['bill create --sector 4c1e --price 0.5 --pledge-rate 4 --weeks 4-52'],
      ['bill create --sector 4c1e --price 0.5 --pledge-rate 4 --weeks 4-52 --dry-run'],
    ],
  )
  addExamples(
    bill
      .command('list')
      .description('Bills of this miner.')
      .action(lazy(async () => (await import('../bill-list.ts')).billList)),
    [['bill list']],
  )
  addExamples(
    bill
      .command('shrink')
      .description(
        'Takes space that nobody has ordered out of a bill, for good, and frees its pledge. Orders already taken stay.',
      )
      .argument('<bill>', 'its number')
      .argument('<size>', 'how much to take out, whole steps of the bill, like 10GiB')
      .addOption(dryRun())
      .action(lazy(async () => (await import('../bill-shrink.ts')).billShrink)),
    [['bill shrink 7 10GiB'], ['bill shrink 7 10GiB --dry-run']],
  )
  addExamples(
    bill
      .command('cancel')
      .description(
        'Takes no more orders on a bill; frees the pledge of what is not sold. Orders already taken stay.',
      )
      .argument('<bill>', 'its number')
      .addOption(dryRun())
      .action(lazy(async () => (await import('../bill-cancel.ts')).billCancel)),
    [['bill cancel 7']],
  )

  const endpoint = program
    .command('endpoint')
    .summary('how users reach this miner')
    .description('How users reach this miner.')
  addExamples(endpoint, [['endpoint set https://backup.example:4450']])
  addExamples(
    endpoint
      .command('set')
      .description('Puts this agent’s address, with the hash of its TLS key, on chain.')
      .argument('[url]', 'https://HOST:PORT as users reach it (default: listen.publicUrl, or host and port)')
      .option('--bill <n>', 'for this bill only (default: all bills of the wallet)', '0')
      .addOption(dryRun())
      .action(lazy(async () => (await import('../endpoint-set.ts')).endpointSet)),
    [['endpoint set https://backup.example:4450'], ['endpoint set', 'what the configuration says']],
  )
  const operator = program
    .command('operator')
    .summary('what this host’s own key may do')
    .description('What this host’s own key may do for the wallet.')
  addExamples(operator, [['operator authorise --weeks 52']])
  addExamples(
    operator
      .command('authorise')
      .description(
        'Lets this host’s operator key act for the wallet until a date, and sends it some gas. It can prepare and answer; it can never move tokens.',
      )
      .option('--scope <scope>', 'PREPARE, CHALLENGE, REFUSE or ENDPOINT (repeatable; default: all)', collect)
      .option('--weeks <n>', 'for so long', '52')
      .option('--gas <coin>', 'gas money to send along', '0.05')
      .addOption(dryRun())
      .action(lazy(async () => (await import('../operator-authorise.ts')).operatorAuthorise)),
    [['operator authorise --weeks 52'], ['operator authorise --scope PREPARE --gas 0.01']],
  )
}
