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
import { agentSignInTypedData } from '@dmc/core/dashboard/agent-typed-data'
import { AgentProcess } from '@dmc/testkit/agent-process'
import { devAccount } from '@dmc/testkit/dev-accounts'
import { type Devnet, startDevnet } from '@dmc/testkit/devnet'
import { freePort } from '@dmc/testkit/free-port'
import { recoverTypedDataAddress } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { httpClient, startDashboard } from '../support/dashboard.ts'
import { type EvilServer, startEvilServer } from '../support/evil-server.ts'
import { until } from '../support/until.ts'
import { approveAndSend } from '../support/wallet.ts'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dmc-evil-')))
const at = (path: string) => join(folder, path)
const owner = devAccount(3)
const stranger = devAccount(5)
const agentId = 'b2f4e1a0-1111-4222-8333-444455556666'
let devnet: Devnet
let evil: EvilServer
let agent: AgentProcess
let foreignBill = 0n
let foreignOrder = 0n
let ownOrder = 0n
let nextId = 1
let sourceId = ''

beforeAll(async () => {
  devnet = await startDevnet({ blockTime: 0.4 })
  evil = await startEvilServer()
  for (const path of ['home/photos', 'secret', 'restored', 'disk']) mkdirSync(at(path), { recursive: true })
  writeFileSync(at('home/photos/a.txt'), 'a')
  writeFileSync(at('secret/key'), 'secret')
  symlinkSync(at('secret'), at('home/link'))
  symlinkSync(at('secret'), at('restored/link'))
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
      DMC_DASHBOARD_AGENT: agentId,
      DMC_ALLOW_READ: at('home'),
      DMC_ALLOW_RESTORE: at('restored'),
      DMC_ALLOW_SECTOR: at('disk'),
    },
  })
  await agent.json(['init', '--yes', '--phrase-file', at('agent/phrase')])
  for (const account of [owner, stranger, devAccount(6)]) await devnet.fund(account.address)
  const bill = await approveAndSend(devnet, devAccount(6), {
    pledgeOrEscrow: 10n ** 24n,
    call: (now) =>
      createBillCall(devnet.market, {
        capacity: 64n,
        step: 1n,
        price: 1024n * 10n ** 15n,
        pledgeRate: 1,
        minWeeks: 1,
        maxWeeks: 52,
        bond: 10n ** 18n,
        expiresAt: now + 8_000_000n,
      }),
  })
  foreignBill = bill.event('BillCreated').args.billId
  const place = async (account: typeof owner) =>
    (
      await approveAndSend(devnet, account, {
        pledgeOrEscrow: 10n ** 24n,
        call: () =>
          createOrderCall(devnet.market, {
            billId: foreignBill,
            expectedMiner: devAccount(6).address,
            capacity: 1n,
            weeks: 4,
            maxPrice: 1024n * 10n ** 15n,
            minPledgeRate: 1,
            maxBond: 10n ** 18n,
            challenges: 0,
          }),
      })
    ).event('OrderCreated').args.orderId
  foreignOrder = await place(stranger)
  ownOrder = await place(owner)
  await agent.start()
  await until('the agent dials', async () => evil.hellos.length > 0 && evil.reports.length > 0)
}, 120_000)

