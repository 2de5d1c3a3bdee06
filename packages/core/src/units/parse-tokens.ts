import { DmcError } from '../errors/dmc-error.ts'
import { TOKEN_DECIMALS } from './token-decimals.ts'

/** Money in the Market is uint128. */
const MAX_AMOUNT = (1n << 128n) - 1n

/**
 * An amount of tokens as a person types it (`12`, `0.5`, `1_000.25`), in token wei. No floats: every digit counts.
 * `symbol` only words the message (`ETH` for gas money has the same 18 decimals).
 * @throws BAD_AMOUNT for signs, exponents, more than 18 decimals, or more than 2^128 - 1 wei. 0 is an amount.
 */
export function parseTokens(text: string, symbol = 'DMC'): bigint {
  const match = /^(\d[\d_]{0,60})(?:\.(\d+))?$/.exec(text.trim())
  if (match === null) throw badAmount(text, symbol, 'is not an amount')
  const fraction = match[2] ?? ''
  if (fraction.length > TOKEN_DECIMALS) {
    throw badAmount(text, symbol, `has ${fraction.length} decimals; ${symbol} has ${TOKEN_DECIMALS}`)
  }
  const wei = BigInt((match[1] ?? '').replaceAll('_', '') + fraction.padEnd(TOKEN_DECIMALS, '0'))
  if (wei > MAX_AMOUNT) throw badAmount(text, symbol, 'is more than the Market can hold')
  return wei
}

function badAmount(text: string, symbol: string, why: string): DmcError {
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text
  return new DmcError('BAD_AMOUNT', `'${shown}' ${why}.`, {
    hint: `Write ${symbol} as a plain decimal number, for example 12 or 0.25.`,
  })
}
