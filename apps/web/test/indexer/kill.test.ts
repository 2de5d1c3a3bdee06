import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '@dmc/db/open-database'
import { NODE_FLAGS } from '@dmc/testkit/node-flags'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { createMarketFollower } from '../../src/server/indexer/market-follower.ts'
import { compareWithChain } from './compare-with-chain.ts'
import { EVENT_KINDS } from './event-kinds.ts'
import { ACCOUNTS, type MarketActs, openMarketActs } from './market-acts.ts'

const KILLS = process.env.DMC_TEST_LONG === '1' ? 25 : 4
const FIXTURE = new URL('./index-and-die.fixture.ts', import.meta.url).pathname

let acts: MarketActs
let child: ChildProcess | null = null
const folder = mkdtempSync(join(tmpdir(), 'dmc-index-'))
beforeAll(async () => {
  acts = await openMarketActs()
})
afterEach(() => child?.kill('SIGKILL'))
afterAll(async () => {
  await acts?.net.stop()
  rmSync(folder, { recursive: true, force: true })
})

function start(): Promise<ChildProcess> {
  const args = [...NODE_FLAGS, FIXTURE, folder, acts.net.url, acts.net.market]
  const started = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  child = started
  return new Promise((resolve, reject) => {
    started.stdout?.once('data', () => resolve(started))
    started.once('exit', (code) => reject(new Error(`the indexer exited with ${code}`)))
  })
}

/** Events that are stored; nobody else has the folder open. */
async function stored(): Promise<number> {
  const db = await openDatabase({ folder })
  try {
    return await db.prisma.marketEvent.count()
  } finally {
    await db.close()
  }
}

it(`an indexer that is killed ${KILLS} times, in the middle of whatever it does, loses and doubles nothing`, async () => {
  const kinds = Object.values(EVENT_KINDS)
  // on a busy machine it may have done nothing by then: killed again, later
  const isIdle = async (kill: number) => kill < KILLS + 8 && (await stored()) <= 20
  for (let kill = 0; kill < KILLS || (await isIdle(kill)); kill++) {
    const indexer = await start()
    const gone = new Promise((resolve) => indexer.once('exit', resolve))
    const killAt = Date.now() + 150 + ((kill * 377) % 900) + Math.max(0, kill - KILLS + 1) * 1000
    for (let act = 0; Date.now() < killAt; act++) {
      await (await kinds[(kill * 7 + act) % kinds.length]?.(acts))?.()
      if (act % 3 === 2) {
        await acts.net.anvil.reorg(1 + ((kill + act) % 12))
        await acts.noise()
      }
    }
    indexer.kill('SIGKILL')
    await gone
  }
  const db = await openDatabase({ folder })
  const { client, market } = acts.net
  const before = await db.prisma.marketEvent.count()
  expect(before).toBeGreaterThan(20)
  const follower = createMarketFollower({ db, client, chainId: 31337, market, secondLookMs: 1 })
  while (await follower.step()) {}
  await compareWithChain(db, acts.net, ACCOUNTS)
  await db.close()
})
