import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type TLSSocket, connect as tlsConnect } from 'node:tls'
import { parseEndpoint } from '@dmc/core/protocol/endpoint'
import { describe, expect, it } from 'vitest'
import { useMiners } from '../../../test/support/use-miners.ts'
import { exchange } from './exchange.ts'
import { createPinnedAgent, mustBePinned } from './pinned-agent.ts'
import { loadTlsIdentity } from './tls-identity.ts'

const givenMiner = useMiners()
const signal = new AbortController().signal
const mismatch = expect.objectContaining({ code: 'PEER_KEY_MISMATCH', retryable: false })

describe('the key pinned on chain (flow 11)', () => {
  it('is the only one that is talked to, on the first and on every later connection', async () => {
    const { miner, folder } = await givenMiner()
    const right = parseEndpoint(miner.endpoint)
    const other = await loadTlsIdentity(join(folder, 'other'))
    const wrong = { ...right, spki: [other.spki] }
    const agent = createPinnedAgent({ endpoint: wrong, address: '127.0.0.1', connections: 2 })
    const ask = (endpoint: typeof right, over = agent) =>
      exchange({ agent: over, endpoint, signal, method: 'GET', path: '/v1/info', most: 10_000 })
    await expect(ask(wrong)).rejects.toEqual(mismatch)
    await expect(ask(wrong)).rejects.toEqual(mismatch)
    await expect(Promise.all([ask(wrong), ask(wrong), ask(wrong)])).rejects.toEqual(mismatch)
    agent.destroy()
    // either of two keys: rotation
    const both = { ...right, spki: [other.spki, ...right.spki] }
    const good = createPinnedAgent({ endpoint: both, address: '127.0.0.1', connections: 2 })
    const sockets = await Promise.all([ask(both, good), ask(both, good)])
    for (const { socket } of sockets) expect((socket as TLSSocket).isSessionReused()).toBe(false)
    good.destroy()
  })

  it('is asked for on resumed sessions too: those show no certificate and are refused', async () => {
    const { miner } = await givenMiner()
    const endpoint = parseEndpoint(miner.endpoint)
    const first = tlsConnect({ host: '127.0.0.1', port: endpoint.port, rejectUnauthorized: false })
    const [session] = (await once(first, 'session')) as [Buffer]
    mustBePinned(first, endpoint)
    first.destroy()
    const resumed = tlsConnect({ host: '127.0.0.1', port: endpoint.port, rejectUnauthorized: false, session })
    await once(resumed, 'secureConnect')
    expect(resumed.isSessionReused()).toBe(true)
    expect(() => mustBePinned(resumed, endpoint)).toThrow(mismatch)
    resumed.destroy()
  })

  it('sends nothing to a wrong key: not even the request line', async () => {
    const { createServer } = await import('node:tls')
    const { folder, miner } = await givenMiner()
    const impostor = await loadTlsIdentity(join(folder, 'impostor'))
    let received = 0
    const server = createServer({ ...impostor, minVersion: 'TLSv1.3' }, (socket) => {
      socket.on('data', (data) => {
        received += data.length
      })
      socket.on('error', () => {})
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const endpoint = { ...parseEndpoint(miner.endpoint), port: (server.address() as { port: number }).port }
    const agent = createPinnedAgent({ endpoint, address: '127.0.0.1', connections: 1 })
    await expect(
      exchange({ agent, endpoint, signal, method: 'PUT', path: '/', body: Buffer.alloc(4096), most: 10 }),
    ).rejects.toEqual(mismatch)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(received).toBe(0)
    agent.destroy()
    server.close()
  })

  it('is read from the chain once more when it changed, at the start and in the middle', async () => {
    const given = await givenMiner()
    const { market, folder } = given
    const old = given.miner.endpoint
    const client = await given.connect()
    expect((await client.status()).state).toBe('preparing')
    // the miner gets a new key, on the same port
    await rm(join(folder, 'data', 'tls.pem'))
    await given.restart()
    expect(given.miner.endpoint).not.toBe(old)
    expect((await client.status()).state).toBe('preparing')
    const again = await given.connect({ endpoint: old })
    expect((await again.status()).state).toBe('preparing')
    // and when the chain still names the old one, that is final
    market.endpoints.set(1n, old)
    await expect(given.connect()).rejects.toEqual(mismatch)
  })
})
