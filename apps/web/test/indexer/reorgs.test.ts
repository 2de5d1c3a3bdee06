import { marketAbi } from '@dmc/core/chain/generated/market-abi'
import type { Database } from '@dmc/db/open-database'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ENGINES, type EngineName, useDatabases } from '../../../../packages/db/test/databases.ts'
import { createMarketFollower, type MarketFollower } from '../../src/server/indexer/market-follower.ts'
import { compareWithChain, dumpChain } from './compare-with-chain.ts'
import { EVENT_KINDS } from './event-kinds.ts'
import { ACCOUNTS, type MarketActs, openMarketActs } from './market-acts.ts'

const LONG = process.env.DMC_TEST_LONG === '1'
/** The short form takes three of the depths for each kind (on PGlite one), others for the next, so that all are met. */
const depthsOf = (kind: number, engine: EngineName) =>
  Array.from({ length: 12 }, (_, i) => i + 1).filter(
    (depth) => LONG || (depth + kind) % (engine === 'pglite' ? 12 : 4) === 0,
  )

it('the kinds below are all events of the Market', () => {
  const names = new Set(Object.keys(EVENT_KINDS).map((kind) => kind.split(':')[0]))
  expect(names).toEqual(new Set(marketAbi.flatMap((entry) => (entry.type === 'event' ? [entry.name] : []))))
})

/** Anvil loses old states after some thousand blocks with reorgs: every few kinds have a chain of their own. */
const KINDS = Object.entries(EVENT_KINDS).map(([name, kind], index) => ({ name, kind, index }))
const COUNT = LONG ? 16 : 4
const GROUPS = Array.from({ length: COUNT }, (_, group) => ({
  group,
  kinds: KINDS.filter(({ index }) => index % COUNT === group),
}))

describe.each(ENGINES)('the indexer on %s', (engine) => {
  const databases = useDatabases(engine)
  let db: Database
  let rebuilt: Database
  beforeAll(async () => {
    db = await databases.open()
    rebuilt = await databases.open()
  })

  // The same databases on the next chain, which has the same id and Market: one that began anew.
  describe.each(GROUPS)('on chain $group', ({ kinds }) => {
    let acts: MarketActs
    let follower: MarketFollower
    beforeAll(async () => {
      acts = await openMarketActs()
      follower = followerOn(db)
    })
    afterAll(() => acts?.net.stop())

    const followerOn = (on: Database) =>
      createMarketFollower({
        db: on,
        client: acts.net.client,
        chainId: 31337,
        market: acts.net.market,
        secondLookMs: 1,
      })
    const settle = async (one: MarketFollower) => {
      for (let tries = 0; await one.step(); tries++) expect(tries).toBeLessThan(200)
    }

    it.each(kinds)('$name: taken back by reorgs, and made again', async ({ kind, index }) => {
      for (const [round, depth] of depthsOf(index, engine).entries()) {
        const cause = await kind(acts)
        await cause()
        for (let above = 1; above < depth; above++) await acts.noise()
        await settle(follower)
        if (round === 0) await compareWithChain(db, acts.net, ACCOUNTS)
        const events = await db.prisma.marketEvent.count()
        await acts.net.anvil.reorg(depth)
        await acts.noise()
        await settle(follower)
        expect(await db.prisma.marketEvent.count()).toBeLessThanOrEqual(events + 1 - depth)
        await compareWithChain(db, acts.net, ACCOUNTS)
        if (round % 2 === 0) await cause()
      }
      await settle(follower)
      await compareWithChain(db, acts.net, ACCOUNTS)
    })

    it('a rebuild from an empty database gives the same rows', async () => {
      await settle(followerOn(rebuilt))
      expect(await dumpChain(rebuilt)).toEqual(await dumpChain(db))
      expect((await db.prisma.chainState.findFirst())?.reorgs).toBeGreaterThanOrEqual(kinds.length)
    })
  })
})
