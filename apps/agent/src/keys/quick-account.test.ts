import { randomBytes } from 'node:crypto'
import { bytesToHex, recoverAddress } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { expect, it } from 'vitest'
import { quickAccount } from './quick-account.ts'

it('signs as viem does, to the bit', async () => {
  for (let i = 0; i < 50; i++) {
    const key = generatePrivateKey()
    const [quick, plain] = [quickAccount(key), privateKeyToAccount(key)]
    expect(quick.address).toBe(plain.address)
    for (let j = 0; j < 4; j++) {
      const hash = bytesToHex(randomBytes(32))
      const signature = await quick.sign({ hash })
      expect(signature).toBe(await plain.sign({ hash }))
      expect(await recoverAddress({ hash, signature })).toBe(plain.address)
    }
  }
})

it('signs also where the library does not load', async () => {
  const key = generatePrivateKey()
  const quick = quickAccount(key, () => Promise.reject(new Error('no WebAssembly here')))
  const hash = bytesToHex(randomBytes(32))
  expect(await quick.sign({ hash })).toBe(await privateKeyToAccount(key).sign({ hash }))
})
