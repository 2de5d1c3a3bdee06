import { decodeErrorResult, type Hex } from 'viem'
import { DmcError } from '../errors/dmc-error.ts'
import { toDmcError } from '../errors/to-dmc-error.ts'
import { marketAbi } from './generated/market-abi.ts'
import { tokenAbi } from './generated/token-abi.ts'
import { MARKET_ERROR_TEXTS, type MarketErrorText } from './market-error-texts.ts'

const ABI = [...marketAbi, ...tokenAbi]

/**
 * What the Market or its token refused, for people: from revert data, or from whatever viem threw.
 * Custom errors become their `MARKET_*` code; other reverts `TX_REVERTED`; what is no revert at all keeps its own meaning.
 */
export function decodeMarketError(source: unknown): DmcError {
  if (DmcError.is(source)) return source
  const data = isHex(source) ? source : revertDataOf(source)
  if (data === null) return toDmcError(source)
  const cause = isHex(source) ? {} : { cause: source }
  const known = decoded(data)
  if (known === null) {
    const what = data === '0x' ? 'without saying why' : `with ${data.slice(0, 74)}`
    return new DmcError('TX_REVERTED', `The transaction reverted ${what}.`, {
      hint: 'Check that the Market’s address and version are the ones that this agent was made for.',
      ...cause,
    })
  }
  const [name, args] = known
  if (name === 'Error' || name === 'Panic') {
    return new DmcError('TX_REVERTED', `The transaction reverted with ${name}(${args.join(', ')}).`, {
      hint: 'This is a fault of the contract that was called: report it with the steps that led here.',
      ...cause,
    })
  }
  const text: MarketErrorText = MARKET_ERROR_TEXTS[name as keyof typeof MARKET_ERROR_TEXTS]
  return new DmcError(text.code, text.say(...(args as never[])), {
    hint: text.hint,
    meta: { error: name },
    ...cause,
  })
}

/** The data that a call or transaction reverted with, as deep as viem has wrapped it; null when nothing reverted. */
export function revertDataOf(thrown: unknown): Hex | null {
  for (let error = thrown, depth = 0; typeof error === 'object' && error !== null && depth < 16; depth += 1) {
    const { raw, data, cause } = error as { raw?: unknown; data?: unknown; cause?: unknown }
    if (isHex(raw)) return raw
    if (isHex(data)) return data
    // Some nodes nest it once more.
    const inner = typeof data === 'object' && data !== null ? (data as { data?: unknown }).data : undefined
    if (isHex(inner)) return inner
    error = cause
  }
  return null
}

function decoded(data: Hex): [name: string, args: readonly unknown[]] | null {
  try {
    const { errorName, args } = decodeErrorResult({ abi: ABI, data })
    return [errorName, args ?? []]
  } catch {
    return null
  }
}

const isHex = (value: unknown): value is Hex =>
  typeof value === 'string' && /^0x(?:[0-9a-f]{2})*$/i.test(value)
