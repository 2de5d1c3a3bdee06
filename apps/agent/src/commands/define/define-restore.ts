import type { Command } from 'commander'
import { lazy } from '../run-action.ts'
import { addExamples } from './examples.ts'
import { collect } from './options.ts'

export function defineRestore(program: Command): void {
  program.commandsGroup('Get it back:')
  addExamples(
    program
      .command('snapshots')
      .summary('what can be restored')
      .description('The snapshots of a source, or of all.')
      .argument('[source]', 'id or name')
      .action(lazy(async () => (await import('../snapshots.ts')).snapshots)),
    [['snapshots'], ['snapshots photos --json']],
  )
  addExamples(
    program
      .command('ls')
      .summary('look into a snapshot')
      .description('Lists a folder inside a snapshot, read from the miner and checked against the chain.')
      .argument('<snapshot>', 'its id, the first digits of it, or latest (with --source)')
      .argument('[path]', 'folder or file inside (default: the top)')
      .option('--source <source>', 'whose latest')
      .option('-R, --recursive', 'everything below it too')
      .action(lazy(async () => (await import('../ls.ts')).ls)),
    [['ls 3f9a2c'], ['ls latest --source photos Holiday/2026 -R']],
  )
  addExamples(
    program
      .command('restore')
      .summary('bring files back')
      .description(
        'Restores a whole snapshot, folders or files. Every byte is checked against the commitment on chain before it is written. Existing files stay as they are unless you say otherwise.',
      )
      .argument('<snapshot>', 'its id, the first digits of it, or latest (with --source)')
      .option('--to <folder>', 'where to; made when it is missing')
      .option('--path <path>', 'only this folder or file inside the snapshot (repeatable)', collect)
      .option('--source <source>', 'whose latest')
      .option('--into-existing', 'the folder may have something in it already')
      .option(
        '--overwrite <rule>',
        'existing files: never, newer (when the snapshot’s is) or always',
        'never',
      )
      .option('--verify-only', 'read and check everything, write nothing')
      .action(lazy(async () => (await import('../restore.ts')).restore)),
    [
      ['restore latest --source photos --to ./restored'],
      ['restore 3f9a2c --to . --into-existing --path Holiday/2026/beach.jpg'],
      ['restore 3f9a2c --verify-only', 'a drill without writing'],
    ],
    'Exit code 3: done, but some files could not be restored; they are listed.',
  )
  addExamples(
    program
      .command('recover')
      .summary('find your snapshots again on an empty machine')
      .description(
        'Finds what belongs to this recovery phrase among the orders of a wallet, from the chain alone. Needs no wallet key: reading is enough to restore.',
      )
      .option('--wallet <address>', 'the wallet that ordered (default: the one of this host)')
      .action(lazy(async () => (await import('../recover.ts')).recover)),
    [
      ['init --recover --wallet 0xf39F… --rpc https://rpc.example --market 0x5FbD…'],
      ['recover'],
      ['restore latest --source photos --to ./restored'],
    ],
  )
}
