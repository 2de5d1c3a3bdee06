import { answerDigest } from '@dmc/core/protocol/answer-digest'
import { answerTypedData } from '@dmc/core/protocol/typed-data'
import { type Hex, recoverTypedDataAddress } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { expect, it } from 'vitest'
import { isSignedByMiner, type RawAnswer } from './miner-client.ts'

const domain = { chainId: 31337, market: `0x${'12'.repeat(20)}` } as const
const word = (byte: string): Hex => `0x${byte.repeat(32)}`
const account = privateKeyToAccount(generatePrivateKey())

it('an answer is the miner’s exactly where viem says so of its typed data', async () => {
  const right = { nonce: word('01'), commitment: { root: word('02'), size: 2048n }, signedAt: 17n }
  const answersHash = word('03')
  const digest = answerDigest(domain, { orderId: 5n, ...right, ...right.commitment, answersHash })
  const signature = await account.sign({ hash: digest })
  const asked = async (changed: Partial<RawAnswer>, orderId = 5n, hash = answersHash) => {
    const raw: RawAnswer = { ...right, signature, miner: account.address, latencyMs: 1, ...changed }
    const said = await isSignedByMiner(domain, orderId, raw, hash)
    const message = {
      orderId,
      nonce: raw.nonce,
      ...raw.commitment,
      answersHash: hash,
      signedAt: raw.signedAt,
    }
    const from = await recoverTypedDataAddress({
      ...answerTypedData(domain, message),
      signature: raw.signature,
    }).catch(() => null)
    expect(said).toBe(from?.toLowerCase() === raw.miner.toLowerCase())
    return said
  }
  expect(await asked({})).toBe(true)
  for (const root of [word('04'), '0x12', `${word('02')}00`, '0x', 'no hex'] as Hex[])
    expect(await asked({ commitment: { root, size: 2048n } }), root).toBe(false)
  for (const size of [0n, 2049n, -1n, 2n ** 64n, 2n ** 64n + 2048n, 2n ** 256n + 2048n])
    expect(await asked({ commitment: { root: word('02'), size } }), `${size}`).toBe(false)
  for (const signedAt of [18n, -1n, 2n ** 64n + 17n]) expect(await asked({ signedAt })).toBe(false)
  for (const orderId of [6n, -5n, 2n ** 256n + 5n]) expect(await asked({}, orderId)).toBe(false)
  expect(await asked({ nonce: word('05') })).toBe(false)
  expect(await asked({}, 5n, word('06'))).toBe(false)
  for (const other of [
    '0x',
    `${signature}00`,
    `${signature.slice(0, 130)}1d`,
    signature.slice(0, 130),
  ] as Hex[])
    expect(await asked({ signature: other })).toBe(false)
  const stranger = privateKeyToAccount(generatePrivateKey()).address
  expect(await asked({ miner: stranger })).toBe(false)
})
