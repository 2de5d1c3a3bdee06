import { randomBytes, randomUUID } from 'node:crypto'
import { agentSignInTypedData } from '@dmc/core/dashboard/agent-typed-data'
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import superjson from 'superjson'
import type { LocalAccount } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import {
  browserSocket,
  httpClient,
  type SignedIn,
  signIn,
  startDashboard,
} from '../../test/support/dashboard.ts'
import { appRouter } from './router.ts'
import type { WebServer } from './start-server.ts'
import type { Access } from './trpc.ts'

/**
 * Every procedure of the router x everybody who could call it. A new procedure without a rule, or an owner's procedure without an
 * input that names a row, fails here.
 */
type Caller = 'nobody' | 'other user' | 'other miner' | 'other agent' | 'owner'
const CALLERS: Caller[] = ['nobody', 'other user', 'other miner', 'other agent', 'owner']

/** What a call comes to, seen from outside. `denied`: no right at all. `missing`: for this caller the row is not there. */
type Outcome = 'allowed' | 'denied' | 'missing'

const RULES: Record<Access, Record<Caller, Outcome>> = {
  anyone: {
    nobody: 'allowed',
    'other user': 'allowed',
    'other miner': 'allowed',
    'other agent': 'allowed',
    owner: 'allowed',
  },
  // allowed, and what is answered is the caller's own (checked below)
  wallet: {
    nobody: 'denied',
    'other user': 'allowed',
    'other miner': 'allowed',
    'other agent': 'denied',
    owner: 'allowed',
  },
  owner: {
    nobody: 'denied',
    'other user': 'missing',
    'other miner': 'missing',
    'other agent': 'denied',
    owner: 'allowed',
  },
  agent: {
    nobody: 'denied',
    'other user': 'denied',
    'other miner': 'denied',
    'other agent': 'allowed',
    owner: 'denied',
  },
}

let server: WebServer
let owner: SignedIn
let clients: Record<Caller, { call(path: string, kind: string, input: unknown): Promise<unknown> }>
const closing: (() => unknown)[] = []
const ids = {
  agentId: randomUUID(),
  sourceId: 'a1b2c3d4e5f60718',
  sectorId: 'sector-1',
  snapshotId: 'ab'.repeat(16),
  commandId: 0n,
  alertId: 0n,
}

beforeAll(async () => {
  server = await startDashboard()
  owner = await signIn(server)
  const [user, miner] = await Promise.all([signIn(server), signIn(server)])
  const identity = privateKeyToAccount(generatePrivateKey())
  await addRows(owner.account.address, ids.agentId, privateKeyToAccount(generatePrivateKey()))
  const otherId = randomUUID()
  await addRows(miner.account.address, otherId, identity)
  const command = await server.services.db.prisma.command.findFirst({ where: { agentId: ids.agentId } })
  ids.commandId = command?.id ?? 0n
  const alert = await server.services.db.prisma.alert.findFirst({ where: { owner: owner.account.address } })
  ids.alertId = alert?.id ?? 0n
  const agent = await agentSocket(server, otherId, identity)
  closing.push(() => agent.close())
  const nobody = browserSocket(server)
  const sockets = { owner, user, miner }
  const over = (cookie: string) => {
    const socket = browserSocket(server, cookie)
    closing.push(() => socket.client.close())
    return socket.api
  }
  closing.push(() => nobody.client.close())
  clients = {
    nobody: caller(nobody.api),
    'other user': caller(over(sockets.user.jar.cookie)),
    'other miner': caller(over(sockets.miner.jar.cookie)),
    'other agent': caller(agent.api),
    owner: caller(over(owner.jar.cookie)),
  }
}, 60_000)

afterAll(async () => {
  for (const close of closing) await close()
  await server.close()
})

