// A backup in a process of its own, to be killed: node backup-child.ts <settings.json>. Prints a line for each stage.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Commitment } from '@dmc/core/chain/types'
import { writeBig } from '../encode/json-big.ts'
import { startBackup } from '../start-backup.ts'
import { CHAIN, FileMiner, keysFor, SEVERAL_THREADS, targetOf } from './file-miner.ts'

export interface ChildSettings {
  sourcePath: string
  dataDir: string
  minerFile: string
  /** What the chain says: written when both sides have "prepared". */
  chainFile: string
  mib: number
  /** The result of the backup, JSON. */
  resultFile?: string
}

const read = (file: string): { root: `0x${string}`; size: string } => JSON.parse(readFileSync(file, 'utf8'))
const settings: ChildSettings = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
const say = (line: string) => process.stdout.write(`${line}\n`)

const miner = new FileMiner(settings.minerFile, targetOf(settings.mib))
const onChain = existsSync(settings.chainFile) ? read(settings.chainFile) : null
const base: Commitment | null = onChain ? { root: onChain.root, size: BigInt(onChain.size) } : null
const run = await startBackup({
  source: { sourceId: 'killed', name: 'killed', path: Buffer.from(settings.sourcePath) },
  keys: keysFor(),
  target: miner.target,
  base,
  chain: CHAIN,
  dataDir: settings.dataDir,
  options: {
    journalBytes: 512 * 1024,
    journalMs: 15,
    spoolLimit: 12 * 1024 * 1024,
    probes: 8,
    ...SEVERAL_THREADS,
  },
})
say(`session ${run.session}`)
const result = await miner.take(run, 300 * 1024)
say('encoded')
if (settings.resultFile) writeFileSync(settings.resultFile, JSON.stringify(result, writeBig))
const { root, size } = result.commitment
const derived = miner.derive()
if (derived.root !== root || derived.size !== size)
  throw new Error(`the miner has ${derived.root}, not ${root}`)
writeFileSync(`${settings.chainFile}.new`, JSON.stringify({ root, size: size.toString() }))
renameSync(`${settings.chainFile}.new`, settings.chainFile)
say('agreed')
await run.committed(result.commitment)
say(`committed ${result.unchanged}`)
