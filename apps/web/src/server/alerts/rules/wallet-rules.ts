import { orderCost } from '@dmc/core/market/order-cost'
import { formatTokens } from '@dmc/core/units/format-tokens'
import { actsFor, DAY } from '../facts.ts'
import { type Rule, tokens } from '../finding.ts'

/** What the Market owes the wallet waits there until it is fetched. */
export const credit: Rule = ({ owner, credit: wei }) =>
  wei <= 0n
    ? []
    : [
        {
          kind: 'credit',
          subject: `account:${owner}`,
          level: 'info',
          message: `The Market holds ${tokens(wei)} for you.`,
          cause: 'Refunds and earnings stay there until you fetch them; they can’t be lost.',
          hint: 'Withdraw them to your wallet whenever you like.',
          href: '/u/spending',
          action: 'Withdraw',
          money: wei,
          deadline: null,
          stage: 0,
        },
      ]

/** The wallet could not renew the orders that end next for as long again. */
export const tokensLow: Rule = ({ owner, chain, orders, settings, balance }) => {
  if (chain === null || balance === null) return null
  const horizon = chain.now + Math.max(...settings.daysBefore) * DAY
  const ending = orders.filter(
    (order) =>
      order.user === owner &&
      order.state === 'active' &&
      order.noticeEndsAt === 0n &&
      Number(order.endsAt) > chain.now &&
      Number(order.endsAt) <= horizon,
  )
  const needed = ending.reduce((sum, order) => sum + orderCost(order.price, order.capacity, order.weeks), 0n)
  if (needed <= balance.tokens) return []
  const [first] = ending.map((order) => Number(order.endsAt)).sort((a, b) => a - b)
  return [
    {
      kind: 'tokens-low',
      subject: `account:${owner}`,
      level: 'warning',
      message: `Your wallet has ${tokens(balance.tokens)}, renewals need ${tokens(needed)}.`,
      cause: `${ending.length === 1 ? 'An order ends' : `${ending.length} orders end`} soon; renewing for the same number of weeks costs that much.`,
      hint: 'Put tokens into your wallet, withdraw what the Market holds, or renew for fewer weeks.',
      href: '/u/orders',
      action: 'See the orders',
      money: needed - balance.tokens,
      deadline: first ?? null,
      stage: 0,
    },
  ]
}

/** The wallet pays gas for what it signs. */
export const walletGasLow: Rule = ({ owner, orders, balance, gasPrice, settings }) => {
  if (balance === null) return null
  if (orders.length === 0) return []
  const acts = actsFor(balance.coin, gasPrice)
  if (acts === null) return null
  // a wallet acts seldom: a quarter of what a host needs is plenty
  const least = Math.max(1, Math.floor(settings.actsLeft / 4))
  if (acts >= least) return []
  return [
    {
      kind: 'wallet-gas-low',
      subject: `account:${owner}`,
      level: acts === 0 ? 'error' : 'warning',
      message:
        acts === 0
          ? 'Your wallet has no coin for gas.'
          : `Your wallet’s coin pays for ${acts} more transactions.`,
      cause: `It holds ${coin(balance.coin)}: without gas nothing can be renewed, ended or withdrawn.`,
      hint: 'Send some of the chain’s coin to your wallet.',
      href: '/settings',
      action: 'See the wallet',
      money: null,
      deadline: null,
      stage: acts === 0 ? 1 : 0,
    },
  ]
}

/** Gas wei for people. */
export const coin = (wei: bigint): string => formatTokens(wei, { digits: 6, symbol: 'ETH' })
