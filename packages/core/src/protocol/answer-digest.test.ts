import fc from 'fast-check'
import { bytesToHex, getAddress, hashTypedData } from 'viem'
import { expect, it } from 'vitest'
import { answerDigest } from './answer-digest.ts'
import { answerTypedData } from './typed-data.ts'

const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((b) => bytesToHex(b))
const integer = (bits: number) => fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n })

it('is what EIP-712 says, for every answer and every Market', () => {
  fc.assert(
    fc.property(
      fc.record({ chainId: fc.nat(), market: bytes(20).map((address) => getAddress(address)) }),
      fc.record({
        orderId: integer(256),
        nonce: bytes(32),
        root: bytes(32),
        size: integer(64),
        answersHash: bytes(32),
        signedAt: integer(64),
      }),
      (domain, message) => {
        expect(answerDigest(domain, message)).toBe(hashTypedData(answerTypedData(domain, message)))
      },
    ),
  )
})
