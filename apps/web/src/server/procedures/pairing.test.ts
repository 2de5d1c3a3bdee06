import { randomBytes } from 'node:crypto'
import { agentPairingTypedData, agentSignInTypedData } from '@dmc/core/dashboard/agent-typed-data'
import { printPairingToken } from '@dmc/core/dashboard/pairing-token'
import { pairingWords } from '@dmc/core/dashboard/pairing-words'
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import superjson from 'superjson'
import type { Address, Hex, LocalAccount } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import {
  type Client,
  httpClient,
  refusal,
  type SignedIn,
  signIn,
  startDashboard,
} from '../../../test/support/dashboard.ts'
import { until } from '../../../test/support/until.ts'
import type { AppRouter } from '../router.ts'
import type { WebServer } from '../start-server.ts'

let server: WebServer
let host: Client
let owner: SignedIn
let other: SignedIn

beforeAll(async () => {
  server = await startDashboard()
  host = httpClient(server).api
  owner = await signIn(server)
  other = await signIn(server)
})
afterAll(() => server.close())
beforeEach(async () => {
  await server.services.db.prisma.rateLimit.deleteMany()
})

interface Keys {
  identity: LocalAccount
  operator: LocalAccount
}
const newKeys = (): Keys => ({
  identity: privateKeyToAccount(generatePrivateKey()),
  operator: privateKeyToAccount(generatePrivateKey()),
})

async function proofOf(
  { identity, operator }: Keys,
  change: { origin?: string; by?: Keys; named?: Address } = {},
) {
  const { nonce } = await host.pairing.nonce.mutate()
  const expiresAt = BigInt(Math.floor(Date.now() / 1000) + 60)
  const data = agentPairingTypedData({
    origin: change.origin ?? server.origin,
    nonce: nonce as Hex,
    identity: identity.address,
    operator: change.named ?? operator.address,
    expiresAt,
  })
  const signers = change.by ?? { identity, operator }
  return {
    nonce: nonce as Hex,
    expiresAt,
    identitySignature: await signers.identity.signTypedData(data),
    operatorSignature: await signers.operator.signTypedData(data),
  }
}

const factsOf = ({ identity, operator }: Keys) => ({
  identity: identity.address,
  operator: operator.address,
  hostId: 'ab'.repeat(32),
  hostName: 'host',
  os: 'Linux',
  arch: 'x64',
  version: '0.1.0',
  roles: ['user' as const],
})

const start = async (keys: Keys = newKeys()) => {
  const shown = await host.pairing.start.mutate({ facts: factsOf(keys), proof: await proofOf(keys) })
  return { keys, ...shown }
}

