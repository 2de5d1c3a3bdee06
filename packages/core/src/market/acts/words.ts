import { formatDuration } from '../../units/format-duration.ts'
import { formatSize } from '../../units/format-size.ts'
import { formatTokens } from '../../units/format-tokens.ts'
import { MIB } from '../capacity-for-source.ts'

/** What somebody gets: never shown as more than it is. */
export const gets = (wei: bigint) => formatTokens(wei)
/** What somebody pays: never shown as less than it is. */
export const pays = (wei: bigint) => formatTokens(wei, { round: 'up' })
export const weeksText = (weeks: number | bigint) => (BigInt(weeks) === 1n ? '1 week' : `${weeks} weeks`)
export const mib = (capacity: bigint) => formatSize(capacity * MIB)
export const fromNow = (at: bigint, now: bigint) =>
  at >= now ? `in ${formatDuration(at - now)}` : `${formatDuration(now - at)} ago`
/** Where credits go from: the same words in every act. */
export const AS_CREDIT = 'as credit, which a withdrawal pays out'