async function addRows(wallet: string, agentId: string, identity: LocalAccount): Promise<void> {
  const { prisma } = server.services.db
  await prisma.agent.create({
    data: {
      id: agentId,
      owner: wallet,
      identity: identity.address,
      operator: identity.address,
      name: `host of ${wallet}`,
      hostName: 'host',
      os: 'Linux',
      arch: 'x64',
      version: '0.1.0',
      roles: ['user'],
    },
  })
  const own = { agentId, owner: wallet }
  const mine = agentId === ids.agentId
  const sourceId = mine ? ids.sourceId : 'ffffffffffffffff'
  await prisma.source.create({
    data: { ...own, sourceId, name: `source of ${wallet}`, path: `/home/${wallet}`, state: 'ready' },
  })
  await prisma.sector.create({
    data: {
      ...own,
      sectorId: mine ? ids.sectorId : 'sector-2',
      path: `/mnt/${wallet}`,
      state: 'registered',
      size: 1n,
      used: 0n,
      free: 1n,
    },
  })
  await prisma.snapshot.create({
    data: {
      ...own,
      sourceId,
      snapshotId: mine ? ids.snapshotId : 'cd'.repeat(16),
      takenAt: new Date(),
      files: 1n,
      bytes: 1n,
    },
  })
  await prisma.contract.create({ data: { ...own, orderId: 7n, role: 'user', state: 'active' } })
  await prisma.contract.create({ data: { ...own, orderId: 8n, role: 'miner', state: 'active' } })
  await prisma.proof.create({
    data: {
      ...own,
      orderId: 7n,
      role: 'user',
      checksPerDay: 24,
      leavesPerCheck: 20,
      probesLeft: 0,
      policy: 'ask',
      escalation: { state: 'asking', leaf: '1', sinceMs: 1, rechecks: 3, reason: `of ${wallet}` },
    },
  })
  const deadline = 1_900_000_000n
  await prisma.answer.create({
    data: {
      ...own,
      orderId: 7n,
      leaf: 1n,
      deadline,
      state: 'failed',
      attempts: 1,
      error: { code: 'X', message: `of ${wallet}`, hint: '' },
    },
  })
  await prisma.job.create({
    data: { ...own, jobId: 'job', kind: 'restore', subject: `job of ${wallet}`, state: 'done' },
  })
  await prisma.journalEntry.create({
    data: { ...own, seq: 1n, time: new Date(), level: 'info', event: 'x', message: `entry of ${wallet}` },
  })
  await prisma.command.create({
    data: {
      agentId,
      kind: 'source.add',
      args: {},
      createdBy: wallet,
      expiresAt: new Date(Date.now() + 60_000),
      state: 'done',
      result: { path: wallet },
    },
  })
  await prisma.alert.create({
    data: {
      owner: wallet,
      key: `test ${wallet}`,
      // in doubt stands: the rules must not resolve it while the matrix is tried
      code: 'order-ends',
      level: 'info',
      message: `alert of ${wallet}`,
      hint: 'x',
    },
  })
  await prisma.setting.create({
    data: {
      owner: wallet,
      key: 'webhook',
      value: { url: `https://192.0.2.1/${wallet}`, secret: 'x', on: false },
    },
  })
  await prisma.pairingToken.create({
    data: {
      tokenHash: randomBytes(32).toString('hex'),
      owner: wallet,
      label: `token of ${wallet}`,
      role: 'both',
      expiresAt: new Date(Date.now() + 60_000),
    },
  })
}

async function agentSocket(at: WebServer, agentId: string, identity: LocalAccount) {
  const { api } = httpClient(at)
  const client = createWSClient({
    url: `ws://127.0.0.1:${at.port}/api/ws`,
    WebSocket: WebSocket as never,
    connectionParams: async () => {
      const { nonce } = await api.link.nonce.mutate()
      const expiresAt = BigInt(Math.floor(Date.now() / 1000) + 60)
      const message = { origin: at.origin, nonce: nonce as `0x${string}`, agentId, expiresAt }
      const signature = await identity.signTypedData(agentSignInTypedData(message))
      return { kind: 'agent', agentId, nonce, expiresAt: String(expiresAt), signature }
    },
  })
  return {
    api: createTRPCClient<never>({ links: [wsLink({ client, transformer: superjson } as never)] }),
    close: () => client.close(),
  }
}

