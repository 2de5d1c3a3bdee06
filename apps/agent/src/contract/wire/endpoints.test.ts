import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Endpoint } from '@dmc/core/protocol/endpoint'
import { describe, expect, it } from 'vitest'
import { useMiners } from '../../../test/support/use-miners.ts'
import { resolveHost } from './resolve-host.ts'

const givenMiner = useMiners()
const HASH = `#spki=${'A'.repeat(43)}`

describe('endpoints that a miner may set on chain', () => {
  it('are refused when they are private, or no endpoints at all', async () => {
    const given = await givenMiner()
    for (const [endpoint, code] of [
      ['http://127.0.0.1:22', 'ENDPOINT_INVALID'],
      ['file:///etc/passwd', 'ENDPOINT_INVALID'],
      [`https://1.2.3.4:0${HASH}`, 'ENDPOINT_INVALID'],
      [`https://1.2.3.4:70000${HASH}`, 'ENDPOINT_INVALID'],
      [`https://1.2.3.4:22${HASH}`, 'ENDPOINT_INVALID'],
      [`https://169.254.169.254:8080${HASH}`, 'ENDPOINT_REFUSED'],
      [`https://[::ffff:10.0.0.1]:8080${HASH}`, 'ENDPOINT_REFUSED'],
      [`https://[::1]:8080${HASH}`, 'ENDPOINT_REFUSED'],
      [`https://[64:ff9b::a9fe:a9fe]:8080${HASH}`, 'ENDPOINT_REFUSED'],
      [`https://[fd00::1]:8080${HASH}`, 'ENDPOINT_REFUSED'],
      [`https://100.64.1.1:8080${HASH}`, 'ENDPOINT_REFUSED'],
      [`https://localhost:8080${HASH}`, 'ENDPOINT_REFUSED'],
      ['http://127.0.0.1:8080', 'ENDPOINT_REFUSED'],
      [given.miner.endpoint, 'ENDPOINT_REFUSED'],
    ] as const) {
      await expect(given.connect({ endpoint, allowPrivate: false }), endpoint).rejects.toMatchObject({ code })
    }
    given.market.endpoints.delete(1n)
    await expect(given.connect()).rejects.toMatchObject({ code: 'ENDPOINT_MISSING', retryable: true })
  })

  it('are dialled at the address that was checked, whatever the name means later', async () => {
    expect(await resolveHost({ protocol: 'https', host: '1.1.1.1', port: 4000, spki: [] }, false)).toBe(
      '1.1.1.1',
    )
    expect(await resolveHost({ protocol: 'https', host: 'localhost', port: 4000, spki: [] }, true)).toMatch(
      /^(127\.0\.0\.1|::1)$/,
    )
    const unknown: Endpoint = { protocol: 'https', host: 'no-such-host.invalid', port: 4000, spki: [] }
    await expect(resolveHost(unknown, true)).rejects.toMatchObject({
      code: 'PEER_UNREACHABLE',
      retryable: true,
    })
  })

  it('may not send us elsewhere', async () => {
    const given = await givenMiner()
    let elsewhere = 0
    const server = createServer((request, response) => {
      if (request.url === '/elsewhere') elsewhere++
      response.writeHead(302, { location: '/elsewhere', 'content-length': 0 })
      response.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    await expect(given.connect({ endpoint })).rejects.toMatchObject({ code: 'PEER_PROTOCOL' })
    expect(elsewhere).toBe(0)
    server.closeAllConnections()
    server.close()
  })
})
