import type { AlertKind, AlertLevel } from '@dmc/core/alerts/kinds'
import { formatDuration } from '@dmc/core/units/format-duration'
import { formatTokens } from '@dmc/core/units/format-tokens'
import type { OwnerFacts } from './facts.ts'

/** One thing that needs a person, as a rule finds it. */
export interface Finding {
  kind: AlertKind
  /** "order:5": with the kind what makes it the same alert the next time. */
  subject: string
  level: AlertLevel
  /** What is so. */
  message: string
  /** Why, or what follows from it. */
  cause: string
  /** What to do. */
  hint: string
  /** Where that is done: a path of this dashboard, and the words on its button. */
  href: string
  action: string
  /** Token wei that may be lost, or wait to be fetched; null: none. */
  money: bigint | null
  /** Unix seconds by which something should be done; null: as soon as you can. */
  deadline: number | null
  /** Counts down within a kind; a person is told again when it changes. */
  stage: number
}

/**
 * Looks at a wallet's facts and says what needs the person; null: it can't be known now, so what was known of this kind stands.
 * Pure: the same facts, the same findings.
 */
export type Rule = (facts: OwnerFacts) => Finding[] | null

export const tokens = (wei: bigint): string => formatTokens(wei, { digits: 4 })

/** `3 d 4 h`, as people count. */
export const span = (seconds: number): string => formatDuration(Math.max(0, Math.round(seconds)))

/** The wallet's own page of an order, where every act on it has its button. */
export const orderHref = (orderId: bigint, side: 'user' | 'miner'): string =>
  `/${side === 'user' ? 'u' : 'm'}/orders/${orderId}`
