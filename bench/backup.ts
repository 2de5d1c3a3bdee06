import { join } from 'node:path'
import { chooseHasher } from '../packages/core/src/merkle/node-hasher.ts'
import { orderFor } from '../packages/testkit/src/set-up-agents.ts'
import type { BenchDocument, BenchOptions } from './bench.ts'
import { inTurn, leave } from './in-turn.ts'
import { type Measured, median, medians } from './measure.ts'
import { findPeers, type Peer, peerRow, storedBytes } from './peers.ts'
import { memoryFigures, shownFigure, speedFigures, storedFigure } from './promised.ts'
import { type AgentsMeasured, measureBackup, settleDisk, startStage } from './stage.ts'

interface Backup {
  snapshot: { files: number; bytes: number; missing: number }
  commitment: { root: string; size: number | string }
  seconds: { stage: string; seconds: number }[]
}

/**
 * `dmc-agent backup` from its start until a block holds both statements and the order is active, by two real agents over loopback: each
 * round with a user who has never been here before, against each peer's first backup into a local repository of its own, on the same bytes.
 */
export async function run(options: BenchOptions): Promise<BenchDocument> {
  const stage = await startStage(options, options.rounds)
  try {
    const peers = findPeers(options.peers)
    const installed = peers.filter(({ version }) => version !== null)
    const theirs = new Map<string, Measured[]>(installed.map(({ name }) => [name, []]))
    const ours: AgentsMeasured[] = []
    const active: number[] = []
    const stages: Record<string, number>[] = []
    const stored = new Map<string, number>()
    let storedHere = 0
    const backUpOurs = async () => {
      const user = await stage.newUser()
      const { sourceId } = await orderFor(user, stage.source, { name: 'bench' })
      const { measured, result, active_s } = await measureBackup<Backup>(stage, user, sourceId)
      if (result.snapshot.bytes !== stage.bytes || result.snapshot.missing > 0)
        throw new Error(`The snapshot holds ${result.snapshot.bytes} of ${stage.bytes} bytes.`)
      ours.push(measured)
      active.push(active_s)
      storedHere = Number(result.commitment.size)
      stages.push(Object.fromEntries(result.seconds.map(({ stage: at, seconds }) => [at, seconds])))
      await user.stop()
      return { ...measured, active: active_s, ...stages.at(-1) }
    }
    const backUpTheirs = (peer: Peer) => async (round: number) => {
      const work = join(stage.folder, `${peer.name}-${round}`)
      await peer.prepare(work)
      settleDisk()
      const row = await peer.backup(stage.source, work)
      theirs.get(peer.name)?.push(row)
      stored.set(peer.name, storedBytes(work))
      leave(work, stage.bytes)
      return row
    }
    const contestants = [
      { name: 'dmc', backUp: backUpOurs },
      ...installed.map((peer) => ({ name: peer.name, backUp: backUpTheirs(peer) })),
    ]
    for (let round = 0; round < options.rounds; round++) {
      for (const { name, backUp } of inTurn(contestants, round))
        console.error(`round ${round + 1}: ${name} ${JSON.stringify(await backUp(round))}`)
    }
    const confirmed_s = median(ours.map(({ wall_s }) => wall_s))
    const middle = { ...medians(ours), wall_s: median(active) }
    const of = (key: keyof AgentsMeasured) => Number(median(ours.map((one) => one[key])).toFixed(2))
    const at = (name: string) => Number(median(stages.map((one) => one[name] ?? 0)).toFixed(2))
    const rows = peers.map((peer) => {
      const stored_bytes = stored.get(peer.name)
      const row = peerRow(peer, theirs.get(peer.name) ?? [], middle.wall_s)
      return stored_bytes === undefined ? row : { ...row, stored_bytes }
    })
    // by our own clock from the command's start, as theirs: its stages count from the service's
    const delivered_s = median(
      ours.map(({ wall_s }, i) => wall_s - (stages[i]?.total ?? 0) + (stages[i]?.deliver ?? 0)),
    )
    const { tier } = chooseHasher(options.tier)
    const mib = stage.bytes / 2 ** 20
    return {
      bench: 'backup',
      data: options.data,
      tier,
      inputs: {
        ...(options.data === 'small' ? { files: options.size } : {}),
        mib: Math.round(mib),
        blockTime_s: options.blockTime,
        transport: options.tls ? 'https on loopback' : 'http on loopback',
        node: process.version,
        read_s: at('encode'),
        delivered_s: Number(delivered_s.toFixed(2)),
        active_s: Number(middle.wall_s.toFixed(2)),
        confirmed_s: Number(confirmed_s.toFixed(2)),
        user_cpu_s: of('user_cpu_s'),
        miner_cpu_s: of('miner_cpu_s'),
        command_cpu_s: of('command_cpu_s'),
      },
      rounds: options.rounds,
      ours: { ...middle, mib_s: Math.round(mib / middle.wall_s), stored_bytes: storedHere },
      peers: rows,
      figures: [
        ...speedFigures('backup', options, tier, middle.wall_s, rows),
        ...shownFigure('backup, read to delivered', delivered_s, rows),
        ...shownFigure('backup, read to confirmed', confirmed_s, rows),
        ...storedFigure(options, storedHere, rows),
        ...memoryFigures(ours, rows),
      ],
    }
  } finally {
    await stage.stop()
  }
}
