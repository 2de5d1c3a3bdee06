import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { rootFromChunkRoots } from '../packages/core/src/merkle/commitment.ts'
import { CHUNK_SIZE, treeDepth } from '../packages/core/src/merkle/constants.ts'
import { hashToHex } from '../packages/core/src/merkle/hash-hex.ts'
import { chooseHasher } from '../packages/core/src/merkle/node-hasher.ts'
import { TreeBuilder } from '../packages/core/src/merkle/tree-builder.ts'
import { peakMib, resetPeak } from '../packages/testkit/src/peak-memory.ts'
import type { BenchDocument, BenchOptions } from './bench.ts'
import { makeDataSet, pseudoRandom } from './data-sets.ts'
import { type Measured, measureCommand, medians } from './measure.ts'
import type { TreeTask } from './tree-worker.ts'

const LIMIT = 300
const THREADS = availableParallelism()
/** Our speed with all cores over openssl's, for each tier. */
const AGAINST_OPENSSL = { native: 1.5, portable: 0.5 }

/** Runs our work once in this process: wall, CPU of all threads, peak memory. */
async function measureHere(work: () => Promise<string> | string): Promise<Measured & { root: string }> {
  resetPeak(process.pid)
  const cpu = process.cpuUsage()
  const start = process.hrtime.bigint()
  const root = await work()
  const wall_s = Number(process.hrtime.bigint() - start) / 1e9
  const { user, system } = process.cpuUsage(cpu)
  return { wall_s, cpu_s: (user + system) / 1e6, rss_mib: peakMib(process.pid), root }
}

function answer(worker: Worker): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

/**
 * The tree over one file, against `openssl dgst -sha256` of the same file (one hash, no tree), in alternation:
 * from memory and from the page cache on one thread, and with a worker thread for each core (`ours`).
 */
export async function run(options: BenchOptions): Promise<BenchDocument> {
  if (options.data === 'small') throw new Error('The tree is built over one file: --data random or text.')
  const folder = mkdtempSync(join(options.folder ?? tmpdir(), 'dmc-bench-tree-'))
  const workers = Array.from(
    { length: THREADS },
    () => new Worker(new URL('./tree-worker.ts', import.meta.url), { workerData: { tier: options.tier } }),
  )
  try {
    await Promise.all(workers.map(answer))
    makeDataSet(folder, options.data, options.size)
    return await measureTree(options, join(folder, `${options.data}.bin`), workers)
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measureTree(options: BenchOptions, file: string, workers: Worker[]): Promise<BenchDocument> {
  const capacityMiB = options.size
  const { hasher, tier } = chooseHasher(options.tier)
  const next = pseudoRandom('tree in memory')
  const buffers = Array.from({ length: 8 }, () => new Uint8Array(next(CHUNK_SIZE)))

  const fromMemory = (): string => {
    const builder = new TreeBuilder({ hasher, capacityMiB })
    for (let i = 0; i < capacityMiB; i++) builder.append(buffers[i % buffers.length] ?? new Uint8Array())
    return builder.commitment().root
  }
  const fromFile = (): string => {
    const builder = new TreeBuilder({ hasher, capacityMiB })
    const buffer = Buffer.allocUnsafeSlow(CHUNK_SIZE)
    const fd = openSync(file, 'r')
    for (let length = readSync(fd, buffer); length > 0; length = readSync(fd, buffer)) {
      builder.append(buffer.subarray(0, length))
    }
    closeSync(fd)
    return builder.commitment().root
  }
  const withWorkers = async (): Promise<string> => {
    const share = Math.ceil(capacityMiB / workers.length)
    const roots = await Promise.all(
      workers.map((worker, i) => {
        const firstChunk = Math.min(i * share, capacityMiB)
        const task: TreeTask = { file, firstChunk, chunks: Math.min(share, capacityMiB - firstChunk) }
        worker.postMessage(task)
        return answer(worker)
      }),
    )
    return hashToHex(rootFromChunkRoots(hasher, Buffer.concat(roots), treeDepth(capacityMiB)))
  }

  const openssl = spawnSync('openssl', ['version'], { encoding: 'utf8' })
  const version = openssl.status === 0 ? (openssl.stdout.match(/\d+\.\d+\.\d+/)?.[0] ?? 'unknown') : null
  const rounds = {
    memory: [] as Measured[],
    file: [] as Measured[],
    workers: [] as Measured[],
    openssl: [] as Measured[],
  }
  fromMemory() // the compiler has seen the code, and the file is in the page cache
  fromFile()
  await withWorkers()
  for (let round = 0; round < options.rounds; round++) {
    rounds.memory.push(await measureHere(fromMemory))
    const one = await measureHere(fromFile)
    const two = await measureHere(withWorkers)
    if (one.root !== two.root)
      throw new Error(`One thread gives ${one.root}, ${THREADS} threads give ${two.root}.`)
    rounds.file.push(one)
    rounds.workers.push(two)
    if (version !== null) rounds.openssl.push(await measureCommand(['openssl', 'dgst', '-sha256', file]))
  }

  const rate = (seconds: number) => Math.round(options.size / seconds)
  const [memory, one, two] = [medians(rounds.memory), medians(rounds.file), medians(rounds.workers)]
  const atLeast = (name: string, value: number) => {
    return { name, value, unit: 'MiB/s', limit: `at least ${LIMIT}`, ok: value >= LIMIT }
  }
  const peer = medians(rounds.openssl)
  const ratio = version === null ? 0 : Number((peer.wall_s / two.wall_s).toFixed(2))
  return {
    bench: 'tree',
    data: options.data,
    tier,
    inputs: { mib: options.size, hasher: hasher.name, threads: THREADS, node: process.version },
    rounds: options.rounds,
    ours: { ...two, mib_s: rate(two.wall_s) },
    peers: [
      version === null
        ? { name: 'openssl dgst -sha256', version, missing: 'apt-get install openssl' }
        : {
            name: 'openssl dgst -sha256',
            version,
            ...peer,
            ratio,
          },
    ],
    figures: [
      atLeast('one thread, from memory', rate(memory.wall_s)),
      atLeast('one thread, from the page cache', rate(one.wall_s)),
      atLeast('one thread, from the page cache, per CPU second', rate(one.cpu_s)),
      atLeast(`${THREADS} threads, from the page cache, per CPU second`, rate(two.cpu_s)),
      ...(version === null
        ? []
        : [
            {
              name: `${THREADS} threads, from the page cache, over openssl's speed`,
              value: ratio,
              unit: 'x',
              limit: `at least ${AGAINST_OPENSSL[tier]}`,
              ok: ratio >= AGAINST_OPENSSL[tier],
            },
          ]),
    ],
  }
}