afterAll(async () => {
  await agent?.stop()
  await evil?.close()
  await devnet?.stop()
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

/** Gives a command and waits for what the agent reports of it. */
async function outcome(
  command: unknown,
  expiresMs = Date.now() + 60_000,
): Promise<{ state: string; code: string | null; result: Record<string, unknown> | null }> {
  const commandId = BigInt(nextId++)
  evil.command(String(commandId), { commandId, command, expiresMs })
  const found = await until(`the end of command ${commandId}`, async () =>
    evil.reports.find(({ report }) => report.kind === 'command' && report.commandId === commandId),
  )
  const { state, error, result } = found.report as unknown as {
    state: string
    error: { code: string } | null
    result: Record<string, unknown> | null
  }
  return { state, code: error?.code ?? null, result }
}

const everything = () =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.startsWith('agent/'))
    .sort()
const operatorNonce = async () =>
  devnet.client.getTransactionCount({ address: (await wallet()).operator.address })
const wallet = () => agent.json<{ operator: { address: `0x${string}` } }>(['wallet', 'show', '--offline'])

describe('an evil dashboard makes the agent do nothing', () => {
  it('but what is allowed is done: a folder inside the roots becomes a source', async () => {
    const added = await outcome({ kind: 'source.add', path: at('home/photos'), name: 'photos' })
    expect(added.state).toBe('done')
    sourceId = String(added.result?.sourceId)
  })

  it.each([
    ['/etc'],
    ['/'],
    ['secret'],
    ['home/../secret'],
    ['home/link'],
    ['home/link/key'],
    ['home/nothing'],
  ])('no source at %s', async (path) => {
    const given = path.startsWith('/') ? path : `${folder}/${path}`
    expect(await outcome({ kind: 'source.add', path: given })).toMatchObject({
      state: 'failed',
      code: 'PATH_OUTSIDE_ROOTS',
    })
  })

  it('no snapshot is forgotten by its word, and no file through what is left out; more may be kept', async () => {
    const failed = { state: 'failed', code: 'RETENTION_NEEDS_HOST' }
    const last = (n: number, timeZone = 'UTC') => ({
      kind: 'retention.set',
      sourceId,
      policy: { last: n, timeZone },
    })
    const leaveOut = (...excludes: string[]) => ({ kind: 'source.setExcludes', sourceId, excludes })
    interface Row {
      excludes: string[]
      retention: unknown
      schedule: { rule: { spec: string } } | null
    }
    const row = async () => (await agent.json<{ sources: Row[] }>(['source', 'list'])).sources[0] as Row
    expect(await outcome(last(10_000))).toMatchObject(failed)
    // nothing is forgotten, so a list of what is left out loses nothing that was kept
    expect((await outcome(leaveOut('*.tmp'))).state).toBe('done')
    expect(await outcome(leaveOut('../*'))).toMatchObject({ code: 'EXCLUDE_INVALID' })
    await agent.json(['source', 'keep', sourceId, '--last', '5', '--timezone', 'UTC', '--yes'])
    expect(await outcome(last(4))).toMatchObject(failed)
    expect(await outcome(last(5, 'Asia/Tokyo'))).toMatchObject(failed)
    expect(
      await outcome({ ...last(5), policy: { daily: 99, weekly: 99, monthly: 99, timeZone: 'UTC' } }),
    ).toMatchObject(failed)
    for (const patterns of [['*'], ['*.tmp', '*'], ['!*.tmp']])
      expect(await outcome(leaveOut(...patterns))).toMatchObject(failed)
    expect(await row()).toMatchObject({ excludes: ['*.tmp'], retention: { last: 5 } })
    expect((await outcome(last(6))).state).toBe('done')
    expect((await outcome(leaveOut())).state).toBe('done')
    expect((await outcome({ ...last(1), policy: null })).state).toBe('done')
    expect(await row()).toMatchObject({ excludes: [], retention: null })
  })

  it('a schedule that no clock could follow is none; one for a source that there is not, neither', async () => {
    const every = (spec: string, of = sourceId) => ({
      kind: 'schedule.set',
      sourceId: of,
      rule: { kind: 'interval', spec, timeZone: 'UTC' },
    })
    expect(await outcome(every('1s'))).toMatchObject({ state: 'failed', code: 'SCHEDULE_INVALID' })
    // each run costs gas: what comes more often is for the host to say
    const times = { ...every('1h'), rule: { kind: 'times', spec: '03:00,03:10', timeZone: 'UTC' } }
    const cron = { ...every('1h'), rule: { kind: 'cron', spec: '*/5 4 1 1 *', timeZone: 'UTC' } }
    for (const command of [every('1m'), every('14m'), times, cron])
      expect(await outcome(command)).toMatchObject({ state: 'failed', code: 'SCHEDULE_NEEDS_HOST' })
    expect((await outcome(every('15m'))).state).toBe('done')
    expect(await outcome(every('6h', 'ffff'))).toMatchObject({ state: 'failed', code: 'SOURCE_UNKNOWN' })
    expect((await outcome(every('6h'))).state).toBe('done')
    expect((await outcome({ ...every('6h'), rule: null })).state).toBe('done')
  })

  it('no look at anything outside of the roots', async () => {
    for (const path of ['/etc', '/', at('secret'), at('home/link'), `${folder}/home/../secret`]) {
      for (const root of ['read', 'restore', 'sector']) {
        const { answer, error } = await evil.ask({ kind: 'browse', root, path })
        expect([answer, error?.code], path).toEqual([null, 'PATH_OUTSIDE_ROOTS'])
      }
      expect((await evil.ask({ kind: 'estimate', path })).error?.code).toBe('PATH_OUTSIDE_ROOTS')
    }
    const { answer } = await evil.ask({ kind: 'mounts' })
    const paths = (answer as { mounts: { path: string }[] }).mounts.map(({ path }) => path)
    expect(paths).toEqual([at('disk')])
  })

  it('no proof of leaves but those that the chain asks this wallet, as a miner, for', async () => {
    for (const [orderId, code] of [
      [foreignOrder, 'COMMAND_REFUSED'],
      // its owner is the user of it, not the miner
      [ownOrder, 'COMMAND_REFUSED'],
      [7777n, 'ORDER_NOT_FOUND'],
    ] as const) {
      const { answer, error } = await evil.ask({ kind: 'answer.proof', orderId })
      expect([answer, error?.code]).toEqual([null, code])
    }
  })

  it('no backup into an order of another wallet, none without the chain’s word', async () => {
    const before = await operatorNonce()
    expect(await outcome({ kind: 'backup.start', sourceId, orderId: foreignOrder })).toMatchObject({
      state: 'failed',
      code: 'COMMAND_REFUSED',
    })
    // its owner's order, but the wallet never authorised this host
    expect(await outcome({ kind: 'backup.start', sourceId, orderId: ownOrder })).toMatchObject({
      state: 'failed',
      code: 'NOT_OPERATOR',
    })
    expect(await outcome({ kind: 'backup.start', sourceId })).toMatchObject({
      state: 'failed',
      code: 'COMMAND_REFUSED',
    })
    expect(
      await outcome({ kind: 'backup.start', sourceId: 'ffffffffffffffff', orderId: ownOrder }),
    ).toMatchObject({ state: 'failed', code: 'SOURCE_UNKNOWN' })
    // an order that does not exist is waited for, nothing more
    evil.command('7777', {
      commandId: 7777n,
      command: { kind: 'backup.start', sourceId, orderId: 999_999n },
      expiresMs: Date.now() + 60_000,
    })
    expect(evil.reports.filter(({ report }) => report.kind === 'contract')).toEqual([])
    expect(await operatorNonce()).toBe(before)
  })

  it('no bill of another wallet is served, no endpoint is changed', async () => {
    const sector = await outcome({ kind: 'sector.add', path: at('disk/one'), size: 64n << 20n })
    expect(sector.state).toBe('done')
    const before = await operatorNonce()
    expect(
      await outcome({ kind: 'bill.link', sectorId: sector.result?.sectorId, billId: foreignBill }),
    ).toMatchObject({ state: 'failed', code: 'COMMAND_REFUSED' })
    expect(await outcome({ kind: 'endpoint.publish' })).toMatchObject({
      state: 'failed',
      code: 'NOT_OPERATOR',
    })
    expect(await operatorNonce()).toBe(before)
  })

  it.each([['/etc/dmc'], ['secret/sector'], ['disk/../secret/sector'], ['home/photos/sector'], ['disk']])(
    'no sector at %s',
    async (path) => {
      const given = path.startsWith('/') ? path : `${folder}/${path}`
      const { state, code } = await outcome({ kind: 'sector.add', path: given, size: 1n << 20n })
      expect(state).toBe('failed')
      expect(code).toBe('PATH_OUTSIDE_ROOTS')
    },
  )

  it.each([
    ['/etc/dmc'],
    ['secret/x'],
    ['restored/link/x'],
    ['restored/../secret/x'],
    ['home/photos'],
    ['restored'],
    ['restored/link'],
  ])('no restore into %s', async (path) => {
    const given = path.startsWith('/') ? path : `${folder}/${path}`
    const { state, code } = await outcome({
      kind: 'restore.start',
      sourceId,
      snapshotId: 'ab'.repeat(16),
      paths: [],
      target: given,
    })
    expect([state, code]).toEqual(['failed', 'PATH_OUTSIDE_ROOTS'])
  })

  it('no command that is not on the list, none with more in it', async () => {
    const before = everything()
    const strange = [
      { kind: 'shell.run', command: 'touch /tmp/x' },
      { kind: 'source.remove', sourceId },
      { kind: 'wallet.withdraw' },
      { kind: 'endpoint.publish', url: 'https://evil.example:4450' },
      {
        kind: 'restore.start',
        sourceId,
        snapshotId: 'x',
        paths: [],
        target: at('restored/x'),
        overwrite: 'always',
      },
      { kind: 'source.add', path: at('home/photos'), __proto__: { admin: true }, roots: ['/'] },
      { kind: 'source.add', path: ['/etc'] },
      { kind: 'sector.add', path: at('disk/two'), size: 'all' },
      null,
      'source.add',
      [],
      { kind: 'source.add', path: 'x'.repeat(50_000) },
    ]
    for (const [index, command] of strange.entries()) {
      const commandId = BigInt(50_000 + index)
      evil.command(String(commandId), { commandId, command, expiresMs: Date.now() + 60_000 })
    }
    evil.command('60000', 'not even that')
    evil.command('60001', { commandId: -1n, command: { kind: 'endpoint.publish' }, expiresMs: 0 })
    // one that is in order comes after them: by then they were passed over
    expect((await outcome({ kind: 'source.add', path: '/etc' })).code).toBe('PATH_OUTSIDE_ROOTS')
    const answered = evil.reports.filter(
      ({ report }) => report.kind === 'command' && Number(report.commandId) >= 50_000,
    )
    expect(answered).toEqual([])
    expect(everything()).toEqual(before)
  })

  it('a command that comes twice, or too late, is not carried out again', async () => {
    const commandId = BigInt(nextId++)
    const again = {
      commandId,
      command: { kind: 'sector.add', path: at('disk/twice'), size: 1n << 20n },
      expiresMs: Date.now() + 60_000,
    }
    for (let i = 0; i < 5; i++) evil.command(String(commandId), again)
    await until('it is reported', async () =>
      evil.reports.some(({ report }) => report.kind === 'command' && report.commandId === commandId),
    )
    // another path under the number that is known already: nothing
    evil.command(String(commandId), { ...again, command: { ...again.command, path: at('disk/other') } })
    expect(
      await outcome({ kind: 'sector.add', path: at('disk/late'), size: 1n << 20n }, Date.now() - 1_000),
    ).toMatchObject({ state: 'failed', code: 'COMMAND_EXPIRED' })
    expect(existsSync(at('disk/other'))).toBe(false)
    expect(existsSync(at('disk/late'))).toBe(false)
    const { sectors } = await agent.json<{ sectors: { path: string }[] }>(['sector', 'list'])
    expect(sectors.map(({ path }) => path).sort()).toEqual([at('disk/one'), at('disk/twice')])
  })

  it('a relayed sign-in is worth nothing at another dashboard', async () => {
    const good = await startDashboard()
    try {
      const { api } = httpClient(good)
      evil.nonce = () => api.link.nonce.mutate()
      const known = evil.hellos.length
      for (const socket of evil.sockets) socket.terminate()
      const hello = await until('the agent dials again', async () => evil.hellos[known], 60_000)
      const signature = hello.signature as `0x${string}`
      const message = {
        nonce: hello.nonce as `0x${string}`,
        agentId,
        expiresAt: BigInt(hello.expiresAt ?? 0),
      }
      const identity = await recoverTypedDataAddress({
        ...agentSignInTypedData({ ...message, origin: evil.origin }),
        signature,
      })
      await good.services.db.prisma.agent.create({
        data: {
          id: agentId,
          owner: owner.address,
          identity,
          operator: identity,
          name: 'x',
          hostName: 'x',
          os: 'x',
          arch: 'x',
          version: 'x',
          roles: [],
        },
      })
      const code = await new Promise<number>((resolve) => {
        const socket = new WebSocket(`ws://127.0.0.1:${good.port}/api/ws?connectionParams=1`)
        socket.on('open', () => socket.send(JSON.stringify({ method: 'connectionParams', data: hello })))
        socket.on('close', resolve)
      })
      expect(code).toBe(4401)
      expect(
        (await good.services.db.prisma.agent.findUnique({ where: { id: agentId } }))?.connectedAt,
      ).toBeNull()
    } finally {
      evil.nonce = () => ({ nonce: `0x${'cd'.repeat(32)}` })
      await good.close()
    }
  }, 90_000)

  it('lies about what was kept lose nothing: it is sent until the truth is said', async () => {
    const before = evil.reports.length
    evil.acknowledge = () => ({ lastSeq: 0n })
    await agent.json(['source', 'add', at('home')]) // something to report
    await until('it is sent', async () => evil.reports.length > before)
    const first = evil.reports[before]
    evil.acknowledge = (last) => ({ lastSeq: last })
    const again = await until(
      'it is sent again',
      async () => evil.reports.slice(before + 1).find(({ seq }) => seq === first?.seq),
      60_000,
    )
    expect(again.report).toEqual(first?.report)
  }, 90_000)

  it('a flood of commands and of bytes leaves the agent at work', async () => {
    for (let i = 0; i < 3_000; i++) {
      evil.command(String(100_000 + i), {
        commandId: BigInt(100_000 + i),
        command: { kind: 'source.add', path: '/etc' },
        expiresMs: Date.now() + 60_000,
      })
    }
    await until('it hangs up', async () => evil.sockets.size === 0, 60_000)
    const started = Date.now()
    const { sources } = await agent.json<{ sources: { path: string }[] }>(['source', 'list'])
    expect(Date.now() - started).toBeLessThan(20_000)
    expect(sources.map(({ path }) => path).sort()).toEqual([at('home'), at('home/photos')])
    expect(agent.running).toBe(true)
    // and it does not come back at once
    await new Promise((resolve) => setTimeout(resolve, 5_000))
    expect(evil.sockets.size).toBe(0)
    const { entries } = await agent.json<{ entries: { event: string }[] }>(['journal', '--limit', '500'])
    expect(entries.map(({ event }) => event)).toContain('dashboard-flood')
  }, 120_000)
})
