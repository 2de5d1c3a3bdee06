import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { seededRandom } from '@dmc/testkit/seeded-random'
import { beforeAll, describe, expect, it } from 'vitest'
import { orderOf, statementsOf } from './support/chain.ts'
import { countAll, mustBeDone, type Pair, startPair, untilBackedUp } from './support/kill-story.ts'
import { makeTree } from './support/make-tree.ts'
import { addSource, backUp, mustRestoreEqual, placeOrder } from './support/steps.ts'
import { useWorld } from './support/world.ts'

/** Another seed is another test: KILL_SEED=7 npx vitest run kill-random */
const SEED = Number(process.env.KILL_SEED ?? 20_261_123)
const KILLS = 20
const KILLS_A_BACKUP = 5
const BYTES = 40 << 20
const world = useWorld()
let pair: Pair

beforeAll(async () => {
  pair = await startPair(world)
})

describe(`kill -9 of either side at ${KILLS} random moments, seed ${SEED}`, () => {
  it('one order, one payment, one statement of each side for each backup; every restore is equal', async () => {
    const random = seededRandom(SEED)
    const { user, miner } = pair
    const story: string[] = []
    let kills = 0
    for (let round = 1; kills < KILLS; round++) {
      const name = `round-${round}`
      const before = await countAll(world, pair)
      const path = makeTree(join(world.folder, name), `${SEED} ${name}`, BYTES)
      const sourceId = await addSource(user, path, name)
      const { orderId, cost, reserve } = await placeOrder(user, sourceId, { capacityMib: 48n })
      await new Promise<void>((begun) => {
        backUp(user, sourceId, () => begun()).catch(() => {})
      })
      let done = false
      const finished = async () => {
        for (;;) {
          try {
            await untilBackedUp(user, sourceId)
            done = true
            return
          } catch (error) {
            if (!String(error).includes('socket')) throw error
          }
        }
      }
      const watching = finished()
      watching.catch(() => {})
      for (let i = 0; i < KILLS_A_BACKUP && kills < KILLS; i++) {
        await new Promise((resolve) => setTimeout(resolve, 20 + random() * 1200))
        if (done) break
        const [who, victim] = random() < 0.5 ? (['user', user] as const) : (['miner', miner] as const)
        story.push(`${name} ${who}`)
        kills++
        await victim.stop('SIGKILL')
        await victim.start()
      }
      await watching
      const told = `after ${story.join(', ')}`
      expect(await countAll(world, pair), told).toEqual({
        orders: before.orders + 1,
        tokens: before.tokens - cost - reserve,
        walletNonce: before.walletNonce + 1,
        userNonce: before.userNonce + 1,
        minerNonce: before.minerNonce + 1,
      })
      const { state, commitment } = await orderOf(world.devnet, orderId)
      expect(state, told).toBe('active')
      const stated = await statementsOf(world.devnet, orderId)
      expect(
        stated.map(({ root, size }) => ({ root, size })),
        told,
      ).toEqual([commitment, commitment])
      await mustBeDone(user, sourceId)
      const target = join(world.folder, `${name} restored`)
      await mustRestoreEqual(user, 'latest', path, target, sourceId)
      rmSync(target, { recursive: true })
      rmSync(path, { recursive: true })
    }
  }, 900_000)
})
