import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type SignedIn, signIn, startDashboard } from '../../../test/support/dashboard.ts'
import type { WebServer } from '../start-server.ts'

let server: WebServer
let person: SignedIn
beforeAll(async () => {
  server = await startDashboard()
  person = await signIn(server)
})
afterAll(() => server.close())

const ask = (path: string, init: RequestInit & { headers?: Record<string, string> } = {}) =>
  fetch(`${server.url}${path}`, { ...init, redirect: 'manual' })

const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  ask(path, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', origin: server.origin, ...headers },
  })

describe('requests from elsewhere', () => {
  it('a page of another site may not act, with or without the cookie', async () => {
    for (const origin of ['https://evil.example', 'null', `${server.origin}.evil.example`]) {
      const answer = await post('/api/trpc/auth.signOut', '{}', { origin, cookie: person.jar.cookie })
      expect(answer.status, origin).toBe(403)
    }
    expect(await person.api.auth.me.query()).not.toBeNull()
  })

  it('a cookie without an origin may not act', async () => {
    const answer = await ask('/api/trpc/auth.signOut', {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json', cookie: person.jar.cookie },
    })
    expect(answer.status).toBe(403)
  })

  it('a form may not act', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
    ]) {
      const answer = await post('/api/trpc/auth.signOut', '{}', {
        'content-type': type,
        cookie: person.jar.cookie,
      })
      expect(answer.status, type).toBe(415)
    }
  })

  it('a GET changes nothing', async () => {
    const answer = await ask('/api/trpc/auth.signOut', { headers: { cookie: person.jar.cookie } })
    expect(answer.status).toBe(405)
    expect(await person.api.auth.me.query()).not.toBeNull()
  })
})

describe('bad inputs are the caller’s mistake, never ours', () => {
  const input = (value: unknown) => encodeURIComponent(JSON.stringify({ json: value }))
  const cases: [string, number, () => Promise<Response>][] = [
    ['an id that is SQL', 400, () => ask(`/api/trpc/market.order?input=${input({ orderId: '1 OR 1=1' })}`)],
    [
      'a negative id',
      400,
      () =>
        ask(
          `/api/trpc/market.order?input=${encodeURIComponent(JSON.stringify({ json: { orderId: '-1' }, meta: { values: { orderId: ['bigint'] } } }))}`,
        ),
    ],
    [
      'an id of 2^64',
      400,
      () =>
        ask(
          `/api/trpc/market.order?input=${encodeURIComponent(JSON.stringify({ json: { orderId: '18446744073709551616' }, meta: { values: { orderId: ['bigint'] } } }))}`,
        ),
    ],
    [
      'an id of 2^63, which no column holds',
      400,
      () =>
        ask(
          `/api/trpc/market.order?input=${encodeURIComponent(JSON.stringify({ json: { orderId: '9223372036854775808' }, meta: { values: { orderId: ['bigint'] } } }))}`,
        ),
    ],
    ['no input', 400, () => ask('/api/trpc/market.order')],
    ['input that is not JSON', 400, () => ask('/api/trpc/market.order?input=%7B')],
    ['an unknown procedure', 404, () => ask('/api/trpc/nothing.here')],
    ['__proto__', 404, () => ask('/api/trpc/__proto__')],
    ['constructor', 404, () => ask('/api/trpc/constructor.constructor')],
    [
      'a __proto__ key',
      400,
      () => post('/api/trpc/auth.signIn', '{"json":{"__proto__":{"x":1},"message":"x"}}'),
    ],
    [
      'a subscription over HTTP',
      400,
      () => ask('/api/trpc/live.changes?input=%7B%7D', { headers: { accept: 'text/event-stream' } }),
    ],
    ['a broken escape', 400, () => ask('/api/trpc/%zz')],
    [
      'a NUL in text',
      400,
      () => post('/api/trpc/auth.signIn', '{"json":{"message":"a\\u0000b","signature":"x"}}'),
    ],
    [
      'half a character',
      400,
      () => post('/api/trpc/auth.signIn', '{"json":{"message":"\\ud800","signature":"x"}}'),
    ],
    [
      '100 KiB',
      413,
      () => post('/api/trpc/auth.signIn', JSON.stringify({ json: { message: 'x'.repeat(100_000) } })),
    ],
    [
      'a thousand at once',
      400,
      () => ask(`/api/trpc/${Array(1000).fill('auth.me').join(',')}?batch=1&input=%7B%7D`),
    ],
    ['PUT', 405, () => ask('/api/trpc/auth.me', { method: 'PUT' })],
    ['no such address', 404, () => ask('/api/nothing')],
    ['POST to a page', 405, () => post('/', '{}')],
    ['a Server Action', 405, () => post('/', '[]', { 'next-action': 'x' })],
  ]
  it.each(cases)('%s: %i', async (_what, status, run) => {
    const answer = await run()
    const text = await answer.text()
    expect(answer.status, text.slice(0, 300)).toBe(status)
    expect(text).not.toMatch(/node_modules|\.ts:\d|prisma/i)
  })
})

