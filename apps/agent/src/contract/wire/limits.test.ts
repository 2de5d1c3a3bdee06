import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseEndpoint } from '@dmc/core/protocol/endpoint'
import { WIRE_LIMITS } from '@dmc/core/protocol/limits'
import { describe, expect, it } from 'vitest'
import { createMemoryRun } from '../../../test/support/memory-run.ts'
import { rawSocket } from '../../../test/support/raw-socket.ts'
import { type GivenMiner, useMiners } from '../../../test/support/use-miners.ts'
import { seededBytes } from '../../../test/support/volume-bytes.ts'
import { givesWay } from './connection-guard.ts'
import { deliver } from './deliver.ts'
import { createMinerServer } from './miner-server.ts'
import { sayHello } from './say-hello.ts'

const MIB = 1024 * 1024
/** Where `startMiner` receives bodies. */
const POOL = 64 * MIB
const SESSION = 'aa'.repeat(16)
const givenMiner = useMiners()
const signal = new AbortController().signal

async function tokenOf({ miner, market, orderId, user }: GivenMiner): Promise<string> {
  const { token } = await sayHello({
    endpoint: parseEndpoint(miner.endpoint),
    address: '127.0.0.1',
    reader: market,
    order: await market.order(orderId),
    role: 'user',
    signer: user,
    signal,
  })
  return token
}

interface Asked {
  method?: string
  path: string
  token?: string
  headers?: string[]
  body?: Buffer | string
  /** Sent as content-length; false: none. Default: that of the body, if there is one. */
  length?: number | false
}

/** One request over a connection of its own; resolves with status and code of the typed error. */
async function ask({ miner }: GivenMiner, asked: Asked): Promise<{ status: number; code: string }> {
  const { method = 'GET', path, token, headers = [], body = '', length } = asked
  const raw = await rawSocket(miner.server.port)
  const lines = [`${method} ${path} HTTP/1.1`, 'host: miner', 'connection: close', ...headers]
  if (token) lines.push(`authorization: Bearer ${token}`)
  if (length !== false && (length !== undefined || body.length > 0))
    lines.push(`content-length: ${length ?? body.length}`)
  raw.send(`${lines.join('\r\n')}\r\n\r\n`)
  if (body.length > 0) raw.send(Buffer.from(body))
  const { text } = await raw.closed
  const json = text.slice(text.indexOf('\r\n\r\n') + 4)
  return {
    status: Number(text.slice(9, 12)),
    code: json.startsWith('{') ? String(JSON.parse(json).code) : '',
  }
}

