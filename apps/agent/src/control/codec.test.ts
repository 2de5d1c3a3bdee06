import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeJson, encodeJson, printJson } from './codec.ts'

describe('codec of the control socket', () => {
  it('carries bigint at any depth, of any size and sign', () => {
    const big = fc.bigInt(-(2n ** 256n), 2n ** 256n)
    const value = fc.oneof(big, fc.integer(), fc.string(), fc.boolean(), fc.constant(null))
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        value,
        fc.array(tie('tree')),
        fc.dictionary(fc.string(), tie('tree')),
      ),
    }))
    fc.assert(
      fc.property(tree, (any) => {
        fc.pre(!encodeJson(any).includes('"__proto__"'))
        const line = encodeJson(any)
        expect(line).not.toContain('\n')
        expect(decodeJson(line)).toEqual(any)
      }),
    )
  })

  it('refuses what is no number', () => {
    for (const text of [
      '{"$bigint":"1e3"}',
      '{"$bigint":5}',
      '{"$bigint":""}',
      `{"$bigint":"${'9'.repeat(99)}"}`,
    ]) {
      expect(() => decodeJson(text)).toThrow(SyntaxError)
    }
  })

  it('prints bigint as plain digits for scripts', () => {
    expect(printJson({ orderId: 12n, list: [1n, -2n] })).toBe('{"orderId":"12","list":["1","-2"]}')
  })
})
