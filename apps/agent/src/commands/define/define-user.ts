import type { Command } from 'commander'
import { lazy } from '../run-action.ts'
import { defineOrderActs } from './define-order-acts.ts'
import { addExamples } from './examples.ts'
import { collect, dryRun, termsOptions } from './options.ts'

export function defineUser(program: Command): void {
  program.commandsGroup('Back up (user):')
  const source = program
    .command('source')
    .summary('what this host backs up')
    .description('The folders and files that this host backs up.')
  addExamples(source, [['source add ~/Pictures'], ['source list', 'with sizes, orders and last snapshots']])
  const add = source
    .command('add')
    .description(
      'Registers a folder or file to back up. Give --weeks and --max-price to let orders be made without asking again.',
    )
    .argument('<path>', 'the folder or file')
    .option('--name <name>', 'a short name (default: the folder’s own)')
    .option(
      '--exclude <pattern>',
      'leave out what fits, as in a .gitignore file at the source’s top (repeatable)',
      collect,
    )
  for (const option of termsOptions()) add.addOption(option)
  addExamples(add.action(lazy(async () => (await import('../source-add.ts')).sourceAdd)), [
    ['source add ~/Pictures'],
    ['source add /srv/data --name data'],
    ["source add ~/src --exclude node_modules/ --exclude '*.o'", 'folders, and files anywhere'],
    ['source add ~/Documents --weeks 24 --max-price 2.5', 'with order terms'],
  ])
  addExamples(
    source
      .command('exclude')
      .summary('what is left out of a source')
      .description(
        'Replaces the patterns of what is left out of a source, from its next backup on. They are written as in a .gitignore file at the source’s top and never reach outside of it: *.tmp fits anywhere, /cache only at the top, build/ only folders, !keep.tmp takes back. What is left out is counted in each backup’s summary; earlier snapshots keep it.',
      )
      .argument('<source>', 'id or name')
      .argument('[patterns...]', 'the new list')
      .option('--none', 'leave nothing out any more')
      .action(lazy(async () => (await import('../source-exclude.ts')).sourceExclude)),
    [
      ["source exclude photos '*.tmp' /cache '.thumbnails/'"],
      ['source exclude photos --none', 'everything again'],
    ],
  )
  addExamples(
    source
      .command('schedule')
      .summary('when a source is backed up by itself')
      .description(
        'When a source is backed up by itself. dmc-agent run does it, also without a dashboard; what was missed while the host slept is made up for once. It spends nothing: without an order it only says so.',
      )
      .argument('<source>', 'id or name')
      .option('--every <time>', 'so often: 90m, 6h, 1d')
      .option('--at <times>', 'daily at these times: 03:00,15:00')
      .option('--cron <rule>', 'minute, hour, day, month, weekday: "0 3 * * 1-5"')
      .option('--off', 'by hand only')
      .option('--timezone <zone>', 'whose times of day (default: this host’s), like Europe/Berlin')
      .action(lazy(async () => (await import('../source-schedule.ts')).sourceSchedule)),
    [
      ['source schedule photos --at 03:00'],
      ['source schedule photos --every 6h'],
      ['source schedule photos --cron "30 2 * * 1-5" --timezone Europe/Berlin'],
      ['source schedule photos --off'],
    ],
    'Where the clock is set forward over a time, it runs when the gap ends; where a time comes twice, at the first.',
  )
  addExamples(
    source
      .command('keep')
      .summary('how many snapshots are kept')
      .description(
        'How many snapshots of a source are kept; the others are forgotten together with its next snapshot, in the same transaction. The newest and the newest complete one are always kept; of each day, week and month the newest complete one counts. Only this host can say so: a dashboard may only ask for more to be kept.',
      )
      .argument('<source>', 'id or name')
      .option('--last <n>', 'the newest n')
      .option('--daily <n>', 'one for each of the last n days that have one')
      .option('--weekly <n>', 'one for each of so many weeks')
      .option('--monthly <n>', 'one for each of so many months')
      .option('--all', 'forget none')
      .option('--timezone <zone>', 'by whose clock days begin (default: this host’s)')
      .option('--dry-run', 'show which snapshots would be forgotten; change nothing')
      .action(lazy(async () => (await import('../source-keep.ts')).sourceKeep)),
    [
      ['source keep photos --last 10 --daily 7 --weekly 4 --monthly 12'],
      ['source keep photos --last 3 --dry-run', 'which would go?'],
      ['source keep photos --all'],
    ],
  )
  addExamples(
    source
      .command('list')
      .description('The sources of this host.')
      .action(lazy(async () => (await import('../source-list.ts')).sourceList)),
    [['source list'], ['source list --json']],
  )
  addExamples(
    source
      .command('renew')
      .summary('more weeks for a source’s orders')
      .description(
        'Extends all active orders of a source by so many weeks, in one transaction. Each stays at its own price; shows what every order will cost and when it will end, and asks before anything is sent.',
      )
      .argument('<source>', 'id or name')
      .requiredOption('--weeks <n>', 'so many more')
      .addOption(dryRun())
      .action(lazy(async () => (await import('../source-renew.ts')).sourceRenew)),
    [['source renew photos --weeks 12'], ['source renew photos --weeks 12 --dry-run', 'what would it cost?']],
  )
  addExamples(
    source
      .command('remove')
      .description('Stops backing up a source. Its folder, its orders and its snapshots stay.')
      .argument('<source>', 'id or name')
      .action(lazy(async () => (await import('../source-remove.ts')).sourceRemove)),
    [['source remove photos']],
  )

  addExamples(
    program
      .command('market')
      .summary('open bills, and what each would cost for your source')
      .description(
        'Bills that miners offer on chain. With --source, or --capacity and --weeks, each shows what it would cost.',
      )
      .option('--source <source>', 'cost for this source (id or name)')
      .option('--capacity <size>', 'cost for so much space')
      .option('--weeks <n>', 'cost for so long')
      .option('--max-price <tokens>', 'at most this much per GiB and week')
      .option('--min-pledge-rate <n>', 'at least this pledge rate')
      .option('--miner <address>', 'only this miner')
      .option('--all', 'full, expired and cancelled bills too')
      .option('--sort <column>', 'price, cost, pledge, free, expiry or bill', 'price')
      .option('--descending', 'the largest first')
      .option('--limit <n>', 'at most so many lines', '50')
      .action(lazy(async () => (await import('../market.ts')).market)),
    [
      ['market', 'the cheapest first'],
      ['market --source photos --weeks 24', 'what would it cost me?'],
      ['market --capacity 2TiB --weeks 52 --min-pledge-rate 4 --sort cost'],
    ],
  )

  const order = program
    .command('order')
    .summary('space taken from miners’ bills')
    .description('Space taken from miners’ bills, on chain.')
  addExamples(order, [
    ['order create --source photos --weeks 24 --max-price 2.5', 'the best bill that fits'],
    ['order list'],
    ['order show 12'],
  ])
  const create = order
    .command('create')
    .description(
      'Orders space for a source: by bill, or the cheapest bill that fits the terms. Shows cost, reserve, end date, gas and balances, and asks before anything is sent.',
    )
    .requiredOption('--source <source>', 'what to back up (id or name)')
    .option('--bill <n>', 'take this bill')
    .option('--miner <address>', 'only from this miner')
  for (const option of termsOptions()) create.addOption(option)
  addExamples(
    create.addOption(dryRun()).action(lazy(async () => (await import('../order-create.ts')).orderCreate)),
    [
      ['order create --source photos --weeks 24 --max-price 2.5'],
      ['order create --source photos --bill 7 --weeks 24 --dry-run', 'look, send nothing'],
      ['order create --source photos --bill 7 --weeks 24 --yes --json', 'from a script'],
    ],
  )
  addExamples(
    order
      .command('list')
      .description('Orders of this host, as user and as miner.')
      .option('--source <source>', 'only for this source')
      .option('--role <role>', 'only as user, or as miner')
      .option('--all', 'ended, cancelled, refused and slashed ones too')
      .action(lazy(async () => (await import('../order-list.ts')).orderList)),
    [['order list'], ['order list --role miner --all']],
  )
  addExamples(
    order
      .command('show')
      .description('Everything about one order: terms, money, both prepares, what happened.')
      .argument('<order>', 'its number')
      .action(lazy(async () => (await import('../order-show.ts')).orderShow)),
    [['order show 12']],
  )
  addExamples(
    order
      .command('check')
      .summary('have the miner prove now that it holds the data')
      .description(
        'Has the miner prove random leaves of an order now, off chain and free of charge. Needs only the commitment on chain: the source may be gone. dmc-agent run does the same by itself, 24 times a day.',
      )
      .argument('<order>', 'its number')
      .option('--leaves <n>', 'so many leaves (default: checks.leaves)')
      .option('--probe', 'a saved single-use question about a whole range instead')
      .action(lazy(async () => (await import('../order-check.ts')).orderCheck)),
    [['order check 12'], ['order check 12 --leaves 64'], ['order check 12 --probe --json']],
    'Exit code 0: passed; 4: a signed answer that does not prove; 6: refused or offline; 1: could not be told.',
  )
  addExamples(
    order
      .command('checks')
      .summary('how well an order is known to be there')
      .description(
        'What came of the checks of an order: when it was last proven, how soon a loss would be noticed, each of the last 30 days.',
      )
      .argument('<order>', 'its number')
      .option('--limit <n>', 'so many single checks', '20')
      .action(lazy(async () => (await import('../order-checks.ts')).orderChecks)),
    [['order checks 12'], ['order checks 12 --json']],
  )
  addExamples(
    order
      .command('evidence')
      .description(
        'Writes what can be proved about one order into a file: bill, order, both sides’ statements, challenges, every transaction, and the miner’s signed answers that this host kept. Others check it with verify-evidence. No key and no path of yours is in it.',
      )
      .argument('<order>', 'its number')
      .argument('<file>', 'where to; it must not exist yet')
      .action(lazy(async () => (await import('../order-evidence.ts')).orderEvidence)),
    [['order evidence 12 ./order-12.json']],
  )
  addExamples(
    program
      .command('verify-evidence')
      .summary('check what somebody says about an order')
      .description(
        'Checks a file of `order evidence` against the chain: every event and transaction is looked up again, every signed answer is judged by signature, time and proof. Needs an RPC URL and nothing else: no keys, no data folder, no server of ours.',
      )
      .argument('<file>', 'the evidence')
      .requiredOption('--rpc <url>', 'JSON-RPC address of the chain that it is about')
      .option('--market <address>', 'insist on this Market: anybody can deploy one of their own')
      .action(lazy(async () => (await import('../verify-evidence.ts')).verifyEvidenceFile)),
    [
      ['verify-evidence ./order-12.json --rpc https://rpc.example'],
      ['verify-evidence ./order-12.json --rpc https://rpc.example --market 0x5FbD… --json'],
    ],
    'Exit codes: 0 all of it is so, 2 some of it can’t be verified, 4 something in it is not so.',
  )
  addExamples(
    order
      .command('challenge')
      .summary('have the miner prove a leaf on chain, or lose its pledge')
      .description(
        'Opens the challenge of one leaf on chain: the miner proves it before the deadline and gets the bond out of the order’s reserve, or can be slashed. Shows gas, bond, outcome and deadline, and asks before anything is signed.',
      )
      .argument('<order>', 'its number')
      .option('--leaf <n>', 'this leaf (default: the one that failed a check, else a random one)')
      .addOption(dryRun())
      .action(lazy(async () => (await import('../order-challenge.ts')).orderChallenge)),
    [['order challenge 12 --dry-run', 'look, send nothing'], ['order challenge 12 --leaf 4711']],
  )
  addExamples(
    order
      .command('export-stubs')
      .description(
        'Writes what a watcher needs to check this order while your machine sleeps: a key that can ask the miner for proofs and read ciphertext of this source, never a file’s contents.',
      )
      .argument('<order>', 'its number')
      .argument('<file>', 'a new file, readable by you alone; give it to the watcher')
      .action(lazy(async () => (await import('../order-export-stubs.ts')).orderExportStubs)),
    [['order export-stubs 12 stubs.json']],
  )
  addExamples(
    order
      .command('cancel')
      .description('Cancels an order that is not active yet; everything that was paid comes back.')
      .argument('<order>', 'its number')
      .addOption(dryRun())
      .action(lazy(async () => (await import('../order-cancel.ts')).orderCancel)),
    [['order cancel 12']],
  )

  defineOrderActs(order)

  addExamples(
    program
      .command('backup')
      .summary('back up a source now')
      .description(
        'Takes a snapshot and stores it in the source’s order: what changed is encrypted, sent to the miner, and stated by both sides on chain. Interrupted, it goes on where it was.',
      )
      .argument('<source>', 'id or name')
      .option('--order <n>', 'into this order (default: the source’s own)')
      .option('--re-read', 'read every file, also those whose size, times and inode have not changed')
      .option('--allow-empty', 'also when the folder holds no files any more')
      .action(lazy(async () => (await import('../backup.ts')).backup)),
    [
      ['backup photos'],
      ['backup photos --re-read', 'when a program changes files and sets their times back'],
      ['backup photos --json', 'progress as NDJSON, the result last'],
    ],
    'Exit code 3: done, but some files could not be read; they are listed.',
  )
}
