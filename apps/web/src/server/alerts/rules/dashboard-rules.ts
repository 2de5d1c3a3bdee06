import type { Rule } from '../finding.ts'
import { span } from '../finding.ts'

/** A chain without a new block for so long is not being read, or stands still. */
const QUIET_S = 15 * 60
/** Trouble of a moment is none. */
const TROUBLE_S = 2 * 60

/** What is shown of the chain may be old: told to those whose money depends on it. */
export const dashboardChain: Rule = ({ chain, now, orders }) => {
  if (chain === null || orders.length === 0) return []
  const troubled = chain.trouble !== null && now - chain.trouble.sinceS >= TROUBLE_S
  const quiet = chain.quietFor >= QUIET_S
  if (!troubled && !quiet) return []
  return [
    {
      kind: 'dashboard-chain',
      subject: 'chain',
      level: 'warning',
      message: troubled
        ? 'This dashboard can’t read the chain.'
        : `This dashboard has seen no new block for ${span(chain.quietFor)}.`,
      cause: `${troubled ? `${chain.trouble?.message} ` : ''}What it shows of orders and money may be old.`,
      hint: 'Your agents go on by themselves. Tell whoever runs this dashboard if it stays.',
      href: '/activity',
      action: 'See what happened',
      money: null,
      deadline: null,
      stage: 0,
    },
  ]
}
