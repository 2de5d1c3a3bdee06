import { closeSync, fdatasyncSync, openSync, readdirSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { chooseHasher } from '../packages/core/src/merkle/node-hasher.ts'
import { orderFor } from '../packages/testkit/src/set-up-agents.ts'
import type { BenchDocument, BenchOptions } from './bench.ts'
import { pseudoRandom } from './data-sets.ts'
import { inTurn } from './in-turn.ts'
import { type Measured, median, medians } from './measure.ts'
import { findPeers, type Peer, peerRow } from './peers.ts'
import { memoryFigures, shownFigure, speedFigures } from './promised.ts'
import { type AgentsMeasured, measureBackup, settleDisk, startStage } from './stage.ts'

interface Backup {
  snapshot: { bytes: number; addedBytes: number; missing: number }
  commitment: { root: string }
}

/**
 * `dmc-agent backup` of a source of which 1 % has changed since its last snapshot, until a block has brought the new commitment into
 * force; each round changes another 1 %, for us and for each peer's repository alike.
 */
export async function run(options: BenchOptions): Promise<BenchDocument> {
  const stage = await startStage(options, 1)
  try {
    const user = await stage.newUser()
    const { sourceId } = await orderFor(user, stage.source, { name: 'bench' })
    await user.json(['backup', sourceId])
    const peers = findPeers(options.peers)
    const installed = peers.filter(({ version }) => version !== null)
    for (const peer of installed) {
      await peer.prepare(join(stage.folder, peer.name))
      await peer.backup(stage.source, join(stage.folder, peer.name), 0)
    }
    const theirs = new Map<string, Measured[]>(installed.map(({ name }) => [name, []]))
    const ours: AgentsMeasured[] = []
    const active: number[] = []
    const added: number[] = []
    let changed = 0
    const backUpOurs = async () => {
      const { measured, result, active_s } = await measureBackup<Backup>(stage, user, sourceId)
      if (result.snapshot.missing > 0) throw new Error('The snapshot is partial.')
      ours.push(measured)
      active.push(active_s)
      added.push(result.snapshot.addedBytes)
      return { ...measured, active: active_s, addedBytes: result.snapshot.addedBytes }
    }
    const backUpTheirs = (peer: Peer) => async (round: number) => {
      settleDisk()
      const row = await peer.backup(stage.source, join(stage.folder, peer.name), round)
      theirs.get(peer.name)?.push(row)
      return row
    }
    const contestants = [
      { name: 'dmc', backUp: backUpOurs },
      ...installed.map((peer) => ({ name: peer.name, backUp: backUpTheirs(peer) })),
    ]
    for (let round = 1; round <= options.rounds; round++) {
      changed = changeOnePercent(stage.source, round)
      for (const { name, backUp } of inTurn(contestants, round - 1))
        console.error(`round ${round}: ${name} ${JSON.stringify(await backUp(round))}`)
    }
    const confirmed_s = median(ours.map(({ wall_s }) => wall_s))
    const middle = { ...medians(ours), wall_s: median(active) }
    const of = (key: keyof AgentsMeasured) => Number(median(ours.map((one) => one[key])).toFixed(2))
    const rows = peers.map((peer) => peerRow(peer, theirs.get(peer.name) ?? [], middle.wall_s))
    const { tier } = chooseHasher(options.tier)
    const mib = stage.bytes / 2 ** 20
    return {
      bench: 'rebackup',
      data: options.data,
      tier,
      inputs: {
        ...(options.data === 'small' ? { files: options.size } : {}),
        mib: Math.round(mib),
        changed_mib: Number((changed / 2 ** 20).toFixed(2)),
        added_mib: Number((median(added) / 2 ** 20).toFixed(2)),
        blockTime_s: options.blockTime,
        active_s: Number(middle.wall_s.toFixed(2)),
        confirmed_s: Number(confirmed_s.toFixed(2)),
        node: process.version,
        user_cpu_s: of('user_cpu_s'),
        miner_cpu_s: of('miner_cpu_s'),
        command_cpu_s: of('command_cpu_s'),
      },
      rounds: options.rounds,
      ours: { ...middle, mib_s: Math.round(mib / middle.wall_s) },
      peers: rows,
      figures: [
        ...speedFigures('rebackup', options, tier, middle.wall_s, rows),
        ...shownFigure('re-backup, read to confirmed', confirmed_s, rows),
        ...memoryFigures(ours, rows),
      ],
    }
  } finally {
    await stage.stop()
  }
}

/** 1 MiB pieces of the large file, spread evenly (ten of 1 GiB); or one of a hundred small files, whole. @returns bytes written */
export function changeOnePercent(source: string, round: number): number {
  const next = pseudoRandom(`change ${round}`)
  const files = readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  let bytes = 0
  if (files.length > 1) {
    for (let at = round % 100; at < files.length; at += 100) {
      const file = files[at] as string
      const { size } = statSync(file)
      writeFileSync(file, next(size))
      bytes += size
    }
    return bytes
  }
  const [file = ''] = files
  const { size } = statSync(file)
  const piece = 1024 * 1024
  const fd = openSync(file, 'r+')
  const step = piece * 100
  for (let at = (round % 100) * piece; at + piece <= size; at += step)
    bytes += writeSync(fd, next(piece), 0, piece, at)
  fdatasyncSync(fd)
  closeSync(fd)
  return bytes
}
