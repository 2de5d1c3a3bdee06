import { type Command, Option } from 'commander'
import { lazy } from '../run-action.ts'
import { addExamples } from './examples.ts'
import { collect, dryRun } from './options.ts'

export function defineSetup(program: Command): void {
  program.commandsGroup('Set up:')
  addExamples(
    program
      .command('init')
      .summary('make this host’s keys: a recovery phrase and an operator key')
      .description(
        'Makes a 24-word recovery phrase (shown once), the encrypted keystore of this host, and its configuration.\nWith --recover the keys come from a phrase that you wrote down earlier.',
      )
      .option('--recover', 'from an existing recovery phrase instead of a new one')
      .option('--rpc <urls>', 'JSON-RPC address of the chain (several with commas)')
      .option('--market <address>', 'address of the Market contract')
      .option('--chain-id <n>', 'chain id (default: asked from the RPC)')
      .option('--wallet <address>', 'wallet whose orders to recover, when its key is not on this host')
      .option(
        '--phrase-file <file>',
        'write the new phrase there (0600); with --recover: read it, - for standard input',
      )
      .option(
        '--new-password-file <file>',
        'choose a random password and write it there (0600), for a host without a person',
      )
      .option('--keyring', 'keep the password in the keyring of this system')
      .action(lazy(async () => (await import('../init.ts')).init)),
    [
      ['init --rpc https://rpc.example --market 0x5FbD…', 'asks for what is missing'],
      ['init --recover --wallet 0xf39F…', 'on a new machine'],
      ['init --phrase-file ./phrase --new-password-file ./password', 'from a script'],
    ],
    'The password never comes from the command line: it is asked for, or read from DMC_PASSWORD_FILE (0600).',
  )

  addExamples(
    withPairOptions(
      program
        .command('pair')
        .summary('connect this host to your dashboard')
        .description(
          'Shows a code and two words; you approve them in the browser, where your wallet is. From then on bills and orders are signed there, and this host acts with its own operator key. For a host without a person: --token, made in the browser.\nThe dashboard may look only into the folders that you allow here; none by default.',
        )
        .option('--token <token>', 'one-time token from the browser instead of a code')
        .option('--owner <address>', 'the wallet that must approve; nothing is asked then'),
    ).action(lazy(async () => (await import('../pair.ts')).pair)),
    [
      ['pair --server https://dashboard.example'],
      ['pair --server https://dashboard.example --allow-read ~/Pictures --allow-restore ~/restored'],
      ['pair --token dmc1_… --server https://dmc.example --allow-sector /mnt/disk1', 'without a person'],
    ],
  )
  addExamples(
    program
      .command('unpair')
      .summary('forget the dashboard')
      .description('Forgets the dashboard on this host. Keys, sources, sectors and orders stay.')
      .action(lazy(async () => (await import('../unpair.ts')).unpair)),
    [['unpair']],
  )
  addExamples(
    withPairOptions(
      program
        .command('wizard', { hidden: true })
        .description('What `dmc-agent` alone does: sets this host up, pairs it, and runs it.'),
    ).action(lazy(async () => (await import('../wizard.ts')).wizard)),
    [['wizard --server https://dashboard.example', 'the same as dmc-agent --server …']],
  )

  const wallet = program
    .command('wallet')
    .summary('the wallet that pays for orders and bills')
    .description('The wallet that pays for orders and bills.')
  addExamples(wallet, [
    ['wallet create', 'a new key in the keystore'],
    ['wallet import ./key', 'a key you have, from a file with mode 0600'],
    ['wallet show', 'addresses and balances'],
  ])
  addExamples(
    wallet
      .command('create')
      .description('Makes a new wallet key and keeps it in the keystore of this host.')
      .option('--replace', 'instead of the one that is there')
      .action(lazy(async () => (await import('../wallet-create.ts')).walletCreate)),
    [['wallet create']],
    'The wallet is not part of the 24 words: keep a copy with `dmc-agent wallet export FILE`.',
  )
  addExamples(
    wallet
      .command('import')
      .description(
        'Takes a wallet’s private key from a file, standard input or the terminal; never from the command line.',
      )
      .argument('[file]', 'file with 64 hex digits, mode 0600; - for standard input')
      .option('--replace', 'instead of the one that is there')
      .action(lazy(async () => (await import('../wallet-import.ts')).walletImport)),
    [['wallet import ./key'], ['wallet import -', 'from a pipe']],
  )
  addExamples(
    wallet
      .command('export')
      .description('Writes the private key of the wallet into a new file with mode 0600.')
      .argument('<file>', 'a file that does not exist yet')
      .action(lazy(async () => (await import('../wallet-export.ts')).walletExport)),
    [['wallet export /media/usb/dmc-wallet']],
  )
  addExamples(
    wallet
      .command('show')
      .description('Addresses, tokens, allowance and gas of the wallet and of this host’s operator key.')
      .option('--offline', 'addresses only, without asking the chain')
      .action(lazy(async () => (await import('../wallet-show.ts')).walletShow)),
    [['wallet show'], ['wallet show --offline --json']],
  )
  addExamples(
    wallet
      .command('withdraw')
      .description(
        'Pays out to the wallet what the Market owes it: refunds, earnings, freed pledges. Shows everything and asks before anything is sent.',
      )
      .addOption(dryRun())
      .action(lazy(async () => (await import('../wallet-withdraw.ts')).walletWithdraw)),
    [['wallet withdraw'], ['wallet withdraw --dry-run', 'how much is it?']],
  )

  addExamples(
    program
      .command('password')
      .summary('change the password of the keystore')
      .description('Seals the keystore with another password.')
      .option('--new-password-file <file>', 'choose a random password and write it there (0600)')
      .option('--keyring', 'keep the new password in the keyring of this system')
      .action(lazy(async () => (await import('../password.ts')).password)),
    [['password'], ['password --new-password-file /etc/dmc/password']],
  )

  const config = program
    .command('config')
    .summary('settings of this host')
    .description('Settings of this host: chain, addresses, limits.')
  addExamples(config, [
    ['config list', 'every setting, its value and where it comes from'],
    ['config set chain.rpcUrls https://a.example,https://b.example'],
  ])
  addExamples(
    config
      .command('list')
      .description(
        'Every setting with its value and where that comes from: flag, environment, file, default.',
      )
      .action(lazy(async () => (await import('../config-list.ts')).configList)),
    [['config list'], ['config list --json']],
  )
  addExamples(
    config
      .command('get')
      .description('One setting, in full.')
      .argument('<key>', 'as config list shows it, like chain.market')
      .action(lazy(async () => (await import('../config-get.ts')).configGet)),
    [['config get chain.market']],
  )
  addExamples(
    config
      .command('set')
      .description('Changes one setting in the configuration file.')
      .argument('<key>', 'as config list shows it')
      .argument('[value]', 'the new value')
      .option('--unset', 'take it out of the file')
      .action(lazy(async () => (await import('../config-set.ts')).configSet)),
    [
      ['config set listen.host 0.0.0.0'],
      ['config set spoolLimit 8GiB'],
      ['config set listen.publicUrl --unset'],
    ],
  )
  config
    .command('path')
    .description('Where the configuration file is.')
    .action(lazy(async () => (await import('../config-path.ts')).configPath))
}

/** What `pair` and `dmc-agent` alone have in common. */
const withPairOptions = (command: Command): Command =>
  command
    .option('--server <url>', 'address of the dashboard, as the browser shows it')
    .option('--name <name>', 'what the browser calls this host (default: its own name)')
    .addOption(new Option('--role <role>', 'what this host is for').choices(['user', 'miner', 'both']))
    .option('--no-qr', 'no QR code')
    .option('--allow-read <folder>', 'the dashboard may look into it and back it up (repeatable)', collect)
    .option(
      '--allow-restore <folder>',
      'the dashboard may restore into new folders of it (repeatable)',
      collect,
    )
    .option('--allow-sector <folder>', 'the dashboard may register sectors in it (repeatable)', collect)