describe('pairing by code', () => {
  it('shows the same words on both sides, waits, and gives its answer', async () => {
    const { keys, userCode, deviceCode } = await start()
    expect(userCode).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{8}$/)
    expect(await host.pairing.poll.mutate({ deviceCode })).toEqual({ state: 'pending' })
    const seen = await owner.api.pairing.lookup.mutate({
      code: ` ${userCode.slice(0, 4).toLowerCase()}-${userCode.slice(4)}`,
    })
    expect(seen.words).toBe(
      pairingWords({ identity: keys.identity.address, operator: keys.operator.address, code: userCode }),
    )
    expect(seen.words).toMatch(/^[a-z]+ [a-z]+$/)
    const { agentId } = await owner.api.pairing.approve.mutate({ code: userCode, name: 'mine' })
    expect(await host.pairing.poll.mutate({ deviceCode })).toEqual({
      state: 'approved',
      agentId,
      owner: owner.account.address,
      name: 'mine',
    })
  })

  it('a code works once', async () => {
    const { userCode } = await start()
    await owner.api.pairing.approve.mutate({ code: userCode })
    expect(await refusal(other.api.pairing.lookup.mutate({ code: userCode }))).toBe('PAIRING_CODE_WRONG')
    expect(await refusal(other.api.pairing.approve.mutate({ code: userCode }))).toBe('PAIRING_CODE_WRONG')
    const agents = await server.services.db.prisma.agent.findMany({ where: { owner: other.account.address } })
    expect(agents).toEqual([])
  })

  it('of two wallets that approve at once one gets the host', async () => {
    const { userCode } = await start()
    const codes = await Promise.all(
      [owner, other].map(({ api }) => refusal(api.pairing.approve.mutate({ code: userCode }))),
    )
    expect(codes.filter((code) => code === 'not refused')).toHaveLength(1)
  })

  it('a code that is too old is worth nothing', async () => {
    const { userCode, deviceCode } = await start()
    await server.services.db.prisma.pairingRequest.update({
      where: { userCode },
      data: { expiresAt: new Date(0) },
    })
    expect(await refusal(owner.api.pairing.approve.mutate({ code: userCode }))).toBe('PAIRING_EXPIRED')
    expect(await refusal(host.pairing.poll.mutate({ deviceCode }))).toBe('PAIRING_EXPIRED')
  })

  it('a no is told to the host', async () => {
    const { userCode, deviceCode } = await start()
    await owner.api.pairing.deny.mutate({ code: userCode })
    expect(await refusal(host.pairing.poll.mutate({ deviceCode }))).toBe('PAIRING_DENIED')
  })

  it('the sixth guess within ten minutes is not looked at, though it is right', async () => {
    const { userCode } = await start()
    for (let i = 0; i < 5; i++) {
      expect(await refusal(other.api.pairing.lookup.mutate({ code: 'BBBBBBBB' }))).toBe('PAIRING_CODE_WRONG')
    }
    expect(await refusal(other.api.pairing.approve.mutate({ code: userCode }))).toBe('PAIRING_TOO_MANY_TRIES')
    const { resetAt } = (await server.services.db.prisma.rateLimit.findFirst()) ?? { resetAt: new Date(0) }
    expect(resetAt.getTime() - Date.now()).toBeGreaterThan(9 * 60_000)
  })

  it('a device code that was never given out says nothing', async () => {
    expect(await refusal(host.pairing.poll.mutate({ deviceCode: 'A'.repeat(43) }))).toBe('PAIRING_EXPIRED')
  })

  it('only its hash is kept', async () => {
    const { deviceCode } = await start()
    expect(JSON.stringify(await server.services.db.prisma.pairingRequest.findMany())).not.toContain(
      deviceCode,
    )
  })
})

describe('a host must hold the keys that it names', () => {
  const attempt = async (keys: Keys, proof: Awaited<ReturnType<typeof proofOf>>) =>
    refusal(host.pairing.start.mutate({ facts: factsOf(keys), proof }))

  it('signatures by other keys', async () => {
    const keys = newKeys()
    const others = newKeys()
    expect(await attempt(keys, await proofOf(keys, { by: others }))).toBe('PAIRING_PROOF_WRONG')
    expect(await attempt(keys, await proofOf(keys, { by: { ...keys, operator: others.operator } }))).toBe(
      'PAIRING_PROOF_WRONG',
    )
    expect(await attempt(keys, await proofOf(keys, { by: { ...keys, identity: others.identity } }))).toBe(
      'PAIRING_PROOF_WRONG',
    )
  })

  it('a proof for another dashboard', async () => {
    const keys = newKeys()
    expect(await attempt(keys, await proofOf(keys, { origin: 'https://evil.example' }))).toBe(
      'PAIRING_PROOF_WRONG',
    )
  })

  it('a proof about another operator', async () => {
    const keys = newKeys()
    expect(await attempt(keys, await proofOf(keys, { named: newKeys().operator.address }))).toBe(
      'PAIRING_PROOF_WRONG',
    )
  })

  it('a proof that was used', async () => {
    const keys = newKeys()
    const proof = await proofOf(keys)
    expect(await attempt(keys, proof)).toBe('not refused')
    expect(await attempt(keys, proof)).toBe('PAIRING_PROOF_WRONG')
  })
})

