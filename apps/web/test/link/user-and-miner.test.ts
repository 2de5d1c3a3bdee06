import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openAsMinerCall } from '@dmc/core/chain/acts/create-bill'
import { openAsUserCall } from '@dmc/core/chain/acts/create-order'
import { OPERATOR_SCOPES } from '@dmc/core/chain/types'
import { AgentProcess } from '@dmc/testkit/agent-process'
import { devAccount } from '@dmc/testkit/dev-accounts'
import { type Devnet, startDevnet } from '@dmc/testkit/devnet'
import { freePort } from '@dmc/testkit/free-port'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WebServer } from '../../src/server/start-server.ts'
import { type SignedIn, signIn, startDashboard } from '../support/dashboard.ts'
import { until } from '../support/until.ts'
import { approveAndSend } from '../support/wallet.ts'

const folder = mkdtempSync(join(tmpdir(), 'dmc-link-'))
let devnet: Devnet
let server: WebServer
let user: SignedIn
let miner: SignedIn
let userAgent: AgentProcess
let minerAgent: AgentProcess

beforeAll(async () => {
  devnet = await startDevnet({ blockTime: 0.4 })
  server = await startDashboard({
    chain: { rpcUrls: [devnet.url], chainId: devnet.anvil.chainId, market: devnet.market },
    folder: join(folder, 'database'),
  })
  user = await signIn(server, devAccount(3))
  miner = await signIn(server, devAccount(4))
  await devnet.fund(user.account.address)
  await devnet.fund(miner.account.address)
  mkdirSync(join(folder, 'home/photos'), { recursive: true })
  mkdirSync(join(folder, 'disk'), { recursive: true })
  mkdirSync(join(folder, 'restored'), { recursive: true })
  for (let i = 0; i < 20; i++)
    writeFileSync(join(folder, `home/photos/${i}.txt`), `picture ${i} `.repeat(5_000))
}, 120_000)