/** Any procedure by its name, whatever its kind. */
function caller(api: unknown) {
  return {
    async call(path: string, kind: string, input: unknown): Promise<unknown> {
      let at = api as Record<string, never>
      for (const part of path.split('.')) at = at[part] as never
      const procedure = at as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>
      if (kind !== 'subscription') return procedure[kind === 'query' ? 'query' : 'mutate']?.(input)
      return new Promise((resolve, reject) => {
        const subscription = procedure.subscribe?.(input, {
          onStarted: () => setTimeout(() => resolve('started'), 50),
          onError: reject,
        }) as unknown as { unsubscribe(): void }
        setTimeout(() => subscription.unsubscribe(), 1_000)
      })
    },
  }
}

/** An input that names the owner's rows, for each procedure that takes one. */
const inputs = (): Record<string, unknown> => ({
  'agents.get': { agentId: ids.agentId },
  'agents.rename': { agentId: ids.agentId, name: 'taken over' },
  'agents.browse': { agentId: ids.agentId, kind: 'read', path: null },
  'agents.mounts': { agentId: ids.agentId },
  'agents.revoke': { agentId: ids.agentId },
  'alerts.snooze': { alertId: ids.alertId, hours: 1 },
  'alerts.dismiss': { alertId: ids.alertId },
  'alerts.reopen': { alertId: ids.alertId },
  'sources.get': { sourceId: ids.sourceId },
  'sources.estimate': { agentId: ids.agentId, path: '/home' },
  'sources.add': { agentId: ids.agentId, path: '/home' },
  'sources.backUp': { sourceId: ids.sourceId },
  'sources.setExcludes': { sourceId: ids.sourceId, excludes: ['*.tmp'] },
  'sources.setSchedule': {
    sourceId: ids.sourceId,
    rule: { kind: 'interval', spec: '6h', timeZone: 'UTC' },
  },
  'sources.setRetention': { sourceId: ids.sourceId, policy: null },
  'snapshots.list': { sourceId: ids.sourceId },
  'snapshots.ls': { sourceId: ids.sourceId, snapshotId: ids.snapshotId },
  'restores.start': { sourceId: ids.sourceId, snapshotId: ids.snapshotId, target: '/tmp/x' },
  'restores.get': { agentId: ids.agentId, commandId: ids.commandId },
  'commands.get': { commandId: ids.commandId },
  'sectors.add': { agentId: ids.agentId, path: '/mnt/x', sizeBytes: 1n },
  'sectors.publishEndpoint': { agentId: ids.agentId },
  'orders.placed': { sourceId: ids.sourceId, orderId: 7n },
  'orders.answerProof': { orderId: 8n, agentId: ids.agentId },
  'orders.check': { orderId: 7n, agentId: ids.agentId },
  'bills.published': { sectorId: ids.sectorId, billId: 7n },
  // not about a row of somebody, but they take something
  'auth.signIn': { message: 'x', signature: '0x' },
  'journal.list': { limit: 10 },
  'market.bill': { billId: 1n },
  'market.bills': {},
  'market.order': { orderId: 1n },
  'market.orders': {},
  'market.events': {},
  'market.miner': { address: '0x5FbDB2315678afecb367f032d93F642f64180aa3' },
  'market.challenges': {},
  'market.operators': { owner: '0x5FbDB2315678afecb367f032d93F642f64180aa3' },
  'market.prices': {},
  'money.payments': {},
  'settings.set': { alerts: {} },
  'settings.setWebhook': { url: 'https://192.0.2.1/' },
  'settings.switchWebhook': { on: false },
  'settings.setEmail': { address: 'a@b.example' },
  'settings.confirmEmail': { code: '12345678' },
  'settings.switchEmail': { on: false },
  'money.overTime': { by: 'week' },
  'pairing.lookup': { code: 'BCDFGHJK' },
  'pairing.approve': { code: 'BCDFGHJK' },
  'pairing.deny': { code: 'BCDFGHJK' },
  'pairing.createToken': { label: 'x' },
  'pairing.revokeToken': { tokenId: 'ab'.repeat(32) },
  'pairing.poll': { deviceCode: 'A'.repeat(43) },
  'pairing.start': {},
  'pairing.redeem': {},
  'link.commands': {},
  'link.report': {
    epoch: 'ab'.repeat(16),
    reports: [
      {
        seq: 1n,
        report: {
          kind: 'contract',
          orderId: 7n,
          role: 'user',
          state: 'closed',
          sourceId: null,
          sectorId: null,
        },
      },
    ],
  },
  'link.took': { commandIds: [ids.commandId || 1n] },
  'link.answer': { askId: randomUUID(), answer: null, error: null },
})

