import { Option } from 'commander'

/** Options that several commands share, in the same words. */

/** Repeatable: all that were given, or undefined. */
export const collect = (value: string, before: string[] = []): string[] => [...before, value]

export const dryRun = (): Option => new Option('--dry-run', 'show what it would do and cost; send nothing')

/** The order parameters of flow 6. */
export const termsOptions = (): Option[] => [
  new Option('--weeks <n>', 'how long the miner must keep the data'),
  new Option('--max-price <tokens>', 'the most to pay for one GiB for one week'),
  new Option('--min-pledge-rate <n>', "at least this many weeks' price as the miner's pledge"),
  new Option('--capacity <size>', "space to order (default: the source's size and room to grow)"),
  new Option('--challenges <n>', 'on-chain challenges to reserve money for'),
  new Option('--max-bond <tokens>', 'the most that one such challenge may reserve'),
]