describe('every answer', () => {
  it('is not framed, guessed, referred or kept', async () => {
    const page = await ask('/')
    const api = await ask('/api/trpc/auth.me')
    for (const answer of [page, api]) {
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
      expect(answer.headers.get('x-frame-options')).toBe('DENY')
      expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
      expect(answer.headers.get('cross-origin-opener-policy')).toBe('same-origin')
      expect(answer.headers.get('x-powered-by')).toBeNull()
    }
    expect(api.headers.get('cache-control')).toBe('no-store')
    expect(api.headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'")
  })

  it('a page’s policy has a new nonce each time and no other host', async () => {
    const [first, second] = await Promise.all([ask('/'), ask('/')])
    const policy = first.headers.get('content-security-policy') ?? ''
    expect(policy).toMatch(/script-src 'self' 'nonce-[\w+/=]{24}' 'strict-dynamic'/)
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe-eval')
    const hosts = [...policy.matchAll(/\b(?:https?|wss?):\/\/[^\s;]+/g)].map(([host]) => host)
    expect(hosts).toEqual([server.origin.replace('http', 'ws')])
    expect(second.headers.get('content-security-policy')).not.toBe(policy)
  })

  it('health needs nothing and says nothing', async () => {
    const answer = await ask('/api/health')
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({ ok: true })
  })
})

describe('the chain proxy', () => {
  it('reads only', async () => {
    for (const method of [
      'eth_sendRawTransaction',
      'eth_sendTransaction',
      'anvil_setBalance',
      'eth_getLogs',
      'debug_traceCall',
      'personal_sign',
    ]) {
      const answer = await post('/api/rpc', JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: [] }))
      expect(answer.status, method).toBe(403)
    }
    const mixed = ['eth_chainId', 'evm_mine'].map((method, id) => ({
      jsonrpc: '2.0',
      id,
      method,
      params: [],
    }))
    expect((await post('/api/rpc', JSON.stringify(mixed))).status).toBe(403)
  })

  it('says so when the chain is silent', async () => {
    const answer = await post(
      '/api/rpc',
      JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] }),
    )
    expect(answer.status).toBe(502)
  })

  it('the test account signs for itself alone', async () => {
    const other = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
    const send = (body: unknown) => post('/api/dev-wallet', JSON.stringify(body))
    expect((await send({ method: 'eth_sendTransaction', params: [{ from: other, to: other }] })).status).toBe(
      403,
    )
    expect((await send({ method: 'personal_sign', params: ['0x00', other] })).status).toBe(403)
    expect((await send({ method: 'eth_sign', params: [other, '0x00'] })).status).toBe(400)
    expect(await (await send({ method: 'eth_accounts', params: [] })).json()).toEqual({
      result: ['0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f'],
    })
  })
})

// the last one: it uses up what this address may ask
describe('questions to the chain are counted one by one', () => {
  it('fifty in one message once cost as much as one', async () => {
    const fifty = Array.from({ length: 50 }, (_, id) => ({
      jsonrpc: '2.0',
      id,
      method: 'eth_chainId',
      params: [],
    }))
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => post('/api/rpc', JSON.stringify(fifty))),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses[0]).toBe(502)
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0)
  })
})
