import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import { beforeAll, describe, expect, it } from 'vitest'
import type { CheckedOrder, OrderChecks } from '../../src/control/types.ts'
import { marketEvents, orderOf } from './support/chain.ts'
import { makeTree } from './support/make-tree.ts'
import { addSource, backUp, MIB, mustRestoreEqual, placeOrder, setUp, startMiner } from './support/steps.ts'
import { call, journalOf, until, useWorld } from './support/world.ts'

/** flow 14, off chain and then on chain: real agents over TLS, a real chain, a real disk that loses bytes. */
const world = useWorld()
let miner: AgentProcess
let user: AgentProcess
let sectorPath: string
let tree: string
let orderId: bigint

beforeAll(async () => {
  await world.start()
  ;[miner, user] = await Promise.all([world.agent('miner'), world.agent('user')])
  const [{ sectorPath: path }] = await Promise.all([
    startMiner(world, miner, { size: 256n * MIB }),
    setUp(world, user),
  ])
  sectorPath = path
  await user.start()
  tree = makeTree(join(world.folder, 'tree'), 'tree', 5_000_000)
  const sourceId = await addSource(user, tree, 'tree')
  ;({ orderId } = await placeOrder(user, sourceId, { capacityMib: 24n, challenges: 3 }))
  await backUp(user, sourceId)
})

const checks = (limit = 100): Promise<OrderChecks> => call(user, 'order.checks', { orderId, limit })
const dataFile = () => join(sectorPath, 'orders', `${orderId}.data`)
const opened = async () => (await marketEvents(world.devnet, 'ChallengeOpened')).length
const events = async () =>
  (await journalOf(user)).filter(({ subject }) => subject === `order:${orderId}`).map(({ event }) => event)

/** As if its time had come. */
function due(table: 'order_escalation' | 'order_check_plan'): void {
  const db = new DatabaseSync(join(user.dataDir, 'state.db'), { timeout: 5000 })
  db.prepare(`UPDATE ${table} SET next_ms = 0`).run()
  db.close()
}
function escalation(): { state: string; leaf: string; rechecks: number } | null {
  const db = new DatabaseSync(join(user.dataDir, 'state.db'), { timeout: 5000, readOnly: true })
  const row = db.prepare('SELECT state, leaf, rechecks FROM order_escalation').get()
  db.close()
  return (row as { state: string; leaf: string; rechecks: number } | undefined) ?? null
}
/** Flips a byte in every leaf of the second chunk; the other way round, makes it good again. */
function flip(): void {
  const data = readFileSync(dataFile())
  for (let at = 1024 * 1024; at < 2 * 1024 * 1024; at += 1024) data[at] = (data[at] ?? 0) ^ 1
  writeFileSync(dataFile(), data)
}

describe('checks of an order', () => {
  it('begin right after it is active, by themselves, and pass', async () => {
    const first = await until('the first check', async () => (await checks()).checks.at(-1))
    expect(first).toMatchObject({
      why: 'first',
      kind: 'leaves',
      outcome: 'passed',
      leaves: 20,
      evidence: true,
    })
    const { proof, days } = await checks()
    expect(proof).toMatchObject({
      lastOutcome: 'passed',
      checksPerDay: 24,
      leavesPerCheck: 20,
      policy: 'ask',
    })
    expect(proof.odds).toMatch(/^1 % loss would be noticed within .* with 99 %\.$/)
    expect(proof.nextMs).toBeGreaterThan(Date.now())
    expect(proof.probesLeft).toBeGreaterThan(0)
    expect(days).toHaveLength(30)
    expect(days.at(-1)?.passed).toBeGreaterThan(0)
    expect((await call(user, 'order.show', { orderId })).proof).toMatchObject({ lastOutcome: 'passed' })
  })

  it('are made by command, with leaves or a probe, and say it by their exit code', async () => {
    const run = async (...args: string[]) => {
      const { exitCode, stdout } = await user.cli(['order', 'check', String(orderId), ...args, '--json'])
      return { exitCode, ...(JSON.parse(stdout) as CheckedOrder) }
    }
    expect(await run('--leaves', '64')).toMatchObject({
      exitCode: 0,
      check: { leaves: 64, outcome: 'passed', why: 'person' },
    })
    const before = (await checks()).proof.probesLeft
    expect(await run('--probe')).toMatchObject({ exitCode: 0, check: { kind: 'probe', outcome: 'passed' } })
    expect((await checks()).proof.probesLeft).toBe(before - 1)
    const history = await user.cli(['order', 'checks', String(orderId)])
    expect(history.stdout).toContain('1 % loss would be noticed within')
    expect(history.stdout).toMatch(/LEAVES/)
    expect((await user.cli(['order', 'show', String(orderId)])).stdout).toContain('Last proven')
  })

  it('are made by a restore as well', async () => {
    await mustRestoreEqual(user, 'latest', tree, join(world.folder, 'restored'))
    expect((await checks()).checks[0]).toMatchObject({ kind: 'restore', why: 'restore', outcome: 'passed' })
    expect((await checks()).checks[0]?.bytes).toBeGreaterThan(5_000_000)
  })

  it('need no source, and go on after a restart of both', async () => {
    rmSync(tree, { recursive: true })
    await Promise.all([miner.stop(), user.stop()])
    await Promise.all([miner.start(), user.start()])
    due('order_check_plan')
    const count = (await checks()).checks.length
    await until('the next check', async () => (await checks()).checks.length > count)
    expect((await checks()).checks[0]).toMatchObject({ outcome: 'passed', why: 'schedule' })
  })

  it('tell a miner that is away from one that has lost something', async () => {
    await miner.stop()
    const { exitCode, stdout } = await user.cli(['order', 'check', String(orderId)])
    expect(exitCode).toBe(6)
    expect(stdout).toMatch(/^Offline/)
    expect(escalation()).toBeNull()
    await miner.start()
  })
})

