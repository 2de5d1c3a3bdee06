import superjson from 'superjson'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signIn, startDashboard } from '../../test/support/dashboard.ts'
import { REFUSED_INPUT, readInput } from './read-input.ts'
import type { WebServer } from './start-server.ts'

const overWire = (value: unknown) => JSON.parse(JSON.stringify(value))

/** A few hundred bytes whose references double at every step: 2^60 ways through. */
const doubling = () => {
  const json: Record<string, unknown> = {}
  const referentialEqualities: Record<string, string[]> = {}
  for (let i = 0; i < 60; i++) {
    json[`n${i}`] = { a: 0, b: 0 }
    if (i > 0) referentialEqualities[`n${i - 1}`] = [`n${i}.a`, `n${i}.b`]
  }
  return { json, meta: { referentialEqualities, v: 1 } }
}
const hugeArray = { json: { x: 400_000_000 }, meta: { values: { x: [['typed-array', 'Uint8Array']] }, v: 1 } }
const deep = { json: JSON.parse('['.repeat(20_000) + ']'.repeat(20_000)) }

describe('an input that anybody wrote', () => {
  it('what our clients send is read as it was, also a value that is there twice', () => {
    const at = new Date(5)
    const value = { n: 5n, at, list: [{ at, none: undefined }] }
    expect(readInput(overWire(superjson.serialize(value)))).toEqual(value)
    expect(readInput(overWire(superjson.serialize(undefined)))).toBeUndefined()
  })

  it('references that double at every step make no endless walk', () => {
    expect(readInput(doubling())).toEqual(doubling().json)
  })

  it('a number that becomes a huge array, and other strange things, are refused', () => {
    expect(readInput(hugeArray)).toBe(REFUSED_INPUT)
    for (const annotation of ['regexp', 'set', 'map', 'Error', 'URL', ['class', 'A'], ['bigint']]) {
      expect(readInput({ json: ['1'], meta: { values: { 0: [annotation] } } })).toBe(REFUSED_INPUT)
    }
    expect(readInput({ json: '1', meta: { values: ['Date', { x: ['map'] }] } })).toBe(REFUSED_INPUT)
  })

  it('an endless nest is refused', () => {
    expect(readInput(deep)).toBe(REFUSED_INPUT)
  })
})

describe('one small anonymous GET does not hold up the server', () => {
  let server: WebServer
  beforeAll(async () => {
    server = await startDashboard()
  })
  afterAll(() => server.close())

  it.each([
    ['doubling references', doubling()],
    ['a huge array', hugeArray],
  ])('%s', async (_name, input) => {
    const query = encodeURIComponent(JSON.stringify(input))
    const answer = await fetch(`${server.url}/api/trpc/market.order?input=${query}`)
    expect(answer.status).toBe(400)
    const { api } = await signIn(server)
    expect(await api.auth.me.query()).not.toBeNull()
  })
})
