import { spawnSync } from 'node:child_process'
import { HASHER_TIERS, type HasherTier } from '../packages/core/src/merkle/hasher-tier.ts'
import { endProcess } from '../packages/core/src/process/node-end-process.ts'

/**
 * `npm run bench -- <name> [--json] [--data random|text|small] [--size MIB] [--rounds N]
 * [--tier native|portable] [--tls] [--block-time S] [--seconds N] [--peers NAME,...]`: one command measures one case, our work and each installed peer in alternation on the same bytes; medians and ratios. stdout is only the result.
 */
export interface BenchOptions {
  json: boolean
  data: 'random' | 'text' | 'small'
  /** MiB of the random or text set; number of files of the small set. */
  size: number
  rounds: number
  /** The hashing tier; null = the best that works here, as for everybody. */
  tier: HasherTier | null
  /** TLS on loopback too (the default is plain http, which the protocol allows on loopback only). */
  tls: boolean
  /** Seconds between blocks of the bench's chain; as in the demo by default. */
  blockTime: number
  /** How long the simulated agents of `dashboard` report. */
  seconds: number
  /** Peers to compare with; null = all that are installed. `--peers none`: ours alone. */
  peers: string[] | null
  /** Folder for the data; a temp folder by default. */
  folder: string | null
}

export interface BenchDocument {
  bench: string
  data: string
  tier: string
  inputs: Record<string, string | number | boolean>
  rounds: number
  ours: { wall_s: number; cpu_s: number; rss_mib: number; mib_s: number; stored_bytes?: number }
  peers: {
    name: string
    version: string | null
    wall_s?: number
    cpu_s?: number
    rss_mib?: number
    ratio?: number
    /** Of the snapshot at the miner, of the whole repository at a peer. */
    stored_bytes?: number
    missing?: string
  }[]
  figures: { name: string; value: number; unit: string; limit: string; ok: boolean }[]
}

const BENCHES: Record<string, () => Promise<{ run(options: BenchOptions): Promise<BenchDocument> }>> = {
  tree: () => import('./tree.ts'),
  backup: () => import('./backup.ts'),
  rebackup: () => import('./rebackup.ts'),
  restore: () => import('./restore.ts'),
  'small-files': () => import('./small-files.ts'),
  delivery: () => import('./delivery.ts'),
  ws: () => import('./ws.ts'),
  dashboard: () => import('./dashboard.ts'),
  index: () => import('./index-events.ts'),
  challenge: () => import('./challenge.ts'),
}

/** What we are compared with, and the Debian package that brings it. */
const PROGRAMS = [
  ['openssl', 'openssl'],
  ['restic', 'restic'],
  ['borg', 'borgbackup'],
  ['rsync', 'rsync'],
  ['rclone', 'rclone'],
] as const

function parse(args: string[]): { name: string; options: BenchOptions } {
  const value = (flag: string) => (args.includes(flag) ? args[args.indexOf(flag) + 1] : undefined)
  const data = (value('--data') ?? 'random') as BenchOptions['data']
  if (!['random', 'text', 'small'].includes(data))
    throw new Error(`--data is random, text or small, not ${data}`)
  const tier = (value('--tier') ?? null) as HasherTier | null
  if (tier !== null && !HASHER_TIERS.includes(tier))
    throw new Error(`--tier is native or portable, not ${tier}`)
  const peers = value('--peers')?.split(',') ?? null
  const names = PROGRAMS.map(([program]): string => program)
  const unknown = peers?.find((peer) => peer !== 'none' && !names.includes(peer))
  if (unknown !== undefined) throw new Error(`--peers is none, or some of ${names.join(',')}, not ${unknown}`)
  const blockTime = Number(value('--block-time') ?? 1)
  if (!(blockTime > 0)) throw new Error(`--block-time is a number of seconds, not ${value('--block-time')}`)
  return {
    name: args.find((arg) => !arg.startsWith('--')) ?? '',
    options: {
      json: args.includes('--json'),
      data,
      size: Number(value('--size') ?? (data === 'small' ? 20_000 : 1024)),
      rounds: Number(value('--rounds') ?? 3),
      tier,
      tls: args.includes('--tls'),
      blockTime,
      seconds: Number(value('--seconds') ?? 300),
      peers,
      folder: value('--folder') ?? null,
    },
  }
}

function print(document: BenchDocument): void {
  type Row = { wall_s?: number; cpu_s?: number; rss_mib?: number; ratio?: number; stored_bytes?: number }
  const row = (name: string, m: Row) =>
    `${name.padEnd(24)} ${(m.wall_s ?? 0).toFixed(2).padStart(9)} ${(m.cpu_s ?? 0).toFixed(2).padStart(9)} ${String(m.rss_mib ?? 0).padStart(8)} ${m.ratio ? `${m.ratio.toFixed(2)}x` : ''}${m.stored_bytes ? `  ${(m.stored_bytes / 2 ** 20).toFixed(1)} MiB stored` : ''}`
  console.log(
    `${document.bench}, ${document.data}: ${JSON.stringify(document.inputs)}; medians of ${document.rounds} rounds`,
  )
  console.log(
    `${''.padEnd(24)} ${'wall s'.padStart(9)} ${'CPU s'.padStart(9)} ${'peak MiB'.padStart(8)} peer's wall / ours`,
  )
  console.log(row(`dmc (${document.ours.mib_s} MiB/s)`, document.ours))
  for (const peer of document.peers)
    console.log(
      peer.missing
        ? `${peer.name.padEnd(24)} missing: ${peer.missing}`
        : row(`${peer.name} ${peer.version}`, peer),
    )
  for (const figure of document.figures)
    console.log(
      `${figure.ok ? 'ok    ' : 'FAILED'} ${figure.name}: ${figure.value} ${figure.unit} (${figure.limit})`,
    )
}

const { name, options } = parse(process.argv.slice(2))
if (name === 'peers') {
  const have = (program: string) => spawnSync('which', [program]).status === 0
  for (const [program, pack] of PROGRAMS) {
    console.log(`${program.padEnd(8)} ${have(program) ? 'installed' : `missing: apt-get install ${pack}`}`)
  }
} else {
  const load = BENCHES[name]
  if (!load) {
    console.error(`No bench "${name}". There are: ${Object.keys(BENCHES).join(', ')}, peers.`)
    process.exit(64)
  }
  const document = await (await load()).run(options)
  if (options.json) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
  else print(document)
  await endProcess(document.figures.every((figure) => figure.ok) ? 0 : 1)
}
