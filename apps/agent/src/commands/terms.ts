import { parseSize } from '@dmc/core/units/parse-size'
import { parseTokens } from '@dmc/core/units/parse-tokens'
import type { OrderTerms } from '../control/types.ts'
import { parseCount, parseWeeks } from './arguments.ts'

/** The order parameters of flow 6, as options of `source add` and `order create`. */
export interface TermsOptions {
  weeks?: string
  maxPrice?: string
  minPledgeRate?: string
  maxBond?: string
  challenges?: string
  capacity?: string
}

/** Only what was given. */
export function parseTerms(options: TermsOptions): Partial<OrderTerms> {
  return {
    ...(options.weeks ? { weeks: parseWeeks(options.weeks) } : {}),
    ...(options.maxPrice ? { maxPrice: parseTokens(options.maxPrice) } : {}),
    ...(options.minPledgeRate ? { minPledgeRate: parseCount(options.minPledgeRate, 'a pledge rate') } : {}),
    ...(options.maxBond ? { maxBond: parseTokens(options.maxBond) } : {}),
    ...(options.challenges ? { challenges: parseCount(options.challenges, 'a number of challenges') } : {}),
    ...(options.capacity ? { capacity: parseSize(options.capacity) } : {}),
  }
}