describe('a miner that has lost data', () => {
  it('is asked three times more for the very leaf; then the owner is asked, and nothing goes on chain by itself', async () => {
    flip()
    await until('a check that meets the loss', async () => {
      const { check, failingLeaf } = await call(user, 'order.check', { orderId, leaves: 64, probe: false })
      return check.outcome !== 'passed' && failingLeaf !== null
    })
    const found = escalation()
    expect(found).toMatchObject({ state: 'rechecking', rechecks: 0 })
    expect(Number(found?.leaf)).toBeGreaterThanOrEqual(1024)
    expect(Number(found?.leaf)).toBeLessThan(2048)
    for (let i = 1; i <= 3; i++) {
      due('order_escalation')
      await until(`re-check ${i}`, async () => (escalation()?.rechecks ?? 0) >= i)
    }
    await until('the owner to be asked', async () => escalation()?.state === 'asking')
    const rechecks = (await checks()).checks.filter(({ why }) => why === 'recheck')
    expect(rechecks).toHaveLength(3)
    for (const one of rechecks)
      expect(one).toMatchObject({ leaves: 1, outcome: expect.stringMatching(/refused|wrong/) })
    const { attention } = await call(user, 'status.get', {})
    expect(attention).toContainEqual(
      expect.objectContaining({
        level: 'error',
        hint: expect.stringContaining(`order challenge ${orderId} --leaf ${found?.leaf}`),
      }),
    )
    expect(await events()).toContain('check-failed')
    expect(await opened()).toBe(0)
    const look = await user.cli(['order', 'challenge', String(orderId), '--dry-run'])
    expect(look.exitCode).toBe(0)
    for (const word of [
      `Challenge leaf ${found?.leaf} of order ${orderId}`,
      'Deadline',
      'bond',
      'fee about',
      'Reserve',
    ])
      expect(look.stdout).toContain(word)
    expect(await opened()).toBe(0)
  })

  it('is challenged on chain by the policy, within its cap, once, also when the agent is killed in the middle', async () => {
    await user.stop()
    const automatic = { DMC_CHECKS_POLICY: 'automatic' }
    // nothing may be spent yet
    await user.start(60_000, { env: automatic })
    due('order_check_plan')
    await until('the cap to be told', async () =>
      (await call(user, 'status.get', {})).attention.some(({ message }) =>
        message.includes('checks.spendCap'),
      ),
    )
    expect(await opened()).toBe(0)
    await user.stop()
    const rich = { ...automatic, DMC_CHECKS_SPEND_CAP: '1.5' }
    await user.start(60_000, { env: { ...rich, DMC_TEST_CRASH_AT: 'challenge-sent' } })
    due('order_check_plan')
    expect(await user.ended(120_000)).toEqual({ code: null, signal: 'SIGKILL' })
    expect(escalation()?.state).toBe('opening')
    await user.start(60_000, { env: rich })
    due('order_escalation')
    await until('the challenge to stand', async () => escalation()?.state === 'opened')
    expect(await opened()).toBe(1)
    const leaf = BigInt(escalation()?.leaf ?? 0)
    const order = await orderOf(world.devnet, orderId)
    expect(order.challenge).toMatchObject({ leafIndex: leaf })
    expect(
      (await call(user, 'status.get', {})).attention.filter(({ hint }) => hint.includes('order challenge')),
    ).toEqual([])
    expect(await events()).toContain('challenge-opened')
  })

  it('clears itself on chain when it has the data after all, and is not challenged again', async () => {
    await miner.stop()
    flip()
    await miner.start()
    await until(
      'the miner to answer on chain',
      async () => (await orderOf(world.devnet, orderId)).challenge === null,
    )
    due('order_escalation')
    await until('the matter to be settled', async () => {
      if (escalation()) due('order_escalation')
      return escalation() === null
    })
    expect(await events()).toContain('check-settled')
    expect(await call(user, 'order.check', { orderId, leaves: 64, probe: false })).toMatchObject({
      check: { outcome: 'passed' },
    })
    expect(await opened()).toBe(1)
  })
})
