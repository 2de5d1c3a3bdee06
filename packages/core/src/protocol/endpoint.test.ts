import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Endpoint, formatEndpoint, parseEndpoint } from './endpoint.ts'

const HASH = `${'A'.repeat(42)}_`

describe('endpoint on chain', () => {
  it('reads what a miner sets', () => {
    expect(parseEndpoint(`https://miner.example:4443#spki=${HASH}`)).toEqual({
      protocol: 'https',
      host: 'miner.example',
      port: 4443,
      spki: [HASH],
    })
    expect(parseEndpoint(`https://[2A00:1450::1]:65535#spki=${HASH}.${HASH}`)).toMatchObject({
      host: '2a00:1450::1',
      spki: [HASH, HASH],
    })
    expect(parseEndpoint('http://127.0.0.1:1024')).toMatchObject({ protocol: 'http', spki: [] })
    expect(parseEndpoint('http://[::1]:2000').host).toBe('::1')
  })

  it.each([
    'file:///etc/passwd',
    'http://127.0.0.1:22',
    'http://127.0.0.1:0',
    'http://127.0.0.1:70000',
    'http://127.0.0.1:01024',
    'http://127.0.0.2:2000',
    'http://example.com:2000',
    `http://127.0.0.1:2000#spki=${HASH}`,
    'https://example.com:2000',
    `https://example.com:2000#spki=${HASH}.${HASH}.${HASH}`,
    `https://example.com:2000#spki=${HASH.slice(1)}`,
    `https://example.com:2000#spki=${HASH}#`,
    `https://example.com#spki=${HASH}`,
    `https://example.com:443#spki=${HASH}`,
    `https://example.com:2000/#spki=${HASH}`,
    `https://example.com:2000/x#spki=${HASH}`,
    `https://example.com:2000?x#spki=${HASH}`,
    `https://user@example.com:2000#spki=${HASH}`,
    `https://user:pw@example.com:2000#spki=${HASH}`,
    `https://example..com:2000#spki=${HASH}`,
    `https://-example.com:2000#spki=${HASH}`,
    `https://127.1:2000#spki=${HASH}`,
    `https://0x7f.1:2000#spki=${HASH}`,
    `https://017700000001:2000#spki=${HASH}`,
    `https://[::1:2000#spki=${HASH}`,
    `https://[::1%25eth0]:2000#spki=${HASH}`,
    `https://exa mple.com:2000#spki=${HASH}`,
    `https://example.com:2000\n#spki=${HASH}`,
    `HTTPS://example.com:2000#spki=${HASH}`,
    `https://${'a'.repeat(190)}.example:2000#spki=${HASH}`,
    `ws://example.com:2000#spki=${HASH}`,
    'https://',
    '',
  ])('refuses %s', (text) => {
    expect(() => parseEndpoint(text)).toThrow(expect.objectContaining({ code: 'ENDPOINT_INVALID' }))
  })

  it('comes back as it was written', () => {
    const hash = fc.string({ unit: fc.constantFrom(...'abcXYZ019-_'), minLength: 43, maxLength: 43 })
    const endpoint = fc.record({
      protocol: fc.constant('https' as const),
      host: fc.oneof(
        fc.ipV4(),
        fc.domain().filter((name) => name.length < 100),
        fc.constant('2a00::17'),
      ),
      port: fc.integer({ min: 1024, max: 65535 }),
      spki: fc.array(hash, { minLength: 1, maxLength: 2 }),
    })
    fc.assert(
      fc.property(endpoint, (given: Endpoint) => {
        const lower = { ...given, host: given.host.toLowerCase() }
        expect(parseEndpoint(formatEndpoint(lower))).toEqual(lower)
      }),
    )
  })

  it('never throws anything but its own error', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string({ unit: 'binary' }).map((text) => `https://${text}`),
        ),
        (text) => {
          try {
            parseEndpoint(text)
          } catch (error) {
            expect((error as { code?: string }).code).toBe('ENDPOINT_INVALID')
          }
        },
      ),
      { numRuns: 200 },
    )
  })
})
