import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBillCall } from '@dmc/core/chain/acts/create-bill'
import { createOrderCall } from '@dmc/core/chain/acts/create-order'
import { marketCall } from '@dmc/core/chain/acts/market-call'
import { prepareCall } from '@dmc/core/chain/acts/prepare'
import { setOperatorCall } from '@dmc/core/chain/acts/set-operator'
import { readDefaultEndpoint } from '@dmc/core/chain/read-endpoint'
import { OPERATOR_SCOPES } from '@dmc/core/chain/types'
import { AgentProcess } from '@dmc/testkit/agent-process'
import { devAccount } from '@dmc/testkit/dev-accounts'
import { type Devnet, startDevnet } from '@dmc/testkit/devnet'
import { freePort } from '@dmc/testkit/free-port'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from '../indexer/one-leaf.ts'
import { type EvilServer, startEvilServer } from '../support/evil-server.ts'
import { until } from '../support/until.ts'
import { approveAndSend } from '../support/wallet.ts'

/** The wallet has authorised this host for everything that an operator may do; its dashboard has been taken over. */
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dmc-evil-2-')))
const at = (path: string) => join(folder, path)
const owner = devAccount(3)
const miner = devAccount(6)
const OTHER = `https://other.example:4450#spki=${'b'.repeat(43)}`
let devnet: Devnet
let evil: EvilServer
let agent: AgentProcess
let operator: `0x${string}`
let nextId = 1
let sourceId = ''
let privateId = ''

const bill = (capacity: bigint, now: bigint) => ({
  capacity,
  step: 1n,
  price: 1024n * 10n ** 15n,
  pledgeRate: 1,
  minWeeks: 1,
  maxWeeks: 52,
  bond: 10n ** 18n,
  expiresAt: now + 8_000_000n,
})

const send = (account: typeof owner, call: (now: bigint) => ReturnType<typeof createBillCall>) =>
  approveAndSend(devnet, account, { pledgeOrEscrow: 10n ** 24n, call })

const newBill = async (account: typeof owner, capacity = 64n) =>
  (await send(account, (now) => createBillCall(devnet.market, bill(capacity, now)))).event('BillCreated').args
    .billId

const sayEndpoint = (url: string) =>
  send(owner, () => marketCall(devnet.market, 'setDefaultEndpoint', [owner.address, url]))

const onChain = () => readDefaultEndpoint(devnet.client, { market: devnet.market, miner: owner.address })

beforeAll(async () => {
  devnet = await startDevnet({ blockTime: 0.4 })
  evil = await startEvilServer()
  for (const path of ['home/photos', 'home/later', 'private', 'restored', 'disk']) {
    mkdirSync(at(path), { recursive: true })
  }
  writeFileSync(at('home/photos/a.txt'), 'a')
  writeFileSync(at('private/key'), 'secret')
  agent = new AgentProcess({
    name: 'agent',
    folder: at('agent'),
    rpcUrl: devnet.url,
    chainId: devnet.anvil.chainId,
    market: devnet.market,
    port: await freePort(),
    env: {
      DMC_OWNER: owner.address,
      DMC_DASHBOARD_URL: evil.origin,
      DMC_DASHBOARD_AGENT: 'b2f4e1a0-1111-4222-8333-444455556666',
      DMC_ALLOW_READ: at('home'),
      // careless: the agent's own folder and the sector's lie in it
      DMC_ALLOW_RESTORE: folder,
      DMC_ALLOW_SECTOR: at('disk'),
    },
  })
  await agent.json(['init', '--yes', '--phrase-file', at('agent/phrase')])
  for (const account of [owner, miner]) await devnet.fund(account.address)
  operator = (await agent.json<{ operator: { address: `0x${string}` } }>(['wallet', 'show', '--offline']))
    .operator.address
  const scopes = Object.values(OPERATOR_SCOPES).reduce((all, scope) => all | scope, 0)
  await send(owner, (now) =>
    setOperatorCall(devnet.market, { operator, scopes, expiresAt: now + 40_000_000n }, 10n ** 18n),
  )
  await agent.start()
  await until('the agent dials', async () => evil.hellos.length > 0 && evil.reports.length > 0)
  sourceId = String((await outcome({ kind: 'source.add', path: at('home/photos') })).result?.sourceId)
  privateId = (await agent.json<{ source: { sourceId: string } }>(['source', 'add', at('private')])).source
    .sourceId
}, 120_000)