describe('bounds on what a peer sends', () => {
  it('heads, JSON and data have their sizes, told before anything is read', async () => {
    const given = await givenMiner({ tls: false })
    const token = await tokenOf(given)
    const order = `/v1/orders/${given.orderId}`
    const leaves = { method: 'PUT', path: `${order}/leaves/0`, token, headers: [`dmc-session: ${SESSION}`] }
    expect(await ask(given, { path: '/v1/info', headers: [`x: ${'a'.repeat(9000)}`] })).toEqual({
      status: 431,
      code: 'REQUEST_TOO_LARGE',
    })
    const long = JSON.stringify({ session: SESSION, base: null, more: 'a'.repeat(WIRE_LIMITS.jsonBytes) })
    for (const route of ['append', 'seal', 'challenge', 'hello']) {
      const asked = { method: 'POST', path: `${order}/${route}`, token, body: long }
      expect(await ask(given, asked), route).toEqual({ status: 413, code: 'REQUEST_TOO_LARGE' })
      expect(await ask(given, { ...asked, body: '', length: 10 ** 12 }), route).toMatchObject({ status: 413 })
    }
    expect(await ask(given, { ...leaves, length: 8 * MIB + 1 })).toEqual({
      status: 413,
      code: 'REQUEST_TOO_LARGE',
    })
    expect(
      await ask(given, {
        ...leaves,
        headers: [...leaves.headers, 'transfer-encoding: chunked'],
        body: '0\r\n\r\n',
        length: false,
      }),
    ).toEqual({
      status: 400,
      code: 'REQUEST_INVALID',
    })
    expect(given.miner.lent).toBe(0)
  })

  it('nothing but the routes and forms of the protocol', async () => {
    const given = await givenMiner({ tls: false })
    const token = await tokenOf(given)
    const order = `/v1/orders/${given.orderId}`
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/v1'],
      ['GET', '/v2/info'],
      ['POST', '/v1/info'],
      ['GET', `${order}/`],
      ['GET', `${order}/nothing`],
      ['DELETE', order],
      ['PUT', `${order}/data`],
      ['GET', `${order}/leaves/0`],
      ['PUT', `${order}/leaves`],
      ['PUT', `${order}/leaves/-1`],
      ['PUT', `${order}/leaves/01`],
      ['PUT', `${order}/leaves/9999999999999999`],
      ['GET', `${order}/data/0`],
      ['GET', '/v1/orders/-1'],
      ['GET', '/v1/orders/01'],
      ['GET', '/v1/orders/0x1'],
      ['GET', '/v1/orders/1%20OR%201=1'],
      ['GET', `/v1/orders/${'9'.repeat(79)}`],
      ['GET', '/v1/orders/__proto__'],
      ['GET', '/v1/orders/../../etc/passwd'],
      ['GET', '//evil.example/v1/info'],
      ['GET', 'http://evil.example/v1/orders/1/nothing'],
      ['OPTIONS', '*'],
    ] as const) {
      expect(await ask(given, { method, path, token }), `${method} ${path}`).toEqual({
        status: 400,
        code: 'REQUEST_INVALID',
      })
    }
    const post = (route: string, body: string) =>
      ask(given, { method: 'POST', path: `${order}/${route}`, token, body })
    for (const body of [
      'x',
      '[]',
      'null',
      '{}',
      '{"session":"aa"}',
      '{"__proto__":{"session":1}}',
      '\u0000',
      '"',
    ]) {
      for (const route of ['append', 'seal', 'challenge', 'hello']) {
        expect(await post(route, body), `${route} ${body}`).toEqual({ status: 400, code: 'REQUEST_INVALID' })
      }
    }
    for (const query of [
      '',
      '?offset=0',
      '?offset=-1&length=1&root=0x&size=1',
      '?offset=1e3&length=1024&size=1024',
    ]) {
      expect(await ask(given, { path: `${order}/data${query}`, token })).toMatchObject({
        code: 'REQUEST_INVALID',
      })
      expect(await ask(given, { path: `${order}/roots${query}`, token })).toMatchObject({
        code: 'REQUEST_INVALID',
      })
    }
    for (const headers of [[], ['dmc-session: x'], [`dmc-session: ${SESSION}, ${SESSION}`]]) {
      const asked = { method: 'PUT', path: `${order}/leaves/0`, token, headers, body: Buffer.alloc(1024) }
      expect(await ask(given, asked)).toEqual({ status: 400, code: 'REQUEST_INVALID' })
    }
    expect(await ask(given, { path: `${order}` })).toEqual({ status: 401, code: 'TOKEN_INVALID' })
    expect(await ask(given, { path: '/v1/orders/77/header' })).toEqual({
      status: 404,
      code: 'ORDER_NOT_FOUND',
    })
    const raw = await rawSocket(given.miner.server.port)
    raw.send('\x16\x03\x01 this is not HTTP\r\n\r\n')
    expect((await raw.closed).text).toMatch(/^HTTP\/1.1 400 .*REQUEST_INVALID/s)
    // and it still works
    expect((await (await given.connect()).status()).state).toBe('preparing')
  })

  it('a slow head, a slow JSON body, slow data and silence are cut off', async () => {
    const given = await givenMiner({
      tls: false,
      limits: { headMs: 400, slowAfterMs: 400, minRate: 100_000, idleMs: 2000 },
    })
    const token = await tokenOf(given)
    const { port } = given.miner.server
    const drip = async (head: string, piece: string) => {
      const raw = await rawSocket(port)
      raw.send(head)
      const timer = setInterval(() => raw.send(piece), 50)
      const { ms } = await raw.closed
      clearInterval(timer)
      return ms
    }
    const order = `/v1/orders/${given.orderId}`
    const head = (line: string, length: number) =>
      `${line} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ndmc-session: ${SESSION}\r\ncontent-length: ${length}\r\n\r\n`
    const times = await Promise.all([
      drip('GET /v1/info HTTP/1.1\r\n', 'x'),
      drip('', ''),
      drip(head(`POST ${order}/append`, 1000), ' '),
      drip(head(`PUT ${order}/leaves/0`, 8 * MIB), 'x'),
    ])
    for (const ms of times) expect(ms).toBeLessThan(8000)
    expect(given.miner.lent).toBe(0)
  })

  it('who sends slowly keeps no memory from an order that has less of it, and loses no more than that', async () => {
    const given = await givenMiner({
      tls: false,
      limits: { slowAfterMs: 400, minRate: 10_000, crowdedRate: MIB },
    })
    const token = await tokenOf(given)
    const { bodies, server } = given.miner
    const dripping = await Promise.all(
      [0, 1].map(async (i) => {
        const raw = await rawSocket(server.port)
        raw.send(
          `PUT /v1/orders/${given.orderId}/leaves/${i * 8192} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ndmc-session: ${SESSION}\r\ncontent-length: ${8 * MIB}\r\n\r\n`,
        )
        const timer = setInterval(() => raw.send('x'.repeat(1024)), 50)
        let open = true
        void raw.closed.then(() => {
          open = false
          clearInterval(timer)
        })
        return { isOpen: () => open, end: () => raw.socket.destroy() }
      }),
    )
    const open = () => dripping.filter(({ isOpen }) => isOpen()).length
    await expect.poll(() => bodies.lent).toBe(16 * MIB)
    await sleep(1500)
    expect(open(), 'while nobody waits').toBe(2)

    // everything else is on loan to others; with as much as the slow one, they press nobody
    const others = []
    for (let i = 0; bodies.lent < POOL; i++) others.push(await bodies.acquire(8 * MIB, `other ${i}`))
    let served = 0
    const newcomer = bodies.acquire(2 * MIB, 'newcomer').then((lease) => {
      served++
      return lease
    })
    await expect.poll(() => served, { timeout: 5000 }).toBe(1)
    expect(open(), 'one piece gave way').toBe(1)
    const large = bodies.acquire(8 * MIB, 'as large as what is left').then((lease) => {
      served++
      return lease
    })
    await sleep(1500)
    expect([served, open()], 'who would have as much waits').toEqual([1, 1])
    for (const lease of [...others, await newcomer]) lease.release()
    ;(await large).release()
    for (const { end } of dripping) end()
    await expect.poll(() => bodies.lent).toBe(0)
  })

  it('memory comes back from a peer that never takes its answer', async () => {
    const given = await givenMiner({
      tls: false,
      capacity: 32,
      limits: { slowAfterMs: 300, minRate: 64 * MIB },
    })
    const log = seededBytes(32 * MIB, 1)
    const run = createMemoryRun(log, 32, null)
    const client = await given.connect()
    await deliver({ client, run, signal })
    given.market.agree(given.orderId, run.commitment)
    await given.store.committed(run.commitment)
    const token = await tokenOf(given)
    const { root, size } = run.commitment
    const greedy = await Promise.all(
      [0, 1, 2].map(async (i) => {
        const raw = await rawSocket(given.miner.server.port)
        raw.socket.pause()
        const query = `offset=${i * 8 * MIB}&length=${8 * MIB}&root=${root}&size=${size}`
        raw.send(
          `GET /v1/orders/${given.orderId}/data?${query} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`,
        )
        return raw
      }),
    )
    for (let i = 0; i < 100 && given.miner.lent === 0; i++) await sleep(50)
    expect(given.miner.lent).toBeGreaterThan(0)
    for (let i = 0; i < 200 && given.miner.lent > 0; i++) await sleep(50)
    expect(given.miner.lent).toBe(0)
    for (const { socket } of greedy) socket.destroy()
  })

  it('strangers can’t take all places: the oldest of them gives way to who comes', async () => {
    const given = await givenMiner({ tls: false, limits: { connections: 6 } })
    const client = await given.connect({ connections: 1 })
    await client.status()
    const strangers = await Promise.all(Array.from({ length: 20 }, () => rawSocket(given.miner.server.port)))
    // the honest connection that showed a token stays
    expect((await client.status()).state).toBe('preparing')
    const second = await given.connect({ connections: 1 })
    expect((await second.status()).state).toBe('preparing')
    expect(given.miner.server.connections).toBeLessThanOrEqual(6)
    for (const { socket } of strangers) socket.destroy()
  })

  it.runIf(process.platform === 'linux').each([
    ['', false],
    [' that never agree on TLS', true],
  ])(
    'a flood of connections%s from one place pushes out itself, not who comes from another',
    async (_what, tls) => {
      const given = await givenMiner({ tls, limits: { connections: 6 } })
      const from = async (localAddress: string) => {
        const socket = connect({ port: given.miner.server.port, host: '127.0.0.1', localAddress })
        socket.on('error', () => {})
        await new Promise((resolve) => socket.once('connect', resolve))
        return socket
      }
      const honest = await from('127.0.0.1')
      let cutOff = false
      honest.once('close', () => {
        cutOff = true
      })
      const flood: Socket[] = []
      for (let i = 0; i < 60; i++) flood.push(await from('127.0.0.2'))
      const gone = () => flood.filter(({ closed }) => closed).length
      // twice as many may shake hands as may speak
      await expect.poll(gone).toBe(60 - (tls ? 12 : 6) + 1)
      expect(flood.at(-1)?.closed, 'who came last is in').toBe(false)
      expect(cutOff).toBe(false)
      // the same host, a moment later, under the same flood
      const client = await given.connect({ connections: 1 })
      expect((await client.status()).state).toBe('preparing')
      for (const socket of [honest, ...flood]) socket.destroy()
    },
  )

  it('of connections without a token the oldest of whoever has most gives way', () => {
    const all = [...'bacaab'].map((from, i) => [i, { from }] as const)
    expect(givesWay(all, 'd')).toBe(1)
    expect(givesWay(all, 'a')).toBe(1)
    // b would have as many as a, and has the oldest
    expect(givesWay(all, 'b')).toBe(0)
    expect(givesWay([[0, { from: 'a' }]], 'b')).toBe(0)
    expect(givesWay([], 'a')).toBe(undefined)
  })

  it('an order has its share of connections', async () => {
    const given = await givenMiner({ tls: false, limits: { connectionsPerOrder: 2 } })
    const token = await tokenOf(given)
    const hold = async () => {
      const raw = await rawSocket(given.miner.server.port)
      raw.send(
        `GET /v1/orders/${given.orderId} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`,
      )
      await new Promise((resolve) => raw.socket.once('data', resolve))
      return raw
    }
    const held = [await hold(), await hold()]
    const third = await ask(given, { path: `/v1/orders/${given.orderId}`, token })
    expect(third).toEqual({ status: 429, code: 'TOO_MANY_REQUESTS' })
    held[0]?.socket.destroy()
    await held[0]?.closed
    // as soon as the server has noticed that one is gone
    let status = 429
    for (let i = 0; i < 200 && status === 429; i++) {
      await sleep(20)
      ;({ status } = await ask(given, { path: `/v1/orders/${given.orderId}`, token }))
    }
    expect(status).toBe(200)
    held[1]?.socket.destroy()
  })

  it('hellos and other requests without a token are limited per address', async () => {
    const given = await givenMiner({ tls: false, limits: { helloBurst: 2, helloPerSecond: 0 } })
    // a hello that may begin may also finish
    await given.connect()
    await given.connect()
    await expect(given.connect()).rejects.toMatchObject({
      code: 'TOO_MANY_REQUESTS',
      retryable: true,
      message: 'Too many hellos from this address.',
    })
    // info and each step of a hello are requests without a token: 8 of those are used up
    expect(await ask(given, { path: `/v1/orders/${given.orderId}/header` })).toEqual({
      status: 429,
      code: 'TOO_MANY_REQUESTS',
    })
    expect(await ask(given, { path: '/v1/info' })).toEqual({ status: 429, code: 'TOO_MANY_REQUESTS' })
  })
})

