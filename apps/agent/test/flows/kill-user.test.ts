import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { killStory, type Pair, startPair, untilBackedUp } from './support/kill-story.ts'
import { makeTree } from './support/make-tree.ts'
import { addSource, backUp, mustRestoreEqual, placeOrder } from './support/steps.ts'
import { call, until, useWorld } from './support/world.ts'

const world = useWorld()
let pair: Pair

beforeAll(async () => {
  pair = await startPair(world)
})

describe('kill -9 of the user’s agent: one order, one payment, the backup finishes by itself', () => {
  it.each([
    'source-added',
    'order-sent',
    'order-confirmed',
    'encoding',
    'encoded',
    'user-prepare-sent',
    'delivering',
    'delivered',
    'sealed',
    'agreed',
    'committed',
  ] as const)('at %s', (point) => killStory(world, pair, 'user', point))

  it('at restoring: the same restore again goes on, and the result is equal', async () => {
    const { user } = pair
    const path = makeTree(join(world.folder, 'restoring'), 'restoring', 12 << 20)
    const sourceId = await addSource(user, path, 'restoring')
    await placeOrder(user, sourceId, { capacityMib: 20n })
    await backUp(user, sourceId)
    await user.stop()
    await user.start(60_000, { env: { DMC_TEST_CRASH_AT: 'restoring' } })
    const target = join(world.folder, 'restoring restored')
    await expect(mustRestoreEqual(user, 'latest', path, target, sourceId)).rejects.toMatchObject({
      code: 'AGENT_NOT_RUNNING',
    })
    await user.ended()
    await user.start()
    // the same command: no flag is needed for a folder that this restore has begun
    await mustRestoreEqual(user, 'latest', path, target, sourceId)
  })
})

describe('stopped in the middle by SIGTERM, as a reboot does', () => {
  it('both sides go on by themselves when they start again, without a terminal, by DMC_PASSWORD_FILE', async () => {
    const { user, miner } = pair
    const path = makeTree(join(world.folder, 'stopped'), 'stopped', 24 << 20)
    const sourceId = await addSource(user, path, 'stopped')
    await placeOrder(user, sourceId, { capacityMib: 40n })
    let seen = () => {}
    const delivering = new Promise<void>((resolve) => {
      seen = resolve
    })
    const cut = backUp(user, sourceId, (event) => {
      if (event.type === 'progress' && event.stage === 'deliver' && event.done > 1 << 20) seen()
    }).then(
      () => 'done',
      (error: { code?: string }) => error.code,
    )
    await delivering
    await Promise.all([user.stop('SIGTERM'), miner.stop('SIGTERM')])
    expect(['INTERRUPTED', 'AGENT_NOT_RUNNING']).toContain(await cut)
    await user.start()
    const waiting = await until('the user to wait for the miner', async () =>
      (await call(user, 'status.get', {})).jobs.find(({ subject }) => subject === 'stopped'),
    )
    expect(waiting.kind).toBe('backup')
    await miner.start()
    await untilBackedUp(user, sourceId)
    await mustRestoreEqual(user, 'latest', path, join(world.folder, 'stopped restored'), sourceId)
  })
})