afterAll(async () => {
  await agent?.stop()
  await evil?.close()
  await devnet?.stop()
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

interface Outcome {
  state: string
  code: string | null
  message: string
  hint: string
  result: Record<string, unknown> | null
}

/** Gives a command and waits for what the agent reports of it. */
async function outcome(command: unknown): Promise<Outcome> {
  const commandId = BigInt(nextId++)
  evil.command(String(commandId), { commandId, command, expiresMs: Date.now() + 60_000 })
  const found = await until(
    `the end of command ${commandId}`,
    async () =>
      evil.reports.find(({ report }) => report.kind === 'command' && report.commandId === commandId),
    60_000,
  )
  const { state, error, result } = found.report as unknown as {
    state: string
    error: { code: string; message: string; hint: string } | null
    result: Record<string, unknown> | null
  }
  return { state, code: error?.code ?? null, message: error?.message ?? '', hint: error?.hint ?? '', result }
}

const nonce = () => devnet.client.getTransactionCount({ address: operator })

describe('a dashboard that was taken over, and a host that may do everything an operator may', () => {
  it('no restore into the agent’s own folder or a sector, by the dashboard or by hand, and nothing left there', async () => {
    const sector = await outcome({ kind: 'sector.add', path: at('disk/busy'), size: 8n << 20n })
    expect(sector.state).toBe('done')
    const own = agent.dataDir
    const before = [readdirSync(own), readdirSync(at('disk/busy'))]
    for (const target of [`${own}/keys`, `${own}/sources/x`, `${at('disk/busy')}/x`]) {
      const restore = { kind: 'restore.start', sourceId, snapshotId: 'ab'.repeat(16), paths: [], target }
      const { code } = await outcome(restore)
      expect(code, target).toBe(existsSync(join(target, '..')) ? 'TARGET_REFUSED' : 'PATH_OUTSIDE_ROOTS')
      const byHand = await agent.cli(['restore', 'ab'.repeat(16), '--to', target, '--json'])
      expect(byHand.stdout, target).toContain('"code":"TARGET_REFUSED"')
      expect(byHand.exitCode).toBe(64)
    }
    // by hand also through a link, and the folders themselves
    symlinkSync(own, at('restored/way-in'))
    for (const target of [own, at('restored/way-in/new/deep'), at('disk/busy')]) {
      const byHand = await agent.cli([
        'restore',
        'ab'.repeat(16),
        '--to',
        target,
        '--into-existing',
        '--json',
      ])
      expect(byHand.stdout, target).toContain('"code":"TARGET_REFUSED"')
    }
    expect([readdirSync(own), readdirSync(at('disk/busy'))]).toEqual(before)
  })

  it('no look into, and no restore of, a source that lies outside of the allowed folders', async () => {
    const snapshotId = 'ab'.repeat(16)
    const look = (of: string) => evil.ask({ kind: 'snapshot.ls', sourceId: of, snapshotId, path: '' })
    const restore = (of: string, name: string) =>
      outcome({ kind: 'restore.start', sourceId: of, snapshotId, paths: [], target: at(`restored/${name}`) })
    expect((await look(privateId)).error?.code).toBe('PATH_OUTSIDE_ROOTS')
    expect((await restore(privateId, 'private')).code).toBe('PATH_OUTSIDE_ROOTS')
    expect((await restore('ffffffffffffffff', 'none')).code).toBe('SOURCE_UNKNOWN')
    expect(existsSync(at('restored/private'))).toBe(false)
    // its own is looked for, also when the folder is gone since: that is what a backup is for
    const later = String((await outcome({ kind: 'source.add', path: at('home/later') })).result?.sourceId)
    rmSync(at('home/later'), { recursive: true })
    const { code } = await restore(later, 'later')
    expect(['SNAPSHOT_NOT_FOUND', 'NOTHING_TO_RESTORE']).toContain(code)
    expect((await look(later)).error?.code).toBe(code)
    // and what came to nothing leaves no folder behind
    expect(existsSync(at('restored/later'))).toBe(false)
  })

  it('no backup into an order whose data another host has put there', async () => {
    const billId = await newBill(miner)
    const place = async () =>
      (
        await send(owner, () =>
          createOrderCall(devnet.market, {
            billId,
            expectedMiner: miner.address,
            capacity: 1n,
            weeks: 4,
            maxPrice: 1024n * 10n ** 15n,
            minPledgeRate: 1,
            maxBond: 10n ** 18n,
            challenges: 0,
          }),
        )
      ).event('OrderCreated').args.orderId
    const orderId = await place()
    const commitment = { root: ROOT, size: 1_024n }
    await send(owner, () => prepareCall(devnet.market, orderId, 'user', commitment))
    await send(miner, () => prepareCall(devnet.market, orderId, 'miner', commitment))
    const before = await nonce()
    // at once: a look at confirmed blocks alone would not see it yet
    const refused = await outcome({ kind: 'backup.start', sourceId, orderId })
    expect(refused).toMatchObject({ state: 'failed', code: 'COMMAND_REFUSED' })
    expect(refused.message).toContain('1024 bytes')
    expect(refused.hint).toContain('overwritten')
    expect(
      evil.reports.filter(({ report }) => report.kind === 'contract' && report.orderId === orderId),
    ).toEqual([])
    expect(await nonce()).toBe(before)
    // nor into one for which another host has stated what is on its way
    const stated = await place()
    await send(owner, () => prepareCall(devnet.market, stated, 'user', commitment))
    expect(await outcome({ kind: 'backup.start', sourceId, orderId: stated })).toMatchObject({
      code: 'COMMAND_REFUSED',
    })
    // an empty one is taken
    expect(await outcome({ kind: 'backup.start', sourceId, orderId: await place() })).toMatchObject({
      state: 'done',
    })
  })

  it('no endpoint over another host’s, no bill that leads to another host', async () => {
    const sector = await outcome({ kind: 'sector.add', path: at('disk/two'), size: 64n << 20n })
    await sayEndpoint(OTHER)
    const billId = await newBill(owner)
    const before = await nonce()
    const published = await outcome({ kind: 'endpoint.publish' })
    expect(published).toMatchObject({ state: 'failed', code: 'COMMAND_REFUSED' })
    expect(published.hint).toContain('dmc-agent endpoint set')
    const linked = await outcome({ kind: 'bill.link', sectorId: sector.result?.sectorId, billId })
    expect(linked).toMatchObject({ state: 'failed', code: 'COMMAND_REFUSED' })
    expect(linked.hint).toContain(`dmc-agent endpoint set --bill ${billId}`)
    expect(await nonce()).toBe(before)
    expect(await onChain()).toBe(OTHER)
    // the way out that it names: a person at the host
    await agent.json(['endpoint', 'set', '--yes'])
    expect(await onChain()).not.toBe(OTHER)
    expect(await outcome({ kind: 'endpoint.publish' })).toMatchObject({ state: 'done' })
    await sayEndpoint('')
  })

  it('two bills at once for a sector that holds one of them', async () => {
    const sector = await outcome({ kind: 'sector.add', path: at('disk/three'), size: 64n << 20n })
    const sectorId = String(sector.result?.sectorId)
    await agent.json(['endpoint', 'set', '--yes'])
    const bills = [await newBill(owner), await newBill(owner), await newBill(owner)]
    const outcomes = await Promise.all(
      bills.map((billId) => outcome({ kind: 'bill.link', sectorId, billId })),
    )
    expect(outcomes.map(({ state }) => state).sort()).toEqual(['done', 'failed', 'failed'])
    const report = await until('the sector is told', async () =>
      evil.reports.findLast(
        ({ report }) =>
          report.kind === 'sector' && report.sectorId === sectorId && (report.bills as bigint[]).length > 0,
      ),
    )
    expect(report.report.bills).toHaveLength(1)
    // one bill that two sectors are asked to serve at once is served by one
    const four = await outcome({ kind: 'sector.add', path: at('disk/four'), size: 64n << 20n })
    const five = await outcome({ kind: 'sector.add', path: at('disk/five'), size: 64n << 20n })
    const billId = await newBill(owner)
    const both = await Promise.all(
      [four, five].map(({ result }) => outcome({ kind: 'bill.link', sectorId: result?.sectorId, billId })),
    )
    expect(both.map(({ state }) => state).sort()).toEqual(['done', 'failed'])
    await sayEndpoint('')
  })

  it('three endpoint transactions a day, and a restart lifts nothing', async () => {
    await outcome({ kind: 'sector.add', path: at('disk/six'), size: 1n << 20n })
    await sayEndpoint('')
    for (let done = 0; ; done++) {
      expect(done).toBeLessThan(4)
      const before = await nonce()
      const { state, code, message } = await outcome({ kind: 'endpoint.publish' })
      if (state === 'failed') {
        expect([code, done]).toEqual(['COMMAND_REFUSED', 3])
        expect(message).toContain('3 times within a day')
        expect(await nonce()).toBe(before)
        break
      }
      expect(await nonce()).toBe(before + 1)
      // a dashboard has no such right, but a second host of the wallet has
      await sayEndpoint('')
    }
    await agent.stop()
    await agent.start()
    expect(await outcome({ kind: 'endpoint.publish' })).toMatchObject({
      state: 'failed',
      code: 'COMMAND_REFUSED',
    })
    expect(await onChain()).toBe('')
    // a person at the host may
    await agent.json(['endpoint', 'set', '--yes'])
    expect(await onChain()).not.toBe('')
  }, 120_000)

  it('what the dashboard has no room for is said in the journal, once, in this host’s own words', async () => {
    const words = '\u001b[31mowned'
    evil.acknowledge = (last) => ({ lastSeq: last, full: [words] })
    for (const name of ['seven', 'eight']) {
      await outcome({ kind: 'sector.add', path: at(`disk/${name}`), size: 1n << 20n })
    }
    evil.acknowledge = (last) => ({ lastSeq: last })
    const journal = await agent.json<{ entries: { event: string; message: string }[] }>([
      'journal',
      '--limit',
      '500',
    ])
    const said = journal.entries.filter(({ event }) => event === 'dashboard-full')
    expect(said).toHaveLength(1)
    expect(said[0]?.message).not.toContain('owned')
  })

  it('a thousand estimates and a thousand sources at once leave it at work', async () => {
    let answered = 0
    for (let i = 0; i < 1_000; i++) {
      void evil.ask({ kind: 'estimate', path: at('home') }, 5_000).then(
        () => answered++,
        () => {},
      )
    }
    const started = Date.now()
    await agent.json(['status'])
    expect(Date.now() - started).toBeLessThan(20_000)
    expect(agent.running).toBe(true)
    await until('it has hung up, or is done', async () => evil.sockets.size === 0 || answered > 0, 30_000)
    expect(answered).toBeLessThan(400)
  }, 90_000)
})
