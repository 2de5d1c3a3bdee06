import { signInMessage } from '@dmc/core/dashboard/sign-in'
import { getAddress } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { createSiweMessage } from 'viem/siwe'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpClient, refusal, signIn, startDashboard } from '../../../test/support/dashboard.ts'
import type { WebServer } from '../start-server.ts'

let server: WebServer
beforeAll(async () => {
  server = await startDashboard()
})
afterAll(() => server.close())

const account = privateKeyToAccount(generatePrivateKey())
const other = privateKeyToAccount(generatePrivateKey())

/** A good message but for what the case changes; `text` may break what the fields can't. */
async function attempt(
  change: Partial<Parameters<typeof createSiweMessage>[0]> = {},
  text: (message: string) => string = (message) => message,
  signer = account,
  signature?: string,
): Promise<string> {
  const { api } = httpClient(server)
  const { nonce } = await server.services.db.prisma.$queryRaw`SELECT 1`.then(() => api.auth.nonce.mutate())
  const good = {
    domain: new URL(server.origin).host,
    uri: server.origin,
    version: '1' as const,
    chainId: 31337,
    nonce,
    address: account.address,
    statement: 'Sign in to the DMC dashboard. This costs nothing and moves nothing.',
    issuedAt: new Date(),
    expirationTime: new Date(Date.now() + 300_000),
  }
  const message = text(createSiweMessage({ ...good, ...change }))
  return refusal(
    api.auth.signIn.mutate({ message, signature: signature ?? (await signer.signMessage({ message })) }),
  )
}

const minutes = (count: number) => new Date(Date.now() + count * 60_000)

