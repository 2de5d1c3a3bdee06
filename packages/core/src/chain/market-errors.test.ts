import { BaseError, encodeErrorResult, type Hex, RpcRequestError } from 'viem'
import { describe, expect, it } from 'vitest'
import { ERROR_CODES } from '../errors/codes.ts'
import { DmcError } from '../errors/dmc-error.ts'
import { marketAbi } from './generated/market-abi.ts'
import { tokenAbi } from './generated/token-abi.ts'
import { MARKET_ERROR_TEXTS } from './market-error-texts.ts'
import { decodeMarketError, revertDataOf } from './market-errors.ts'

const errors = [...marketAbi, ...tokenAbi].filter((item) => item.type === 'error')
const upperSnake = (name: string) =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+\d*)([A-Z][a-z])/g, '$1_$2')
    .toUpperCase()

const sample = (type: string): unknown => {
  if (type === 'address') return '0x00000000000000000000000000000000000000a1'
  if (type === 'bytes32') return `0x${'cd'.repeat(32)}`
  if (type === 'string') return 'too long a name'
  return type === 'uint8' ? 1 : 1_800_000_007n
}
const encode = (error: (typeof errors)[number]): Hex =>
  encodeErrorResult({
    abi: [error],
    errorName: error.name,
    args: error.inputs.map((input) => sample(input.type)),
  } as Parameters<typeof encodeErrorResult>[0])

describe('decodeMarketError', () => {
  it('knows every custom error of Market and token, and no other', () => {
    expect(errors.length).toBeGreaterThan(70)
    expect(Object.keys(MARKET_ERROR_TEXTS).sort()).toEqual(
      [...new Set(errors.map(({ name }) => name))].sort(),
    )
  })

  it.each(errors.map((error) => [error.name, error] as const))(
    '%s has its code, a sentence with its values and a hint',
    (name, error) => {
      const result = decodeMarketError(encode(error))
      expect(result.code).toBe(`MARKET_${upperSnake(name)}`)
      expect(Object.hasOwn(ERROR_CODES, result.code)).toBe(true)
      expect(result.message).toMatch(/^[\dA-Z].*[.a-z]$/)
      expect(result.message).not.toContain('undefined')
      expect(result.hint).toMatch(/^[A-Z].+/)
      expect(result.meta.error).toBe(name)
      for (const [at, input] of error.inputs.entries()) {
        if (input.type !== 'address' && input.type !== 'bytes32') continue
        expect(result.message, `argument ${at}`).toMatch(/0x(0{38}a1|(cd){32})/i)
      }
    },
  )

  it.each(
    errors
      .filter(({ inputs }) => inputs.some(({ type }) => type === 'uint256'))
      .map((error) => [error.name, error] as const),
  )('%s shows each number: other numbers, another sentence', (_, error) => {
    const numbers = error.inputs.flatMap((input, at) => (input.type === 'uint256' ? [at] : []))
    for (const changed of numbers) {
      const args = error.inputs.map((input, at) => (at === changed ? 5n << 40n : sample(input.type)))
      const data = encodeErrorResult({ abi: [error], errorName: error.name, args } as Parameters<
        typeof encodeErrorResult
      >[0])
      expect(decodeMarketError(data).message).not.toBe(decodeMarketError(encode(error)).message)
    }
  })

  it('says the values in words that a person reads', () => {
    const data = encodeErrorResult({ abi: marketAbi, errorName: 'NotEnoughCapacity', args: [512n, 2_048n] })
    expect(decodeMarketError(data).message).toBe('The bill has 512 MiB free, 2 GiB are wanted.')
    const scope = encodeErrorResult({ abi: marketAbi, errorName: 'OperatorScope', args: [2n, 9n] })
    expect(decodeMarketError(scope).message).toContain('CHALLENGE; the operator has PREPARE, ENDPOINT')
  })

  it('finds revert data where viem and nodes put them', () => {
    const data = encodeErrorResult({ abi: marketAbi, errorName: 'ZeroPrice', args: [] })
    const rpc = new RpcRequestError({
      body: {},
      url: 'http://127.0.0.1',
      error: { code: 3, message: 'reverted', data },
    })
    const wrapped = new BaseError('outer', { cause: new BaseError('inner', { cause: rpc }) })
    const nested = new BaseError('outer', { cause: Object.assign(new Error('node'), { data: { data } }) })
    for (const thrown of [rpc, wrapped, nested, { raw: data }]) {
      expect(revertDataOf(thrown)).toBe(data)
      const result = decodeMarketError(thrown)
      expect(result.code).toBe('MARKET_ZERO_PRICE')
      expect(result.cause).toBe(thrown)
    }
  })

  it('keeps the meaning of everything else', () => {
    const own = new DmcError('NO_GAS', 'No gas.', { hint: 'Get some.' })
    expect(decodeMarketError(own)).toBe(own)
    expect(decodeMarketError('0x').code).toBe('TX_REVERTED')
    expect(decodeMarketError('0xdeadbeef').message).toContain('0xdeadbeef')
    const panic = `0x4e487b71${'11'.padStart(64, '0')}` as Hex
    expect(decodeMarketError(panic).message).toContain('Panic(17)')
    expect(decodeMarketError(new Error('socket hang up')).code).toBe('BUG')
    expect(revertDataOf(new Error('socket hang up'))).toBeNull()
  })
})
