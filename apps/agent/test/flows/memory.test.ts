import { createCipheriv } from 'node:crypto'
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { peakMib, resetPeak } from '@dmc/testkit/peak-memory'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Pair, startPair } from './support/kill-story.ts'
import { addSource, backUp, offer, placeOrder, untilRoom } from './support/steps.ts'
import { World } from './support/world.ts'

/** Memory does not grow with what is backed up. `npm run test:long` only: minutes, and 24 GiB of disk for a while. */
const LONG = process.env.DMC_TEST_LONG === '1'
const MIB = 1024 * 1024
const MOST_MIB = 200
const GIB_OF_DATA = 10
const FILES = 1_000_000
const FILES_A_FOLDER = 4000

let world: World
let pair: Pair

/** The first backup of `path`; the peaks of both agents meanwhile. */
async function peaksOf(path: string, name: string, capacityMib: bigint) {
  const { user, miner } = pair
  const size = capacityMib << 20n
  await offer(miner, join(world.folder, `${name}-disk`, 'sector'), { size, price: 10n ** 16n })
  const source = await addSource(user, path, name)
  await untilRoom(user, source, capacityMib)
  await placeOrder(user, source, { capacityMib })
  const pids = [user.pid, miner.pid] as [number, number]
  for (const pid of pids) resetPeak(pid)
  const { snapshot, commitment } = await backUp(user, source)
  const [ofUser, ofMiner] = pids.map(peakMib)
  console.log(`${name}: peak of the user's agent ${ofUser} MiB, of the miner's ${ofMiner} MiB`)
  return { snapshot, stored: Number(commitment.size), ofUser, ofMiner }
}

describe.runIf(LONG)('memory', () => {
  beforeAll(async () => {
    world = new World()
    pair = await startPair(world)
  }, 120_000)
  // a million files take minutes to delete
  afterAll(() => world.close(), 900_000)

  it(`of either agent stays below ${MOST_MIB} MiB while ${GIB_OF_DATA} GiB are backed up`, async () => {
    const path = join(world.folder, 'large')
    mkdirSync(path)
    const bytes = GIB_OF_DATA * 1024 * MIB
    const fd = openSync(join(path, 'random.bin'), 'w')
    // never the same bytes twice: the generators of other tests come round after 16 GiB, and several seeds meet before that
    const random = createCipheriv('aes-256-ctr', Buffer.alloc(32, 1), Buffer.alloc(16))
    const zeros = Buffer.alloc(MIB)
    for (let at = 0; at < bytes; at += MIB) writeSync(fd, random.update(zeros))
    closeSync(fd)
    const capacityMib = BigInt(GIB_OF_DATA * 1024 * 1.125)
    const { snapshot, stored, ofUser, ofMiner } = await peaksOf(path, 'large', capacityMib)
    rmSync(path, { recursive: true })
    expect(snapshot.bytes).toBe(bytes)
    // nothing of it was the same as something else
    expect(stored).toBeGreaterThan(bytes)
    for (const peak of [ofUser, ofMiner]) {
      expect(peak).toBeGreaterThan(0)
      expect(peak).toBeLessThan(MOST_MIB)
    }
  }, 3_600_000)

  it(`of either agent stays below ${MOST_MIB} MiB while ${FILES.toLocaleString('en')} files are backed up`, async () => {
    const path = join(world.folder, 'many')
    for (let file = 0; file < FILES; file++) {
      const folder = join(path, `d${Math.floor(file / FILES_A_FOLDER)}`)
      if (file % FILES_A_FOLDER === 0) mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, `f${file}`), `${file}\n`)
    }
    const { snapshot, ofUser, ofMiner } = await peaksOf(path, 'many', 1024n)
    expect(snapshot.files).toBe(FILES)
    for (const peak of [ofUser, ofMiner]) {
      expect(peak).toBeGreaterThan(0)
      expect(peak).toBeLessThan(MOST_MIB)
    }
  }, 3_600_000)
})
