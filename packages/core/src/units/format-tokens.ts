import { TOKEN_DECIMALS } from './token-decimals.ts'

const ONE = 10n ** BigInt(TOKEN_DECIMALS)

/** Token wei, every digit, no trailing zeros, no symbol: `parseTokens(formatTokensExact(x)) === x` for x >= 0. */
export function formatTokensExact(wei: bigint): string {
  const magnitude = wei < 0n ? -wei : wei
  const fraction = (magnitude % ONE).toString().padStart(TOKEN_DECIMALS, '0').replace(/0+$/, '')
  return `${wei < 0n ? '-' : ''}${magnitude / ONE}${fraction === '' ? '' : `.${fraction}`}`
}

/**
 * Token wei for people: thousands grouped, at most `digits` decimals (default 6), symbol behind: `1,234.5 DMC`.
 * What does not fit is rounded up for amounts to pay ('up') or cut off ('down', the default); a rounded amount that would show
 * as zero shows `< 0.000001`.
 */
export function formatTokens(
  wei: bigint,
  {
    digits = 6,
    symbol = 'DMC',
    round = 'down',
  }: { digits?: number; symbol?: string; round?: 'up' | 'down' } = {},
): string {
  const magnitude = wei < 0n ? -wei : wei
  const unit = 10n ** BigInt(TOKEN_DECIMALS - digits)
  const steps = round === 'up' ? (magnitude + unit - 1n) / unit : magnitude / unit
  const sign = wei < 0n ? '-' : ''
  const scale = 10n ** BigInt(digits)
  if (steps === 0n && magnitude !== 0n) {
    const smallest = digits === 0 ? '1' : `0.${'1'.padStart(digits, '0')}`
    return `< ${sign}${smallest} ${symbol}`
  }
  const fraction = (steps % scale).toString().padStart(digits, '0').replace(/0+$/, '')
  const whole = (steps / scale).toString().replace(/\B(?=(\d{3})+$)/g, ',')
  return `${sign}${whole}${digits === 0 || fraction === '' ? '' : `.${fraction}`} ${symbol}`
}
