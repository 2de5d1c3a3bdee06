import { formatSize } from '@dmc/core/units/format-size'
import { formatTokens } from '@dmc/core/units/format-tokens'

/** Money to read at a glance: 4 decimals are enough for prices, cut off; `pay` rounds up what leaves the wallet. */
export const dmc = (wei: bigint, digits = 4) => formatTokens(wei, { digits })
export const pay = (wei: bigint, digits = 6) => formatTokens(wei, { digits, round: 'up' })
export const bare = (wei: bigint, digits = 4) => formatTokens(wei, { digits, symbol: '' }).trim()
export const eth = (wei: bigint, digits = 5) => formatTokens(wei, { digits, symbol: 'ETH' })
/** MiB as the chain counts, shown as people do. */
export const space = (mib: bigint | number) => formatSize(BigInt(mib) << 20n)
export const count = (value: number | bigint) => value.toLocaleString('en-US')
export const weeksText = (weeks: number) => (weeks === 1 ? '1 week' : `${weeks} weeks`)
