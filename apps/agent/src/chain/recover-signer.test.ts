import fc from 'fast-check'
import { type Hex, numberToHex, recoverAddress } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { describe, expect, it } from 'vitest'
import { recoverSigner } from './recover-signer.ts'

const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const P = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn

const byViem = (hash: Hex, signature: Hex): Promise<string | null> =>
  recoverAddress({ hash, signature }).then(
    (address) => address.toLowerCase(),
    () => null,
  )
const bothWays = async (hash: Hex, signature: Hex) => {
  const [quick, viem] = [await recoverSigner(hash, signature), await byViem(hash, signature)]
  expect(quick).toBe(viem)
  return quick
}
const word = (value: bigint): string => numberToHex(value, { size: 32 }).slice(2)
const bytes = (length: number) =>
  fc
    .uint8Array({ minLength: length, maxLength: length })
    .map((data): Hex => `0x${Buffer.from(data).toString('hex')}`)

const account = privateKeyToAccount(generatePrivateKey())

describe('the signer of a hash is recovered as viem does it', () => {
  it('from real signatures, with either form of v and with high s', async () => {
    await fc.assert(
      fc.asyncProperty(bytes(32), async (hash) => {
        const signature = await account.sign({ hash })
        const [rs, v] = [signature.slice(0, 130), signature.slice(130)]
        expect(await bothWays(hash, signature)).toBe(account.address.toLowerCase())
        await bothWays(hash, `${rs}${v === '1b' ? '00' : '01'}` as Hex)
        await bothWays(hash, signature.toUpperCase().replace('0X', '0x') as Hex)
        await bothWays(hash, `${rs}${v === '1b' ? '1c' : '1b'}` as Hex)
        const highS = N - BigInt(`0x${signature.slice(66, 130)}`)
        await bothWays(hash, `${signature.slice(0, 66)}${word(highS)}${v === '1b' ? '1c' : '1b'}` as Hex)
      }),
      { numRuns: 40 },
    )
  })

  it('from anything of 65 bytes, and from real ones of which one byte is another', async () => {
    await fc.assert(
      fc.asyncProperty(bytes(32), bytes(65), fc.nat(64), fc.nat(255), async (hash, any, at, byte) => {
        await bothWays(hash, any)
        await bothWays(hash, `${any.slice(0, 130)}1b` as Hex)
        const changed = Buffer.from((await account.sign({ hash })).slice(2), 'hex')
        changed[at] = byte
        await bothWays(hash, `0x${changed.toString('hex')}`)
      }),
      { numRuns: 60 },
    )
  })

  it('at the edges of the curve, for every recovery id', async () => {
    const hash: Hex = `0x${'11'.repeat(32)}`
    const edges = [0n, 1n, 2n, N - 1n, N, N + 1n, P - N, P - 1n, P, 2n ** 256n - 1n]
    for (const r of edges)
      for (const s of edges)
        for (const v of ['00', '01', '02', '03', '1a', '1b', '1c', '1d', '25', 'ff'])
          await bothWays(hash, `0x${word(r)}${word(s)}${v}`)
    for (const edge of [`0x${'00'.repeat(32)}`, `0x${word(N)}`, `0x${'ff'.repeat(32)}`] as Hex[])
      await bothWays(edge, await account.sign({ hash: edge }))
  })

  it('refuses other lengths and what is no hex', async () => {
    const hash: Hex = `0x${'22'.repeat(32)}`
    const signature = await account.sign({ hash })
    const wrong = [
      '0x',
      '0x1b',
      signature.slice(0, -2),
      `${signature}00`,
      `${signature.slice(0, 128)}1b`,
      `${signature.slice(0, 130)}zz`,
      signature.slice(2),
      `${signature}\n`,
    ]
    for (const text of wrong) expect(await bothWays(hash, text as Hex), JSON.stringify(text)).toBeNull()
  })

  it('also where the library does not load', async () => {
    const hash: Hex = `0x${'33'.repeat(32)}`
    const signer = await recoverSigner(hash, await account.sign({ hash }), () =>
      Promise.reject(new Error('no')),
    )
    expect(signer).toBe(account.address.toLowerCase())
  })
})
