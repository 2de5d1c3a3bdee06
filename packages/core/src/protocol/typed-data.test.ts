import { hashTypedData, recoverTypedDataAddress } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { describe, expect, it } from 'vitest'
import {
  type AnswerMessage,
  answerTypedData,
  type HelloMessage,
  helloTypedData,
  NO_CHANNEL,
} from './typed-data.ts'

const domain = { chainId: 31337, market: '0x00000000000000000000000000000000000000aA' } as const
const account = privateKeyToAccount(generatePrivateKey())
const bytes32 = (digit: string) => `0x${digit.repeat(64)}` as const
const hello: HelloMessage = {
  orderId: 7n,
  role: 'user',
  signer: account.address,
  peer: '0x00000000000000000000000000000000000000bb',
  userNonce: bytes32('1'),
  minerNonce: bytes32('2'),
  expiresAt: 1_790_000_000n,
  channel: NO_CHANNEL,
}
const answer: AnswerMessage = {
  orderId: 7n,
  nonce: bytes32('1'),
  root: bytes32('2'),
  size: 1024n,
  answersHash: bytes32('3'),
  signedAt: 1_790_000_000n,
}

describe('typed data', () => {
  it('is signed and recovered by viem', async () => {
    const signature = await account.signTypedData(helloTypedData(domain, hello))
    expect(await recoverTypedDataAddress({ ...helloTypedData(domain, hello), signature })).toBe(
      account.address,
    )
  })

  it('binds every field, the chain and the Market', () => {
    const base = hashTypedData(helloTypedData(domain, hello))
    const changes: Partial<HelloMessage>[] = [
      { orderId: 8n },
      { role: 'reader' },
      { signer: hello.peer },
      { peer: account.address },
      { userNonce: bytes32('3') },
      { minerNonce: bytes32('3') },
      { expiresAt: 1n },
      { channel: bytes32('4') },
    ]
    for (const change of changes) {
      expect(hashTypedData(helloTypedData(domain, { ...hello, ...change }))).not.toBe(base)
    }
    expect(hashTypedData(helloTypedData({ ...domain, chainId: 1 }, hello))).not.toBe(base)
    expect(hashTypedData(helloTypedData({ ...domain, market: account.address }, hello))).not.toBe(base)
    expect(changes).toHaveLength(Object.keys(hello).length)
  })

  it('binds every field of an answer', () => {
    const base = hashTypedData(answerTypedData(domain, answer))
    const changes: Partial<AnswerMessage>[] = [
      { orderId: 8n },
      { nonce: bytes32('9') },
      { root: bytes32('9') },
      { size: 2048n },
      { answersHash: bytes32('9') },
      { signedAt: 1n },
    ]
    for (const change of changes) {
      expect(hashTypedData(answerTypedData(domain, { ...answer, ...change }))).not.toBe(base)
    }
    expect(changes).toHaveLength(Object.keys(answer).length)
  })
})
