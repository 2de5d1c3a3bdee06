import { join } from 'node:path'
import { compareTrees } from '../apps/agent/src/source/compare-trees.ts'
import { chooseHasher } from '../packages/core/src/merkle/node-hasher.ts'
import { orderFor } from '../packages/testkit/src/set-up-agents.ts'
import type { BenchDocument, BenchOptions } from './bench.ts'
import { inTurn, leave } from './in-turn.ts'
import { type Measured, median, medians } from './measure.ts'
import { findPeers, type Peer, peerRow } from './peers.ts'
import { memoryFigures, speedFigures } from './promised.ts'
import { type AgentsMeasured, measureAgents, settleDisk, startStage } from './stage.ts'

/**
 * `dmc-agent restore` of a whole snapshot into a new folder, every chunk checked against the chain, by two real agents over
 * loopback; against each peer's restore out of a local repository, on the same bytes. What we restored is compared.
 */
export async function run(options: BenchOptions): Promise<BenchDocument> {
  const stage = await startStage(options, 1)
  try {
    const user = await stage.newUser()
    const { sourceId } = await orderFor(user, stage.source, { name: 'bench' })
    const { snapshot } = await user.json<{ snapshot: { snapshotId: string } }>(['backup', sourceId])
    const peers = findPeers(options.peers)
    const installed = peers.filter(({ version }) => version !== null)
    for (const peer of installed) {
      await peer.prepare(join(stage.folder, peer.name))
      await peer.backup(stage.source, join(stage.folder, peer.name))
    }
    const theirs = new Map<string, Measured[]>(installed.map(({ name }) => [name, []]))
    const ours: AgentsMeasured[] = []
    const restoreOurs = async (target: string) => {
      const { measured } = await measureAgents(stage, user, () =>
        user.json(['restore', snapshot.snapshotId, '--to', target]),
      )
      const { count, differences } = await compareTrees(stage.source, target)
      if (count > 0)
        throw new Error(`The restored folder differs: ${JSON.stringify(differences.slice(0, 5))}`)
      ours.push(measured)
      return measured
    }
    const restoreTheirs = (peer: Peer) => async (target: string) => {
      settleDisk()
      const row = await peer.restore(target, join(stage.folder, peer.name))
      theirs.get(peer.name)?.push(row)
      return row
    }
    const contestants = [
      { name: 'dmc', restore: restoreOurs },
      ...installed.map((peer) => ({ name: peer.name, restore: restoreTheirs(peer) })),
    ]
    for (let round = 0; round < options.rounds; round++) {
      for (const { name, restore } of inTurn(contestants, round)) {
        const target = join(stage.folder, `restored-${round}-${name}`)
        console.error(`round ${round + 1}: ${name} ${JSON.stringify(await restore(target))}`)
        leave(target, stage.bytes)
      }
    }
    const middle = medians(ours)
    const of = (key: keyof AgentsMeasured) => Number(median(ours.map((one) => one[key])).toFixed(2))
    const rows = peers.map((peer) => peerRow(peer, theirs.get(peer.name) ?? [], middle.wall_s))
    const { tier } = chooseHasher(options.tier)
    const mib = stage.bytes / 2 ** 20
    return {
      bench: 'restore',
      data: options.data,
      tier,
      inputs: {
        ...(options.data === 'small' ? { files: options.size } : {}),
        mib: Math.round(mib),
        transport: options.tls ? 'https on loopback' : 'http on loopback',
        node: process.version,
        user_cpu_s: of('user_cpu_s'),
        miner_cpu_s: of('miner_cpu_s'),
        command_cpu_s: of('command_cpu_s'),
      },
      rounds: options.rounds,
      ours: { ...middle, mib_s: Math.round(mib / middle.wall_s) },
      peers: rows,
      figures: [...speedFigures('restore', options, tier, middle.wall_s, rows), ...memoryFigures(ours, rows)],
    }
  } finally {
    await stage.stop()
  }
}
