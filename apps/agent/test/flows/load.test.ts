import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import { longestHold, loopProbeEnv } from '@dmc/testkit/loop-probe'
import { beforeAll, describe, expect, it } from 'vitest'
import { seededBytes } from '../support/volume-bytes.ts'
import { type Pair, startPair } from './support/kill-story.ts'
import { addSource, backUp, mustRestoreEqual, offer, placeOrder } from './support/steps.ts'
import { useWorld } from './support/world.ts'

/** Real agents that move more than the other stories do: what limits promise, and whether an agent stays at hand meanwhile. */
const LONG = process.env.DMC_TEST_LONG === '1'
const MIB = 1024 * 1024
/** What an agent may do at once before it looks around again. Milliseconds: of processor time; and in a restore, of waiting for the disk. */
const LONGEST_HOLD = 50
const world = useWorld()
let pair: Pair

beforeAll(async () => {
  pair = await startPair(world)
})

async function restartWith(agent: AgentProcess, env: Record<string, string>): Promise<void> {
  await agent.stop()
  await agent.start(60_000, { env })
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1000
}

describe('bandwidth limits', () => {
  it('hold for what a user sends and takes, and for what its miner sends', async () => {
    const { user, miner } = pair
    const path = join(world.folder, 'limited')
    mkdirSync(path)
    writeFileSync(join(path, 'random.bin'), seededBytes(12 * MIB, 1))
    const source = await addSource(user, path, 'limited')
    await placeOrder(user, source, { capacityMib: 32n })
    await restartWith(user, { DMC_UPLOAD_LIMIT: '4MiB' })
    const notes: string[] = []
    const result = await backUp(user, source, (event) => {
      if (event.type === 'stage') notes.push(event.text)
    })
    const delivered = result.seconds.find(({ stage }) => stage === 'deliver')?.seconds ?? 0
    expect(delivered).toBeGreaterThan(2.9)
    expect(delivered).toBeLessThan(10)
    expect(notes.join(' ')).toContain('Sending at most 4 MiB/s (bandwidth.upload).')
    const restore = (name: string) => () =>
      mustRestoreEqual(user, 'latest', path, join(world.folder, name), source)
    await restartWith(user, { DMC_DOWNLOAD_LIMIT: '4MiB' })
    expect(await seconds(restore('taken slowly'))).toBeGreaterThan(2.9)
    await Promise.all([restartWith(user, {}), restartWith(miner, { DMC_UPLOAD_LIMIT: '4MiB' })])
    expect(await seconds(restore('sent slowly'))).toBeGreaterThan(2.9)
  })
})

describe('the event loop', () => {
  it(`of neither agent is held for more than ${LONGEST_HOLD} ms while folders are backed up and restored`, async () => {
    const { user, miner } = pair
    const path = join(world.folder, 'large')
    const [mib, files] = LONG ? [4096, 100_000] : [192, 3000]
    const capacityMib = BigInt(mib + mib / 4 + 128)
    await offer(miner, join(world.folder, 'large-disk', 'sector'), { size: capacityMib << 20n })
    for (let index = 0; index < files; index++) {
      const folder = join(path, `d${index % 97}`)
      if (index < 97) mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, `f${index}`), `${index} `.repeat(index % 1000))
    }
    for (let index = 0; index < mib / 64; index++)
      writeFileSync(join(path, `${index}.bin`), seededBytes(64 * MIB, index))
    await Promise.all([restartWith(user, loopProbeEnv(user)), restartWith(miner, loopProbeEnv(miner))])
    const source = await addSource(user, path, 'large')
    await placeOrder(user, source, { capacityMib })
    // what comes once, when an agent starts or does something for the first time, is not what size does
    const holds = async () => [await longestHold(user), await longestHold(miner)]
    await holds()
    await backUp(user, source)
    const backedUp = await holds()
    await mustRestoreEqual(user, 'latest', path, join(world.folder, 'large restored'), source)
    const restored = await holds()
    const told = JSON.stringify({ backedUp, restored })
    for (const { cpuMs } of [...backedUp, ...restored]) {
      expect(cpuMs, told).toBeGreaterThan(0)
      expect(cpuMs, told).toBeLessThan(LONGEST_HOLD)
    }
    // while a backup is sent its statement is also written down, which waits for the disk; a restore has nothing like that
    for (const { blockedMs } of restored) expect(blockedMs, told).toBeLessThan(LONGEST_HOLD)
  }, 1_800_000)
})