describe('a sign-in is refused, each for its own reason', () => {
  const host = () => new URL(server.origin).host
  const cases: [string, string, () => Promise<string>][] = [
    ['another domain', 'SIWE_DOMAIN', () => attempt({ domain: 'evil.example' })],
    ['our domain on another port', 'SIWE_DOMAIN', () => attempt({ domain: '127.0.0.1:1' })],
    ['another scheme', 'SIWE_DOMAIN', () => attempt({ scheme: 'ftp' })],
    ['another uri', 'SIWE_URI', () => attempt({ uri: 'https://evil.example' })],
    ['a uri below ours', 'SIWE_URI', () => attempt({ uri: `${server.origin}/x` })],
    ['another chain', 'SIWE_CHAIN', () => attempt({ chainId: 1 })],
    ['another version', 'SIWE_VERSION', () => attempt({}, (m) => m.replace('Version: 1', 'Version: 2'))],
    ['another statement', 'SIWE_STATEMENT', () => attempt({ statement: 'Give me everything.' })],
    ['no statement', 'SIWE_STATEMENT', () => attempt({ statement: undefined } as never)],
    ['a nonce that was never given out', 'SIWE_NONCE_UNKNOWN', () => attempt({ nonce: 'a'.repeat(32) })],
    ['a nonce of another form', 'SIWE_NONCE', () => attempt({ nonce: 'abcdefgh1234' })],
    ['issued in the future', 'SIWE_ISSUED_AT', () => attempt({ issuedAt: minutes(5) })],
    ['issued an hour ago', 'SIWE_ISSUED_AT', () => attempt({ issuedAt: minutes(-60) })],
    ['expired', 'SIWE_EXPIRED', () => attempt({ expirationTime: minutes(-1) })],
    ['without an expiry', 'SIWE_EXPIRATION', () => attempt({ expirationTime: undefined } as never)],
    ['an expiry next year', 'SIWE_EXPIRATION', () => attempt({ expirationTime: minutes(600_000) })],
    ['not valid yet', 'SIWE_TOO_EARLY', () => attempt({ notBefore: minutes(5) })],
    ['signed by another key', 'SIWE_SIGNER', () => attempt({}, undefined, other)],
    ['another address', 'SIWE_SIGNER', () => attempt({ address: other.address })],
    [
      'a changed letter after signing',
      'SIWE_SIGNER',
      async () => {
        const { api } = httpClient(server)
        const { nonce } = await api.auth.nonce.mutate()
        const of = { origin: server.origin, address: account.address, chainId: 31337, nonce }
        const signature = await account.signMessage({ message: signInMessage({ ...of, now: minutes(-1) }) })
        return refusal(
          api.auth.signIn.mutate({ message: signInMessage({ ...of, now: new Date() }), signature }),
        )
      },
    ],
    [
      'an address in lower case',
      'SIWE_ADDRESS',
      () => attempt({}, (m) => m.replace(account.address, account.address.toLowerCase())),
    ],
    ['a signature of zeros', 'SIWE_SIGNER', () => attempt({}, undefined, account, `0x${'00'.repeat(65)}`)],
    ['a short signature', 'SIWE_SIGNATURE', () => attempt({}, undefined, account, '0x1234')],
    [
      'a contract wallet’s long signature',
      'SIWE_SIGNATURE',
      () => attempt({}, undefined, account, `0x${'ab'.repeat(200)}`),
    ],
    ['no hex', 'SIWE_SIGNATURE', () => attempt({}, undefined, account, 'hello')],
    ['10 kB of text', 'SIWE_TOO_LONG', () => attempt({}, () => 'x'.repeat(9_999))],
    ['no message', 'SIWE_MALFORMED', () => attempt({}, () => 'hello')],
    ['a line more', 'SIWE_MALFORMED', () => attempt({}, (m) => `${m}\nYou also sell your soul.`)],
    ['a line before', 'SIWE_MALFORMED', () => attempt({}, (m) => `Hello\n${m}`)],
    ['Windows line ends', 'SIWE_MALFORMED', () => attempt({}, (m) => m.replaceAll('\n', '\r\n'))],
    [
      'a time that is none',
      'SIWE_MALFORMED',
      () => attempt({}, (m) => m.replace(/Issued At: .*/, 'Issued At: today')),
    ],
    [
      'fields in another order',
      'SIWE_MALFORMED',
      () => attempt({}, (m) => m.replace(/(Version: 1)\n(Chain ID: \d+)/, '$2\n$1')),
    ],
    [
      'a second address line',
      'SIWE_MALFORMED',
      () => attempt({}, (m) => m.replace(`${host()} wants`, `${host()} wants you and`)),
    ],
  ]
  it.each(cases)('%s: %s', async (_what, code, run) => {
    // the limit on wrong sign-ins has its own test
    await server.services.db.prisma.rateLimit.deleteMany()
    expect(await run()).toBe(code)
  })

  it('a message that was used once', async () => {
    await server.services.db.prisma.rateLimit.deleteMany()
    const { api } = httpClient(server)
    const { nonce } = await api.auth.nonce.mutate()
    const message = signInMessage({
      origin: server.origin,
      address: account.address,
      chainId: 31337,
      nonce,
      now: new Date(),
    })
    const signature = await account.signMessage({ message })
    // both at once: one of them gets the nonce
    const codes = await Promise.all([1, 2].map(() => refusal(api.auth.signIn.mutate({ message, signature }))))
    expect(codes.sort()).toEqual(['SIWE_NONCE_UNKNOWN', 'not refused'])
    expect(await refusal(api.auth.signIn.mutate({ message, signature }))).toBe('SIWE_NONCE_UNKNOWN')
  })

  it('a nonce that is too old', async () => {
    const { api } = httpClient(server)
    const { nonce } = await api.auth.nonce.mutate()
    await server.services.db.prisma.nonce.update({ where: { nonce }, data: { expiresAt: new Date(0) } })
    const message = signInMessage({
      origin: server.origin,
      address: account.address,
      chainId: 31337,
      nonce,
      now: new Date(),
    })
    const signature = await account.signMessage({ message })
    expect(await refusal(api.auth.signIn.mutate({ message, signature }))).toBe('SIWE_NONCE_EXPIRED')
  })

  it('a failed attempt uses the nonce up', async () => {
    const { api } = httpClient(server)
    const { nonce } = await api.auth.nonce.mutate()
    const message = signInMessage({
      origin: server.origin,
      address: account.address,
      chainId: 31337,
      nonce,
      now: new Date(),
    })
    const wrong = await other.signMessage({ message })
    const right = await account.signMessage({ message })
    expect(await refusal(api.auth.signIn.mutate({ message, signature: wrong }))).toBe('SIWE_SIGNER')
    expect(await refusal(api.auth.signIn.mutate({ message, signature: right }))).toBe('SIWE_NONCE_UNKNOWN')
  })

  it('the twenty-first wrong one from an address within ten minutes', async () => {
    await server.services.db.prisma.rateLimit.deleteMany()
    const { api } = httpClient(server)
    for (let i = 0; i < 20; i++) {
      expect(await refusal(api.auth.signIn.mutate({ message: 'x', signature: '0x' }))).toBe('SIWE_MALFORMED')
    }
    expect(await refusal(api.auth.signIn.mutate({ message: 'x', signature: '0x' }))).toBe('TOO_MANY_REQUESTS')
    await server.services.db.prisma.rateLimit.deleteMany()
  })
})

describe('a session', () => {
  it('is a cookie that no script reads, and the database holds its hash only', async () => {
    const { api } = httpClient(server)
    const { nonce } = await api.auth.nonce.mutate()
    const message = signInMessage({
      origin: server.origin,
      address: account.address,
      chainId: 31337,
      nonce,
      now: new Date(),
    })
    const answer = await fetch(`${server.url}/api/trpc/auth.signIn`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: server.origin },
      body: JSON.stringify({ json: { message, signature: await account.signMessage({ message }) } }),
    })
    const cookie = answer.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/^dmc-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Expires=/)
    const token = /=([\w-]{43});/.exec(cookie)?.[1] ?? ''
    const rows = JSON.stringify(await server.services.db.prisma.session.findMany())
    expect(rows).toContain(account.address)
    expect(rows).not.toContain(token)
  })

  it('says who it is until it is signed out', async () => {
    const { api, jar, account: wallet } = await signIn(server)
    expect(await api.auth.me.query()).toEqual({ address: getAddress(wallet.address) })
    const before = jar.cookie
    await api.auth.signOut.mutate()
    expect(await api.auth.me.query()).toBeNull()
    jar.cookie = before // the old cookie is worth nothing
    expect(await api.auth.me.query()).toBeNull()
  })

  it('ends by itself', async () => {
    const { api, account: wallet } = await signIn(server)
    await server.services.db.prisma.session.updateMany({
      where: { address: wallet.address },
      data: { expiresAt: new Date(0) },
    })
    expect(await api.auth.me.query()).toBeNull()
  })
})