describe('what a peer is told', () => {
  it('no reads before the order is active', async () => {
    const given = await givenMiner({ tls: false, capacity: 2 })
    const run = createMemoryRun(seededBytes(MIB, 1), 2, null)
    // without patience: a client waits a while for a miner that has not heard of an agreement yet
    const client = await given.connect({ patienceMs: 0 })
    await deliver({ client, run, signal })
    const refused = { code: 'READ_NOT_ALLOWED' }
    await expect(client.data(0, 1024, run.commitment)).rejects.toMatchObject(refused)
    await expect(client.roots(0, 1, run.commitment)).rejects.toMatchObject(refused)
    await expect(client.challenge([0n], run.commitment)).rejects.toMatchObject(refused)
    const probe = { offset: 0n, length: 1024n, key: new Uint8Array(32) }
    await expect(client.probe(probe, run.commitment)).rejects.toMatchObject(refused)
    await expect(client.header()).rejects.toMatchObject(refused)
    given.market.agree(given.orderId, run.commitment)
    // the server learns of the agreement by itself
    const read = async () => (await client.data(0, 1024, run.commitment)).length
    let length: number | string = 'refused'
    for (let i = 0; i < 200 && length === 'refused'; i++) {
      await sleep(50)
      length = await read().catch((error) => (error.code === 'READ_NOT_ALLOWED' ? 'refused' : String(error)))
    }
    expect(length).toBe(1024)
    const unknown = { ...run.commitment, size: 1024n }
    await expect(client.data(0, 1024, unknown)).rejects.toMatchObject({ code: 'COMMITMENT_UNKNOWN' })
    await expect(client.challenge([1024n], run.commitment)).rejects.toMatchObject({
      code: 'PROOF_INDEX_OUT_OF_RANGE',
    })
  })

  it('nothing of the miner’s host', async () => {
    const { DmcError } = await import('@dmc/core/errors/dmc-error')
    const secret = '/srv/disks/secret-path'
    let fail: Error = new Error(`open ${secret} failed`)
    const given = await givenMiner({
      tls: false,
      server: {
        stores: async () => {
          throw fail
        },
      },
    })
    const token = await tokenOf(given).catch(() => '')
    expect(token).toBe('')
    for (const [thrown, status, code] of [
      [fail, 500, 'PEER_ERROR'],
      [new DmcError('SECTOR_NOT_MOUNTED', secret, { hint: secret }), 503, 'SECTOR_NOT_MOUNTED'],
      [new DmcError('DISK_FULL', secret, { hint: secret }), 507, 'DISK_FULL'],
      [new DmcError('SECTOR_DAMAGED', secret, { hint: secret }), 500, 'SECTOR_DAMAGED'],
      [new DmcError('RPC_UNREACHABLE', `http://user:${secret}@node`, { hint: secret }), 503, 'PEER_ERROR'],
    ] as const) {
      fail = thrown
      const raw = await rawSocket(given.miner.server.port)
      raw.send(`GET /v1/orders/${given.orderId}/header HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
      const { text } = await raw.closed
      expect(text).toContain(`HTTP/1.1 ${status}`)
      expect(text).toContain(`"code":"${code}"`)
      expect(text).not.toContain('secret')
    }
    const journal = given.miner.journal.list({ subject: `order:${given.orderId}` })
    expect(journal.some(({ event, message }) => event === 'request-failed' && message.includes(secret))).toBe(
      true,
    )
  })
})

describe('where a miner listens', () => {
  it('plain http on loopback only, and one server per port', async () => {
    const given = await givenMiner({ tls: false })
    const options = {
      tls: null,
      reader: given.market,
      stores: async () => null,
      signer: given.account,
      journal: given.miner.journal,
      pool: given.miner.bodies,
      onSealed: () => {},
    }
    await expect(createMinerServer({ ...options, bind: '0.0.0.0', port: 0 })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    })
    await expect(
      createMinerServer({ ...options, bind: '127.0.0.1', port: given.miner.server.port }),
    ).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('EADDRINUSE') })
  })
})
