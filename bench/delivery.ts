import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { bytesToHex, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { chooseHasher } from '../packages/core/src/merkle/node-hasher.ts'
import { freePort } from '../packages/testkit/src/free-port.ts'
import { peakMib, resetPeak } from '../packages/testkit/src/peak-memory.ts'
import type { BenchDocument, BenchOptions } from './bench.ts'
import { makeDataSet } from './data-sets.ts'
import { inTurn, leave } from './in-turn.ts'
import { cpuSeconds, type Measured, measureCommand, medians } from './measure.ts'
import { findPeers, peerRow } from './peers.ts'
import { settleDisk } from './stage.ts'
import { startMinerProcess, startUploader } from './wire-processes.ts'

/** What the way to a miner must reach of what rsync does with the same bytes, which neither hashes nor waits for the disk. */
const AT_LEAST = 0.8

/**
 * Raw delivery: bytes as they leave the sealing, from a user's memory until the miner has them durable, rooted and sealed, over http on
 * loopback; against rsync to its daemon, as it is and with `--fsync`, of the same bytes from the page cache.
 */
export async function run(options: BenchOptions): Promise<BenchDocument> {
  const folder = mkdtempSync(join(options.folder ?? tmpdir(), 'dmc-bench-delivery-'))
  const ending: (() => void)[] = []
  try {
    const source = join(folder, 'source')
    const mib = Math.ceil(makeDataSet(source, 'random', options.size) / 2 ** 20)
    const file = join(source, readdirSync(source)[0] ?? '')
    const [key, user]: [Hex, Hex] = [bytesToHex(randomBytes(32)), bytesToHex(randomBytes(32))]
    const uploads = Array.from({ length: options.rounds }, () => mib)
    const wish = {
      folder,
      key,
      user: privateKeyToAccount(user).address,
      sizes: [],
      uploads,
      tier: options.tier,
    }
    const miner = startMinerProcess(wish)
    ending.push(miner.end)
    const { port } = await miner.ready
    const upload = await startUploader({
      port,
      miner: privateKeyToAccount(key).address,
      user,
      mib,
      file,
      tier: options.tier,
    })
    ending.push(upload.end)
    const rsync = findPeers(options.peers).find(({ name }) => name === 'rsync')
    const daemon = rsync?.version ? await startRsyncDaemon(folder, mib * 2 ** 20) : null
    if (daemon) ending.push(daemon.end)

    const ours: Measured[] = []
    const theirs: Record<'plain' | 'fsync', Measured[]> = { plain: [], fsync: [] }
    const sendOurs = async (round: number) => {
      for (const { pid } of [miner, upload]) resetPeak(pid)
      const before = cpuSeconds(miner.pid) + cpuSeconds(upload.pid)
      const rate = await upload.send(BigInt(round + 1))
      const row: Measured = {
        wall_s: Number((mib / rate).toFixed(3)),
        cpu_s: Number((cpuSeconds(miner.pid) + cpuSeconds(upload.pid) - before).toFixed(2)),
        rss_mib: peakMib(miner.pid),
      }
      ours.push(row)
      return row
    }
    const sendTheirs = (kind: 'plain' | 'fsync') => async (round: number) => {
      const row = await daemon?.send(source, `${kind}-${round}`, kind === 'fsync')
      if (row) theirs[kind].push(row)
      return row
    }
    const contestants = [
      { name: 'dmc', send: sendOurs },
      ...(daemon ? (['plain', 'fsync'] as const) : []).map((kind) => ({
        name: `rsync ${kind}`,
        send: sendTheirs(kind),
      })),
    ]
    for (let round = 0; round < options.rounds; round++) {
      for (const { name, send } of inTurn(contestants, round)) {
        settleDisk()
        console.error(`round ${round + 1}: ${name} ${JSON.stringify(await send(round))}`)
      }
    }
    const middle = medians(ours)
    const peers = rsync
      ? [
          peerRow({ ...rsync, name: 'rsync daemon' }, theirs.plain, middle.wall_s),
          peerRow({ ...rsync, name: 'rsync daemon --fsync' }, theirs.fsync, middle.wall_s),
        ]
      : []
    const ratio = peers[0]?.ratio
    return {
      bench: 'delivery',
      data: 'random',
      tier: chooseHasher(options.tier).tier,
      inputs: { mib, transport: 'http on loopback', node: process.version },
      rounds: options.rounds,
      ours: { ...middle, mib_s: Math.round(mib / middle.wall_s) },
      peers,
      figures:
        ratio === undefined
          ? []
          : [
              {
                name: "raw delivery, durable and rooted: rsync daemon's time / ours",
                value: ratio,
                unit: 'x',
                limit: `at least ${AT_LEAST}`,
                ok: ratio >= AT_LEAST,
              },
            ],
    }
  } finally {
    for (const end of ending) end()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** An rsync daemon on loopback with one module; its CPU seconds count, too. */
async function startRsyncDaemon(folder: string, bytes: number) {
  const target = join(folder, 'rsync')
  mkdirSync(target)
  const port = await freePort()
  const config = join(folder, 'rsyncd.conf')
  // a daemon that is started by root would else write as nobody
  const owner = process.getuid?.() === 0 ? 'uid = root\ngid = root\n' : ''
  writeFileSync(
    config,
    `address = 127.0.0.1\nport = ${port}\nuse chroot = no\n${owner}[bench]\npath = ${target}\nread only = no\n`,
  )
  const child = spawn('rsync', ['--daemon', '--no-detach', `--config=${config}`], { stdio: 'ignore' })
  const url = `rsync://127.0.0.1:${port}/bench`
  for (let i = 0; spawnSync('rsync', [`${url}/`]).status !== 0; i++) {
    if (i >= 50) throw new Error('The rsync daemon does not answer.')
    await sleep(100)
  }
  return {
    async send(source: string, name: string, fsync: boolean): Promise<Measured> {
      const before = cpuSeconds(child.pid ?? 0, true)
      const took = await measureCommand([
        'rsync',
        '-a',
        '--whole-file',
        ...(fsync ? ['--fsync'] : []),
        `${source}/`,
        `${url}/${name}`,
      ])
      await sleep(200) // the daemon counts a child once it has ended
      const cpu_s = Number((took.cpu_s + cpuSeconds(child.pid ?? 0, true) - before).toFixed(2))
      leave(join(target, name), bytes)
      return { ...took, cpu_s }
    },
    end: () => void child.kill(),
  }
}