afterAll(async () => {
  await userAgent?.stop()
  await minerAgent?.stop()
  await server?.close()
  await devnet?.stop()
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

const newAgent = async (name: string) => {
  const agent = new AgentProcess({
    name,
    folder: join(folder, name),
    rpcUrl: devnet.url,
    chainId: devnet.anvil.chainId,
    market: devnet.market,
    port: await freePort(),
  })
  await agent.json(['init', '--yes', '--phrase-file', join(folder, name, 'phrase')])
  return agent
}

describe('a user and a miner through the dashboard, no wallet key on any host', () => {
  let agentId = ''
  let minerId = ''
  let sourceId = ''
  let sectorId = ''
  let billId = 0n
  let orderId = 0n

  it('flow 0: a headless miner is paired by a one-time token', async () => {
    minerAgent = await newAgent('miner')
    const { token } = await miner.api.pairing.createToken.mutate({ label: 'cellar', role: 'miner' })
    const paired = await minerAgent.json<{ agentId: string; owner: string }>([
      'pair',
      '--token',
      token,
      '--server',
      server.origin,
      '--role',
      'miner',
      '--allow-sector',
      join(folder, 'disk'),
    ])
    minerId = paired.agentId
    expect(paired.owner).toBe(miner.account.address)
    // one use
    const again = await minerAgent.cli(['pair', '--token', token, '--server', server.origin, '--json'])
    expect(again.stdout).toContain('PAIRING_TOKEN_WRONG')
    await minerAgent.start()
    const row = await until('the miner is online and has reported', async () =>
      (await miner.api.agents.list.query()).find((agent) => agent.online && agent.reported),
    )
    expect(row).toMatchObject({
      agentId: minerId,
      name: 'cellar',
      roots: { read: [], restore: [], sector: [join(folder, 'disk')] },
    })
  })

  it('a person pairs a user’s host by code, seeing the same words on both', async () => {
    userAgent = await newAgent('user')
    let approved: Promise<unknown> = Promise.resolve()
    const result = await userAgent.cli(
      [
        'pair',
        '--server',
        server.origin,
        '--role',
        'user',
        '--owner',
        user.account.address,
        '--allow-read',
        join(folder, 'home'),
        '--allow-restore',
        join(folder, 'restored'),
        '--json',
      ],
      (line) => {
        const shown = JSON.parse(line) as { type: string; code: string; words: string }
        if (shown.type !== 'pairing') return
        approved = (async () => {
          const seen = await user.api.pairing.lookup.mutate({ code: shown.code })
          expect(seen.words).toBe(shown.words)
          await user.api.pairing.approve.mutate({
            code: `${shown.code.slice(0, 4)}-${shown.code.slice(4).toLowerCase()}`,
            name: 'laptop',
          })
        })()
      },
    )
    await approved
    expect(result.stderr + result.stdout).toContain('"type":"paired"')
    await userAgent.start()
    const row = await until('the laptop is online', async () =>
      (await user.api.agents.list.query()).find((agent) => agent.online && agent.reported),
    )
    agentId = row.agentId
    expect(row.name).toBe('laptop')
    expect(row.operatorScopes).toEqual([])
  })

  it('flow 1: a sector is added from the browser, on a mount inside what the host allows', async () => {
    const mounts = await miner.api.agents.mounts.query({ agentId: minerId })
    expect(mounts[0]).toMatchObject({ path: join(folder, 'disk') })
    const added = await miner.api.sectors.add.mutate({
      agentId: minerId,
      path: join(folder, 'disk/one'),
      sizeBytes: 64n << 20n,
    })
    sectorId = added.sectorId
    const row = await until('the sector is shown', async () =>
      (await miner.api.sectors.list.query()).find((sector) => sector.sectorId === sectorId),
    )
    expect(row).toMatchObject({ size: 64n << 20n, mounted: true, agentName: 'cellar' })
  })

  it('flows 2 and 3: the wallet signs the bill, and the agent takes it from the chain', async () => {
    const row = (await miner.api.agents.list.query())[0]
    if (!row) throw new Error('no agent')
    const sent = await approveAndSend(devnet, devAccount(4), {
      pledgeOrEscrow: 10n ** 24n,
      call: (now) =>
        openAsMinerCall(devnet.market, {
          permit: null,
          grant: {
            operator: row.operator,
            scopes: OPERATOR_SCOPES.PREPARE | OPERATOR_SCOPES.REFUSE | OPERATOR_SCOPES.ENDPOINT,
            expiresAt: now + 40_000_000n,
          },
          gasFloatWei: 10n ** 17n,
          bill: {
            capacity: 64n,
            step: 1n,
            price: 1024n * 10n ** 15n,
            pledgeRate: 4,
            minWeeks: 1,
            maxWeeks: 52,
            bond: 10n ** 18n,
            expiresAt: now + 8_000_000n,
          },
          endpoint: row.endpoint ?? '',
        }),
    })
    billId = sent.event('BillCreated').args.billId
    await miner.api.bills.published.mutate({ sectorId, billId })
    const linked = await until('the agent serves the bill', async () =>
      (await miner.api.sectors.list.query()).find((sector) => sector.bills.includes(billId)),
    )
    expect(linked.sectorId).toBe(sectorId)
  })

  it('flow 5: the browser looks into the allowed folder, counts it and adds it', async () => {
    const top = await user.api.agents.browse.query({ agentId, kind: 'read', path: null })
    expect(top.entries.map((entry) => entry.path)).toEqual([join(folder, 'home')])
    const inside = await user.api.agents.browse.query({ agentId, kind: 'read', path: join(folder, 'home') })
    expect(inside.entries).toMatchObject([{ name: 'photos', kind: 'directory' }])
    const estimate = await user.api.sources.estimate.query({ agentId, path: join(folder, 'home/photos') })
    expect(estimate).toMatchObject({ files: 20, done: true })
    const added = await user.api.sources.add.mutate({
      agentId,
      path: join(folder, 'home/photos'),
      name: 'photos',
    })
    sourceId = added.sourceId
    expect(
      await until('the source is shown', async () => (await user.api.sources.list.query())[0]),
    ).toMatchObject({ sourceId, name: 'photos' })
  })

  it('flows 6 to 13: the wallet signs the order, the agents do the rest', async () => {
    const row = (await user.api.agents.list.query())[0]
    if (!row) throw new Error('no agent')
    const sent = await approveAndSend(devnet, devAccount(3), {
      pledgeOrEscrow: 10n ** 24n,
      call: (now) =>
        openAsUserCall(devnet.market, {
          permit: null,
          grant: {
            operator: row.operator,
            scopes: OPERATOR_SCOPES.PREPARE | OPERATOR_SCOPES.CHALLENGE,
            expiresAt: now + 40_000_000n,
          },
          gasFloatWei: 10n ** 17n,
          order: {
            billId,
            expectedMiner: miner.account.address,
            capacity: 16n,
            weeks: 4,
            maxPrice: 1024n * 10n ** 15n,
            minPledgeRate: 1,
            maxBond: 10n ** 18n,
            challenges: 1,
          },
        }),
    })
    orderId = sent.event('OrderCreated').args.orderId
    const first = await user.api.orders.placed.mutate({ sourceId, orderId })
    expect(await user.api.orders.placed.mutate({ sourceId, orderId })).toEqual(first)
    const source = await until(
      'the snapshot is there',
      async () => {
        const found = await user.api.sources.get.query({ sourceId })
        return found.snapshots.length > 0 && found.jobs.some((job) => job.state === 'done') ? found : null
      },
      90_000,
    )
    expect(source.orders).toEqual([orderId])
    // the user's host may be the first to see it: indexer and miner look at the chain on their own
    await until('the market shows it active', async () => {
      const order = await user.api.market.order.query({ orderId })
      return order.state === 'active' ? order : null
    })
    const contracts = await until('the miner tells of it', async () => {
      const found = await miner.api.orders.contracts.query({ role: 'miner' })
      return found.some(({ state }) => state === 'active') ? found : null
    })
    expect(contracts).toMatchObject([{ orderId, state: 'active', sectorId }])
  }, 120_000)

  it('flow 11: a snapshot is looked into and restored into a new folder, with the same bytes', async () => {
    const [snapshot] = await user.api.snapshots.list.query({ sourceId })
    if (!snapshot) throw new Error('no snapshot')
    const { snapshotId } = snapshot
    const names = await user.api.snapshots.ls.query({ sourceId, snapshotId })
    expect(names.entries.map((entry) => entry.name).sort()).toContain('3.txt')
    const target = join(folder, 'restored/photos')
    const { commandId } = await user.api.restores.start.mutate({ sourceId, snapshotId, target })
    const job = await until('it is restored', async () => {
      const found = await user.api.restores.get.query({ agentId, commandId })
      return found?.state === 'done' || found?.state === 'failed' ? found : null
    })
    expect(job).toMatchObject({ state: 'done', error: null, result: { files: 20, failed: 0 } })
    for (let i = 0; i < 20; i++) {
      expect(readFileSync(join(target, `${i}.txt`), 'utf8')).toBe(`picture ${i} `.repeat(5_000))
    }
    // nothing of what is inside the snapshot was kept here
    const kept = JSON.stringify(await server.services.db.prisma.command.findMany(), (_k, v) =>
      typeof v === 'bigint' ? String(v) : v,
    )
    expect(kept).not.toContain('3.txt')
  }, 60_000)

  it('the journal of both hosts is there, each entry once, and each wallet sees its own', async () => {
    const { items } = await user.api.journal.list.query({ limit: 200 })
    expect(items.map((item) => item.event)).toContain('backup-done')
    const seqs = items.map((item) => `${item.agentId} ${item.seq}`)
    expect(new Set(seqs).size).toBe(seqs.length)
    expect(items.every((item) => item.agentId === agentId)).toBe(true)
  })
})
