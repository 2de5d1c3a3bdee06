import { createConnection } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { browserSocket, type SignedIn, signIn, startDashboard } from '../../../test/support/dashboard.ts'
import type { WebServer } from '../start-server.ts'

let server: WebServer
let person: SignedIn
/** Somebody who behaves, connected all the while. */
let good: ReturnType<typeof browserSocket>

beforeAll(async () => {
  server = await startDashboard()
  person = await signIn(server)
  good = browserSocket(server, person.jar.cookie)
})

afterAll(async () => {
  await good.client.close()
  await server.close()
})

const url = () => `ws://127.0.0.1:${server.port}/api/ws?connectionParams=1`
/** Too much is cut off: with its reason, if that arrived before the line went dead. */
const CUT = [1008, 1006]
const SUBSCRIBE = (id: number) =>
  `{"id":${id},"method":"subscription","params":{"path":"live.changes","input":{"json":{}}}}`
const HELLO = JSON.stringify({ method: 'connectionParams', data: { kind: 'browser' } })

/** How a connection ends: the HTTP status of a refused upgrade, or the close code. */
function fate(
  options: { headers?: Record<string, string>; address?: string },
  act: (socket: WebSocket) => void = () => {},
): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(options.address ?? url(), { headers: options.headers ?? {} })
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0))
    socket.on('open', () => act(socket))
    socket.on('close', (code) => resolve(code))
    socket.on('error', () => {})
  })
}

const own = () => ({ origin: server.origin })
const stillGood = async () => {
  expect(await good.api.auth.me.query()).toEqual({ address: person.account.address })
}