describe('pairing by token', () => {
  const redeem = async (token: string, keys: Keys = newKeys()) =>
    host.pairing.redeem.mutate({ token, facts: factsOf(keys), proof: await proofOf(keys) })

  it('names its wallet, works once, and only its hash is kept', async () => {
    const { token } = await owner.api.pairing.createToken.mutate({ label: 'cellar' })
    expect(token).toMatch(/^dmc1_[\w-]{59}$/)
    expect(await redeem(token)).toMatchObject({ owner: owner.account.address })
    expect(await refusal(redeem(token))).toBe('PAIRING_TOKEN_WRONG')
    expect(JSON.stringify(await server.services.db.prisma.pairingToken.findMany())).not.toContain(token)
  })

  it('of two hosts that bring it at once one is paired', async () => {
    const { token } = await owner.api.pairing.createToken.mutate({ label: 'race' })
    const codes = await Promise.all([1, 2, 3].map(() => refusal(redeem(token))))
    expect(codes.filter((code) => code === 'not refused')).toHaveLength(1)
  })

  it('another wallet’s secret under one’s own name is no token', async () => {
    const { token } = await owner.api.pairing.createToken.mutate({ label: 'x' })
    const secret = Buffer.from(token.slice(5), 'base64url').subarray(20)
    expect(await refusal(redeem(printPairingToken(other.account.address, new Uint8Array(secret))))).toBe(
      'PAIRING_TOKEN_WRONG',
    )
  })

  it('one that was taken back, one that is too old and one that is made up are none', async () => {
    const { token } = await owner.api.pairing.createToken.mutate({ label: 'back' })
    const [listed] = (await owner.api.pairing.tokens.query()).filter(({ label }) => label === 'back')
    expect(await other.api.pairing.revokeToken.mutate({ tokenId: listed?.tokenId ?? '' })).toEqual({
      revoked: false,
    })
    expect(await owner.api.pairing.revokeToken.mutate({ tokenId: listed?.tokenId ?? '' })).toEqual({
      revoked: true,
    })
    expect(await refusal(redeem(token))).toBe('PAIRING_TOKEN_WRONG')
    const old = await owner.api.pairing.createToken.mutate({ label: 'old' })
    await server.services.db.prisma.pairingToken.updateMany({
      where: { label: 'old' },
      data: { expiresAt: new Date(0) },
    })
    expect(await refusal(redeem(old.token))).toBe('PAIRING_TOKEN_WRONG')
    expect(await refusal(redeem(printPairingToken(owner.account.address, randomBytes(24))))).toBe(
      'PAIRING_TOKEN_WRONG',
    )
    expect(await refusal(redeem('dmc1_x'))).toBe('PAIRING_TOKEN_WRONG')
  })
})

