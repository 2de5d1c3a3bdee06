import { formatTime } from '@dmc/core/units/format-time'
import { formatTokens } from '@dmc/core/units/format-tokens'

/** `0x1234…cdef`: enough to recognise, never enough to copy by mistake. */
export const shortHex = (hex: string): string =>
  hex.length > 14 ? `${hex.slice(0, 6)}…${hex.slice(-4)}` : hex

/** The chain's own coin, in which gas is paid. */
export const formatGas = (wei: bigint): string => formatTokens(wei, { symbol: 'ETH', round: 'up' })

export const formatPrice = (weiPerGibWeek: bigint): string => formatTokens(weiPerGibWeek)

/** MiB of the chain as bytes. */
export const mib = (count: bigint): bigint => count << 20n

/** Unix ms of this host. */
export const formatMs = (ms: number | null): string => (ms === null ? '–' : formatTime(Math.floor(ms / 1000)))

/** A day, for terms: the time of day does not matter to a person there. */
export const formatDay = (seconds: bigint | number): string =>
  Number(seconds) === 0 ? '–' : formatTime(seconds).slice(0, 10)

/** `1 file`, `2 files`. */
export const count = (n: number | bigint, one: string, many = `${one}s`): string =>
  `${n.toLocaleString('en-US')} ${Number(n) === 1 ? one : many}`