type Procedures = Record<
  string,
  { _def: { type: 'query' | 'mutation' | 'subscription'; meta?: { access?: Access } } }
>
const PROCEDURES = appRouter._def.procedures as unknown as Procedures
const PATHS = Object.keys(PROCEDURES)
/** What takes the rows away comes last. */
const ORDER = [
  ...PATHS.filter((path) => path !== 'agents.revoke' && path !== 'auth.signOut'),
  'agents.revoke',
]

function outcomeOf(error: unknown): Outcome {
  const data = (error as { data?: { code?: string; httpStatus?: number; dmc?: { code?: string } } }).data
  if (data?.dmc?.code === 'SIGN_IN_NEEDED') return 'denied'
  if (data?.dmc?.code === 'NOT_YOURS') return 'missing'
  // refused for what was asked, not for who asks: the rule let it through
  if (data?.dmc?.code && data.code !== 'INTERNAL_SERVER_ERROR') return 'allowed'
  throw error
}

describe('authorisation', () => {
  it('every procedure has a rule', () => {
    expect(PATHS.length).toBeGreaterThan(40)
    const without = PATHS.filter((path) => !((PROCEDURES[path]?._def.meta?.access ?? '') in RULES))
    expect(without).toEqual([])
  })

  it('every procedure about somebody’s row is tried with the row of somebody else', () => {
    const owned = PATHS.filter((path) => PROCEDURES[path]?._def.meta?.access === 'owner')
    expect(owned.filter((path) => inputs()[path] === undefined)).toEqual([])
    expect(owned.length).toBeGreaterThan(15)
  })

  describe.each(ORDER)('%s', (path) => {
    const definition = PROCEDURES[path]?._def
    const access = definition?.meta?.access ?? 'owner'
    // the owner comes last: what it may do changes the rows
    it.each(CALLERS)('%s', async (who) => {
      // an ask to an agent that is away is refused at once, a command that waits is not waited for
      const call = clients[who].call(path, definition?.type ?? 'query', inputs()[path])
      const given = path === 'sources.add' || path === 'sectors.add'
      const late = new Promise((resolve) => setTimeout(() => resolve('given'), given ? 1_500 : 10_000))
      let outcome: Outcome = 'allowed'
      try {
        await Promise.race([call, late])
      } catch (error) {
        outcome = outcomeOf(error)
      }
      call.catch(() => {})
      expect(outcome).toBe(RULES[access][who])
    })
  })
})

describe('what is answered is the caller’s own', () => {
  const lists = PATHS.filter((path) => {
    const { type, meta } = PROCEDURES[path]?._def ?? {}
    return type === 'query' && meta?.access === 'wallet'
  })

  it.each(lists)('%s', async (path) => {
    for (const who of ['other user', 'other miner'] as const) {
      const answer = await clients[who].call(path, 'query', inputs()[path])
      const text = JSON.stringify(answer, (_key, value) =>
        typeof value === 'bigint' ? String(value) : value,
      )
      expect(text).not.toContain(owner.account.address)
      expect(text).not.toContain(ids.sourceId)
    }
  })

  it('an agent’s report changes its own rows only', async () => {
    const rows = await server.services.db.prisma.contract.findMany({
      where: { agentId: ids.agentId, orderId: 7n },
    })
    expect(rows).toMatchObject([{ orderId: 7n, state: 'active' }])
  })

  it('a stranger renamed and revoked nothing before the owner did', async () => {
    const agents = await server.services.db.prisma.agent.findMany()
    expect(agents.filter((agent) => agent.revokedAt !== null).map((agent) => agent.owner)).toEqual([
      owner.account.address,
    ])
  })
})
