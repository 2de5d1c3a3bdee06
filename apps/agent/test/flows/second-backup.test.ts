import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { decodeHeader } from '@dmc/core/log/header-leaf'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import { beforeAll, describe, expect, it } from 'vitest'
import type { BackupResult } from '../../src/control/types.ts'
import { compareTrees } from '../../src/source/compare-trees.ts'
import { orderOf, statementsOf } from './support/chain.ts'
import { countAll, type Pair, startPair } from './support/kill-story.ts'
import { makeTree, noise } from './support/make-tree.ts'
import { addSource, backUp, mustRestoreEqual, placeOrder } from './support/steps.ts'
import { call, useWorld } from './support/world.ts'

/** One source, one order, several snapshots: what is stored grows by what is new, and by nothing else. */
const world = useWorld()
const BYTES = 12 << 20
const NEW = 3 << 20
/** For nodes, record, index, catalog, footer and padding of a small change. */
const FRAME = 64 << 10
let pair: Pair
let user: AgentProcess
let source: string
let copy: string
let sourceId: string
let orderId: bigint
let first: BackupResult
let second: BackupResult

beforeAll(async () => {
  pair = await startPair(world)
  ;({ user } = pair)
  source = makeTree(join(world.folder, 'my files'), 'again', BYTES)
  sourceId = await addSource(user, source, 'again')
  ;({ orderId } = await placeOrder(user, sourceId, { capacityMib: 40n }))
  first = await backUp(user, sourceId)
})

const dataFile = () => readFileSync(join(world.folder, 'miner-disk', 'sector', 'orders', `${orderId}.data`))

describe('a second backup into the same order', () => {
  it('stores only what changed', async () => {
    // first.snapshot: random bytes do not compress, so the log is a little more than the source
    expect(first.snapshot.addedBytes).toBeGreaterThan(BYTES)
    expect(first.snapshot.addedBytes).toBeLessThan(BYTES * 1.05)
    copy = makeTree(join(world.folder, 'as it was'), 'again', BYTES)
    // new bytes, a line more, something gone, something moved: only the first two cost anything
    writeFileSync(join(source, 'photos/new.raw'), noise('new', NEW))
    appendFileSync(join(source, 'docs/letter.txt'), 'one line more\n')
    rmSync(join(source, 'empty.txt'))
    mkdirSync(join(source, 'sorted'))
    renameSync(join(source, 'photos/b.raw'), join(source, 'sorted/b.raw'))
    second = await backUp(user, sourceId)
    expect(second.unchanged).toBe(false)
    expect(second.orderId).toBe(orderId)
    expect(second.snapshot.addedBytes).toBeGreaterThan(NEW)
    expect(second.snapshot.addedBytes).toBeLessThan(NEW + FRAME)
    expect(second.commitment.size - first.commitment.size).toBe(BigInt(second.snapshot.addedBytes))
  })

  it('replaces the commitment by a second statement of each side', async () => {
    const stated = await statementsOf(world.devnet, orderId)
    for (const side of ['user', 'miner']) {
      const own = stated.filter((one) => one.side === side).map(({ root, size }) => ({ root, size }))
      expect(own).toEqual([first.commitment, second.commitment])
    }
    expect(await orderOf(world.devnet, orderId)).toMatchObject({
      state: 'active',
      commitment: second.commitment,
    })
  })

  it('leaves the first snapshot’s leaves as they were', () => {
    expect(decodeHeader(dataFile().subarray(0, 1024)).maxSize).toBe(40 << 20)
    const footerOf = (size: bigint) => dataFile().readBigUInt64BE(Number(size) - 1024)
    expect([footerOf(first.commitment.size), footerOf(second.commitment.size)]).toEqual([1n, 2n])
  })

  it('restores both snapshots equal to what the source was', async () => {
    const [now, then] = [join(world.folder, 'now'), join(world.folder, 'then')]
    await mustRestoreEqual(user, second.snapshot.snapshotId, source, now)
    await call(user, 'restore.start', {
      snapshot: first.snapshot.snapshotId,
      to: then,
      paths: [],
      overwrite: 'never',
      intoExisting: false,
      verifyOnly: false,
    })
    // the copy was made from the same seed a little later: equal but for its times
    const { differences } = await compareTrees(copy, then)
    expect(differences.filter(({ difference }) => !difference.startsWith('mtime'))).toEqual([])
  })

  it('adds nothing and sends no transaction for an unchanged source', async () => {
    const before = await countAll(world, pair)
    const third = await backUp(user, sourceId)
    expect(third).toMatchObject({ unchanged: true, orderId, commitment: second.commitment })
    expect(third.snapshot.snapshotId).toBe(second.snapshot.snapshotId)
    expect(await countAll(world, pair)).toEqual(before)
    expect(await statementsOf(world.devnet, orderId)).toHaveLength(4)
  })

  it('unchanged backup needs no miner', async () => {
    await pair.miner.stop()
    const again = await backUp(user, sourceId)
    expect(again.unchanged).toBe(true)
    await pair.miner.start()
  })

  it('nor while it takes long to see that nothing has changed', async () => {
    const path = join(world.folder, 'many')
    mkdirSync(path)
    for (let i = 0; i < 20_000; i++) writeFileSync(join(path, `file-${i}`), `${i}`)
    const many = await addSource(user, path, 'many')
    await placeOrder(user, many, { capacityMib: 8n })
    await backUp(user, many)
    await pair.miner.stop()
    expect((await backUp(user, many)).unchanged).toBe(true)
    await pair.miner.start()
  })

  it('notices a change that keeps size and time of a file', async () => {
    const path = join(source, 'docs/2026/note-7.txt')
    const old = readFileSync(path)
    const { atime, mtime } = statSync(path)
    const changed = Buffer.from(old)
    changed[0] = (changed[0] ?? 0) ^ 1
    writeFileSync(path, changed)
    utimesSync(path, atime, mtime)
    const again = await backUp(user, sourceId)
    expect(again.unchanged).toBe(false)
    // at once: a miner that answers for the commitment before is asked again, not "Leaf 0 does not lead to the root"
    await mustRestoreEqual(user, again.snapshot.snapshotId, source, join(world.folder, 'noticed'))
  })
})
