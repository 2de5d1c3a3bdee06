import { encode, rfc8949EncodeOptions } from 'cborg'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CborValue, encodeCbor } from './cbor.ts'
import { EncodedCbor } from './write-cbor.ts'

const reference = (value: CborValue): Uint8Array => new Uint8Array(encode(value, rfc8949EncodeOptions))

const edges = [23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]
const integer = fc.oneof(fc.constantFrom(...edges), fc.maxSafeInteger(), fc.nat(300))
const bytes = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 200, maxLength: 300 }))
const leaf = fc.oneof(
  integer,
  integer.map((value) => -value),
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n - 1n }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.boolean(),
  fc.constant(null),
  bytes,
) as fc.Arbitrary<CborValue>
const { value } = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('value'), { maxLength: 6 }),
    // keys that are told apart by their encoding, as a Map does not for bytes and for 1 and 1n
    fc
      .uniqueArray(fc.tuple(leaf, tie('value')), {
        maxLength: 30,
        selector: ([key]) => Buffer.from(reference(key)).toString('hex'),
      })
      .map((pairs) => new Map(pairs)),
  ),
}))

describe('deterministic CBOR', () => {
  it('is what cborg makes of the same value', () => {
    fc.assert(
      fc.property(value, (one) => {
        expect(encodeCbor(one)).toEqual(reference(one))
      }),
      { numRuns: 2000 },
    )
  })

  it('grows as far as a value needs', () => {
    const large = [new Uint8Array(200_000).fill(1), new Map([[2, new Uint8Array(300_000)]])]
    expect(encodeCbor(large)).toEqual(reference(large))
  })

  it('takes over what is encoded already', () => {
    fc.assert(
      fc.property(value, (inner) => {
        const spliced = encodeCbor([1, new EncodedCbor(encodeCbor(inner)), 'x'])
        expect(spliced).toEqual(reference([1, inner, 'x']))
      }),
    )
  })

  it('refuses what no log holds', () => {
    for (const no of [1.5, Number.NaN, 2 ** 53, 2n ** 64n, -(2n ** 64n) - 1n, undefined, {}] as CborValue[])
      expect(() => encodeCbor([no])).toThrow(RangeError)
    // and the next one is none the worse for it
    expect(encodeCbor([1])).toEqual(Uint8Array.of(0x81, 1))
  })
})