describe('a paired host', () => {
  async function connect(agentId: string, identity: LocalAccount, seen: number[]) {
    const client = createWSClient({
      url: `ws://127.0.0.1:${server.port}/api/ws`,
      WebSocket: WebSocket as never,
      retryDelayMs: () => 2 ** 30,
      connectionParams: async () => {
        const { nonce } = await host.link.nonce.mutate()
        const expiresAt = BigInt(Math.floor(Date.now() / 1000) + 60)
        const signature = await identity.signTypedData(
          agentSignInTypedData({ origin: server.origin, nonce: nonce as Hex, agentId, expiresAt }),
        )
        return { kind: 'agent', agentId, nonce, expiresAt: String(expiresAt), signature }
      },
      onClose: (cause) => seen.push(cause?.code ?? 0),
    })
    const api = createTRPCClient<AppRouter>({ links: [wsLink({ client, transformer: superjson })] })
    await api.link.took.mutate({ commandIds: [1n] })
    return { client, api }
  }

  it('is renamed and revoked by its owner; revoking closes its socket and it gets no other', async () => {
    const { keys, userCode } = await start()
    const { agentId } = await owner.api.pairing.approve.mutate({ code: userCode })
    const closed: number[] = []
    const { client } = await connect(agentId, keys.identity, closed)
    expect((await owner.api.agents.get.query({ agentId })).online).toBe(true)
    await owner.api.agents.rename.mutate({ agentId, name: 'attic' })
    expect((await owner.api.agents.get.query({ agentId })).name).toBe('attic')
    await owner.api.agents.revoke.mutate({ agentId })
    await until('its socket is closed', async () => closed.length > 0, 2_000)
    expect(closed).toEqual([4410])
    expect(await refusal(owner.api.agents.get.query({ agentId }))).toBe('NOT_YOURS')
    await client.close()
    const again: number[] = []
    void connect(agentId, keys.identity, again).catch(() => {})
    await until('it is refused', async () => again.length > 0, 5_000)
    expect(again[0]).toBe(4410)
  })

  it('revoked in the very moment in which it signs in, it stays out', async () => {
    const { keys, userCode } = await start()
    const { agentId } = await owner.api.pairing.approve.mutate({ code: userCode })
    const closed: number[] = []
    const { db } = server.services
    const real = db.prisma
    const agents = new Proxy(real.agent, {
      get: (target, name) =>
        name === 'findMany'
          ? async (of: never) => {
              // read as paired, and revoked before anything is made of that
              const found = await target.findMany(of)
              await owner.api.agents.revoke.mutate({ agentId })
              return found
            }
          : Reflect.get(target, name),
    })
    const racing = new Proxy(real, {
      get: (target, name) => (name === 'agent' ? agents : Reflect.get(target, name)),
    })
    Object.assign(db, { prisma: racing })
    void connect(agentId, keys.identity, closed).catch(() => {})
    try {
      await until('it is shut out', async () => closed.length > 0, 5_000)
    } finally {
      Object.assign(db, { prisma: real })
    }
    expect(closed).toEqual([4410])
    expect(server.services.links.get(agentId)).toBeUndefined()
  })

  it('a newer connection of the same host takes over', async () => {
    const { keys, userCode } = await start()
    const { agentId } = await owner.api.pairing.approve.mutate({ code: userCode })
    const first: number[] = []
    await connect(agentId, keys.identity, first)
    const second = await connect(agentId, keys.identity, [])
    await until('the first is closed', async () => first.length > 0, 2_000)
    expect(first).toEqual([4409])
    expect((await owner.api.agents.get.query({ agentId })).online).toBe(true)
    await second.client.close()
    await until('it is offline', async () => !(await owner.api.agents.get.query({ agentId })).online, 5_000)
  })

  it('of another wallet is a new agent: nothing of the old one goes with it', async () => {
    const keys = newKeys()
    const first = await start(keys)
    const { agentId } = await owner.api.pairing.approve.mutate({ code: first.userCode })
    const again = await start(keys)
    const source = { agentId, sourceId: 'a', owner: owner.account.address, name: 'photos', path: '/photos' }
    const rest = { state: 'ready' as const, orders: [], createdAt: new Date(), updatedAt: new Date() }
    await server.services.db.prisma.source.create({ data: { ...source, ...rest } })
    const taken = await other.api.pairing.approve.mutate({ code: again.userCode })
    expect(taken.agentId).not.toBe(agentId)
    expect(await refusal(other.api.agents.get.query({ agentId }))).toBe('NOT_YOURS')
    // a wallet's yes takes nothing from another wallet
    expect((await owner.api.agents.get.query({ agentId })).agentId).toBe(agentId)
    expect(await server.services.db.prisma.source.count({ where: { agentId } })).toBe(1)
    // and back: the old row, with what it had
    const back = await start(keys)
    expect((await owner.api.pairing.approve.mutate({ code: back.userCode })).agentId).toBe(agentId)
    expect((await other.api.agents.get.query({ agentId: taken.agentId })).agentId).toBe(taken.agentId)
  })
})
