import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { AnswerTooLong, plainFetch } from './plain-fetch.ts'

let server: Server | null = null
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

async function serve(listener: RequestListener): Promise<string> {
  const opened = createServer(listener)
  server = opened
  await new Promise<void>((resolve) => opened.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(opened.address() as AddressInfo).port}/`
}

describe('plainFetch', () => {
  it('sends method, headers and body, and gives status, headers and text', async () => {
    const url = await serve((request, response) => {
      request.setEncoding('utf8').on('data', (body: string) => {
        response.writeHead(429, 'Too Many', { 'content-type': 'application/json', 'x-one': '1' })
        response.end(JSON.stringify([request.method, request.headers['x-asked'], body]))
      })
    })
    const answer = await plainFetch(url, { method: 'POST', headers: { 'x-asked': 'yes' }, body: 'ä' })
    expect([answer.ok, answer.status, answer.statusText]).toEqual([false, 429, 'Too Many'])
    expect(answer.headers.get('X-One')).toBe('1')
    expect(JSON.parse(await answer.text())).toEqual(['POST', 'yes', 'ä'])
  })

  it('unpacks, and takes no more than it may, packed or not', async () => {
    const url = await serve((request, response) => {
      const body = Buffer.alloc(100_000, 'x')
      const packed = request.url === '/packed'
      response.writeHead(200, packed ? { 'content-encoding': 'gzip' } : {})
      response.end(packed ? gzipSync(body) : body)
    })
    expect(await (await plainFetch(`${url}packed`)).text()).toBe('x'.repeat(100_000))
    for (const path of ['packed', '']) {
      const answer = plainFetch(`${url}${path}`, {}, 99_999)
      await expect(answer).rejects.toThrow(AnswerTooLong)
      await expect(answer).rejects.toThrow('too long: more than 99999 bytes')
    }
  })

  it('goes on to where an answer points, with all that was asked, unless it must not', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/there') return void request.pipe(response)
      response.writeHead(request.url === '/round' ? 308 : 307, {
        location: request.url === '/round' ? '/round' : '/there',
      })
      response.end()
    })
    expect(await (await plainFetch(url, { method: 'POST', body: 'asked' })).text()).toBe('asked')
    expect((await plainFetch(`${url}round`)).status).toBe(308)
    await expect(plainFetch(url, { redirect: 'error' })).rejects.toThrow('another place')
  })

  it('says so when the answer is cut off, when nobody is there, and when it was told to stop', async () => {
    const url = await serve((request, response) => {
      if (request.url !== '/cut') return
      response.writeHead(200, { 'content-length': 10 })
      response.write('half', () => request.socket.destroy())
    })
    await expect(plainFetch(`${url}cut`)).rejects.toThrow()
    await expect(plainFetch(url, { signal: AbortSignal.timeout(20) })).rejects.toThrow()
    server?.closeAllConnections()
    await new Promise((resolve) => server?.close(resolve))
    await expect(plainFetch(url)).rejects.toThrow('ECONNREFUSED')
  })

  it('does not ask again once an answer has begun, over a kept connection either', async () => {
    let asked = 0
    const url = await serve((_request, response) => {
      if (++asked === 1) return void response.end('here')
      response.writeHead(200, { 'content-length': 10 })
      response.write('half', () => setTimeout(() => response.socket?.resetAndDestroy(), 20))
    })
    expect(await (await plainFetch(url)).text()).toBe('here')
    await expect(plainFetch(url)).rejects.toThrow()
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(asked).toBe(2)
  })

  it('asks again over a new connection when a kept one was closed just then', async () => {
    const used: Socket[] = []
    const url = await serve((request, response) => {
      // the second question over the same connection meets one that is being closed
      if (used.includes(request.socket)) return void request.socket.resetAndDestroy()
      used.push(request.socket)
      response.end('here')
    })
    for (let i = 0; i < 3; i++) expect(await (await plainFetch(url)).text()).toBe('here')
    expect(used).toHaveLength(3)
  })
})