describe('a socket that misbehaves is closed, the server lives, others notice nothing', () => {
  it('a page of another site', async () => {
    expect(await fate({ headers: { origin: 'https://evil.example', cookie: person.jar.cookie } })).toBe(403)
    expect(await fate({ headers: { origin: 'null' } })).toBe(403)
    expect(await fate({ headers: { origin: `${server.origin}.evil.example` } })).toBe(403)
    expect(await fate({ headers: { origin: server.origin.replace('http', 'https') } })).toBe(403)
  })

  it('a cookie without an origin', async () => {
    expect(await fate({ headers: { cookie: person.jar.cookie } })).toBe(403)
  })

  it('no origin and a browser’s hello: nobody’s cookie is looked at', async () => {
    expect(await fate({}, (socket) => socket.send(HELLO))).toBe(4401)
  })

  it('an agent’s hello from a page', async () => {
    const data = {
      kind: 'agent',
      agentId: crypto.randomUUID(),
      nonce: `0x${'0'.repeat(64)}`,
      expiresAt: '1',
      signature: `0x${'0'.repeat(130)}`,
    }
    expect(
      await fate({ headers: own() }, (socket) =>
        socket.send(JSON.stringify({ method: 'connectionParams', data })),
      ),
    ).toBe(4401)
  })

  it('no hello within 5 s', async () => {
    const started = Date.now()
    expect(await fate({ headers: own() })).toBe(4401)
    expect(Date.now() - started).toBeGreaterThan(4_500)
    expect(Date.now() - started).toBeLessThan(7_000)
  })

  it('a hello that never was asked for in the address', async () => {
    expect(await fate({ headers: own(), address: `ws://127.0.0.1:${server.port}/api/ws` })).toBe(400)
  })

  it('other paths', async () => {
    for (const path of ['/', '/api/trpc', '/api/ws/', '/api/wsx?connectionParams=1', '/_next/webpack-hmr']) {
      expect(await fate({ headers: own(), address: `ws://127.0.0.1:${server.port}${path}` }), path).toBe(400)
    }
  })

  it('an absolute-form target', async () => {
    const answer = await raw(
      `GET http://169.254.169.254/api/ws?connectionParams=1 HTTP/1.1\r\nHost: x\r\nOrigin: ${server.origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(await raw('GET http://169.254.169.254/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 /,
    )
  })

  it('a request without an id', async () => {
    const answers: string[] = []
    await new Promise<void>((resolve) => {
      const socket = new WebSocket(url(), { headers: own() })
      socket.on('open', () => {
        socket.send(HELLO)
        socket.send('{"id":null,"method":"query"}')
        socket.send('{"id":null,"method":"query","params":{"path":"auth.me"}}')
        socket.send('[]')
        socket.send('null')
        socket.send('{"__proto__":{"id":1}}')
        socket.send('{"id":1,"method":"query","params":{"path":"__proto__.constructor"}}')
      })
      socket.on('message', (data) => {
        answers.push(String(data))
        if (answers.length >= 4) socket.close()
      })
      socket.on('close', () => resolve())
    })
    expect(answers.every((answer) => answer.includes('"error"'))).toBe(true)
    expect(answers.join()).not.toMatch(/ at .*\.(ts|mjs|js):/)
    await stillGood()
  })

  it('binary', async () => {
    expect(await fate({ headers: own() }, (socket) => socket.send(Buffer.from(HELLO)))).toBe(1003)
  })

  it('65 KiB of text', async () => {
    expect(await fate({ headers: own() }, (socket) => socket.send('x'.repeat(65 * 1024)))).toBe(1009)
  })

  it('a message in thousands of fragments', async () => {
    const code = await fate({ headers: own() }, (socket) => {
      for (let i = 0; i < 5_000; i++) socket.send('x', { fin: false })
    })
    expect([1008, 1009]).toContain(code)
    await stillGood()
  })

  it('a thousand messages at once', async () => {
    const code = await fate({ headers: own() }, (socket) => {
      socket.send(HELLO)
      for (let i = 0; i < 1_000; i++)
        socket.send(`{"id":${i + 1},"method":"query","params":{"path":"auth.me"}}`)
    })
    expect(code).toBe(1008)
    await stillGood()
  })

  it('a list of a hundred requests', async () => {
    const list = Array.from({ length: 100 }, (_, id) => ({
      id,
      method: 'query',
      params: { path: 'auth.me' },
    }))
    expect(
      await fate({ headers: own() }, (socket) => {
        socket.send(HELLO)
        socket.send(JSON.stringify(list))
      }),
    ).toBe(1008)
  })
})

describe('a list of requests is weighed as tRPC reads it, however it is dressed up', () => {
  const request = (id: number) => `{"id":${id},"method":"query","params":{"path":"auth.me"}}`
  const hundred = Array.from({ length: 100 }, (_, id) => request(id))

  it.each([
    ['a space before it', ` [${hundred.join(',')}]`],
    ['a line break and a tab before it', `\r\n\t[${hundred.join(',')}]`],
    [
      'the word method written with an escape',
      `[${hundred.join(',').replaceAll('"method"', '"\\u006dethod"')}]`,
    ],
    ['both', `\n[${hundred.join(',').replaceAll('"method"', '"\\u006d\\u0065thod"')}]`],
  ])('%s', async (_, text) => {
    const answers: string[] = []
    const code = await fate({ headers: own() }, (socket) => {
      socket.on('message', (data) => answers.push(String(data)))
      socket.send(HELLO)
      socket.send(text)
      setTimeout(() => socket.close(4000), 1_000)
    })
    expect(code).toBe(1008)
    expect(answers).toEqual([])
  })

  it('twenty in one message are answered, and count as twenty', async () => {
    const answers: string[] = []
    const code = await fate({ headers: own() }, (socket) => {
      socket.on('message', (data) => answers.push(String(data)))
      socket.send(HELLO)
      for (let i = 0; i < 15; i++) {
        socket.send(` [${Array.from({ length: 20 }, (_, n) => request(i * 20 + n)).join(',')}]`)
      }
      setTimeout(() => socket.close(4000), 1_000)
    })
    expect(CUT).toContain(code)
    // 200 at once, and some that came meanwhile; nothing of what came after the limit
    expect(answers.length).toBeLessThan(260)
    await stillGood()
  })
})

describe('a peer that takes without end', () => {
  it('thirty subscriptions on one socket', async () => {
    const started = new Set<unknown>()
    const code = await fate({ headers: own() }, (socket) => {
      socket.on('message', (data) => {
        const answer = JSON.parse(String(data))
        if (answer.result?.type === 'data') started.add(answer.id)
      })
      socket.send(HELLO)
      for (let i = 1; i <= 30; i++) socket.send(SUBSCRIBE(i))
      setTimeout(() => socket.close(4000), 2_000)
    })
    expect(CUT).toContain(code)
    expect(started.size).toBeLessThanOrEqual(20)
    await stillGood()
  })

  it('a subscription that is stopped makes room for another one', async () => {
    let answered = 0
    const code = await fate({ headers: own() }, (socket) => {
      socket.on('message', (data) => {
        const { id, result } = JSON.parse(String(data))
        if (result?.type === 'data') {
          answered++
          socket.send(`{"id":${id},"method":"subscription.stop"}`)
        }
        if (result?.type === 'stopped') {
          if (id >= 40) socket.close(4000)
          else socket.send(SUBSCRIBE(id + 1))
        }
      })
      socket.send(HELLO)
      socket.send(SUBSCRIBE(1))
    })
    expect(code).toBe(4000)
    expect(answered).toBe(40)
  })

  it('asks for megabytes and never reads them', async () => {
    const socket = new WebSocket(url(), { headers: own() })
    await new Promise((resolve) => socket.once('open', resolve))
    socket.send(HELLO)
    await new Promise((resolve) => setTimeout(resolve, 200))
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    socket.on('error', () => {})
    socket.pause()
    // each answer repeats the name that was asked for
    const path = 'x'.repeat(60 * 1024)
    for (let i = 1; i <= 190; i++) socket.send(`{"id":${i},"method":"query","params":{"path":"${path}"}}`)
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    socket.resume()
    const cut = await Promise.race([
      closed.then(() => true),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 3_000)),
    ])
    socket.terminate()
    expect(cut).toBe(true)
    await stillGood()
  })
})

describe('a session that ends', () => {
  it('closes its sockets within a second when it is signed out, and no others', async () => {
    const other = await signIn(server)
    const socket = new WebSocket(url(), { headers: { ...own(), cookie: other.jar.cookie } })
    await new Promise((resolve) => socket.once('open', resolve))
    socket.send(HELLO)
    const started = Date.now()
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    await other.api.auth.signOut.mutate()
    expect(await closed).toBe(4403)
    expect(Date.now() - started).toBeLessThan(1_000)
    await stillGood()
  })

  it('that ended between the cookie and the hello, unheard, opens nothing', async () => {
    const other = await signIn(server)
    const answers: string[] = []
    const code = await fate({ headers: { ...own(), cookie: other.jar.cookie } }, (socket) => {
      socket.on('message', (data) => answers.push(String(data)))
      // the row alone: as if the word of it had come before the socket was known
      void server.services.db.prisma.session
        .deleteMany({ where: { address: other.account.address } })
        .then(() => {
          socket.send(HELLO)
          socket.send('{"id":1,"method":"query","params":{"path":"auth.me"}}')
          setTimeout(() => socket.close(4000), 1_500)
        })
    })
    expect(code).toBe(4403)
    expect(answers.join()).not.toContain(other.account.address)
  })
})

describe('at last', () => {
  it('hundreds of sockets from one address', async () => {
    const open: WebSocket[] = []
    const results = await Promise.all(
      Array.from(
        { length: 120 },
        () =>
          new Promise<number>((resolve) => {
            const socket = new WebSocket(url(), { headers: own() })
            open.push(socket)
            socket.on('open', () => resolve(101))
            socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0))
            socket.on('error', () => {})
          }),
      ),
    )
    expect(results.filter((status) => status === 101).length).toBeLessThanOrEqual(40)
    expect(results).toContain(429)
    for (const socket of open) socket.terminate()
    await stillGood()
  })
})

/** Bytes as they are, and what comes back first. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(server.port, '127.0.0.1', () => socket.write(text))
    let answer = ''
    socket.on('data', (data) => {
      answer += data
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
    setTimeout(() => socket.destroy(), 2_000)
  })
}
