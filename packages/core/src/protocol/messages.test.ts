import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leafAnswersHash, probeAnswerHash } from './answers-hash.ts'
import {
  appendRequest,
  challengeRequest,
  commitmentHeader,
  dataQuery,
  leavesReply,
  sealRequest,
  toWireCommitment,
  toWireInteger,
  wireInteger,
} from './messages.ts'

const ROOT = `0x${'ab'.repeat(32)}` as const
const SESSION = '00112233445566778899aabbccddeeff'

describe('wire integers', () => {
  it('keep any value, as numbers while these are exact', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
        const wire = JSON.parse(JSON.stringify(toWireInteger(value)))
        expect(typeof wire).toBe(value > 9007199254740991n ? 'string' : 'number')
        expect(wireInteger.parse(wire)).toBe(value)
      }),
    )
  })

  it.each([-1, 1.5, 2 ** 53, '01', '-1', '1e3', '', '0x10', ' 1', null, true, Number.NaN])(
    'refuses %s',
    (value) => {
      expect(wireInteger.safeParse(value).success).toBe(false)
    },
  )
})

describe('wire messages', () => {
  it('read commitments in any case of hex, null for none', () => {
    const base = toWireCommitment({ root: ROOT, size: 1024n })
    const upper = { root: `0x${'AB'.repeat(32)}`, size: '1024' }
    expect(appendRequest.parse({ session: SESSION, base })).toEqual({
      session: SESSION,
      base: { root: ROOT, size: 1024n },
    })
    expect(appendRequest.parse({ session: SESSION, base: upper }).base).toEqual({ root: ROOT, size: 1024n })
    expect(appendRequest.parse({ session: SESSION, base: null }).base).toBe(null)
    expect(commitmentHeader.parse(`${ROOT},4096`)).toEqual({ root: ROOT, size: 4096n })
  })

  it.each([
    [appendRequest, { session: SESSION.slice(1), base: null }],
    [appendRequest, { session: SESSION.toUpperCase(), base: null }],
    [appendRequest, { session: SESSION }],
    [sealRequest, { session: SESSION, root: ROOT.slice(0, 64), size: 1 }],
    [sealRequest, { session: SESSION, root: ROOT, size: -1 }],
    [sealRequest, { session: SESSION, root: ROOT, size: '99999999999999999999' }],
    [challengeRequest, { nonce: ROOT, root: ROOT, size: 1, leaves: [] }],
    [challengeRequest, { nonce: ROOT, root: ROOT, size: 1, leaves: Array(65).fill(0) }],
    [challengeRequest, { nonce: ROOT, root: ROOT, size: 1 }],
    [leavesReply, { durableSize: 0, chunks: Array(10).fill([0, ROOT]) }],
    [dataQuery, { offset: '0', length: '9007199254740992', root: ROOT, size: '1' }],
    [dataQuery, { offset: '-1', length: '1', root: ROOT, size: '1' }],
    [dataQuery, { offset: '1 OR 1=1', length: '1', root: ROOT, size: '1' }],
    [dataQuery, { offset: '0', length: '1024', size: '1' }],
  ])('refuse %#', (schema, body) => {
    expect(schema.safeParse(body).success).toBe(false)
  })
})

describe('answers hash', () => {
  const answer = (index: bigint, fill: number) => ({
    index,
    leaf: new Uint8Array(1024).fill(fill),
    path: [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)],
  })

  it('is the SHA-256 that the protocol names', () => {
    // printf '%016x' 7 | xxd -r -p, 1,024 bytes of 05, 32 of 01, 32 of 02 | sha256sum
    expect(leafAnswersHash([answer(7n, 5)])).toBe(
      '0xec26a1d78f941570d71f0ff69ee3fda33009ebc07614a8ac03a1f305ced55474',
    )
    const probe = {
      offset: 1024n,
      length: 2048n,
      key: new Uint8Array(32).fill(3),
      hmac: new Uint8Array(32).fill(4),
    }
    expect(probeAnswerHash(probe)).toBe('0xcdbbbf8cd8dbd0f551f8bbff7730023c00ae84679ea5e0a88257717765c6d6a2')
  })

  it('changes with every part of it and with the order', () => {
    const base = [answer(1n, 5), answer(2n, 6)]
    const other = [
      [answer(3n, 5), answer(2n, 6)],
      [answer(1n, 7), answer(2n, 6)],
      [answer(2n, 6), answer(1n, 5)],
      [answer(1n, 5)],
      [{ ...answer(1n, 5), path: [] }, answer(2n, 6)],
    ]
    for (const answers of other) expect(leafAnswersHash(answers)).not.toBe(leafAnswersHash(base))
  })
})
