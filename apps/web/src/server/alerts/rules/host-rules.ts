import { createHash } from 'node:crypto'
import { actsFor, DAY, type OwnerFacts } from '../facts.ts'
import { type Finding, type Rule, span } from '../finding.ts'
import { daysStage } from './order-rules.ts'
import { coin } from './wallet-rules.ts'

type Host = OwnerFacts['agents'][number]

const at = (host: Host) => ({ subject: `agent:${host.agentId}`, href: '/agents', action: 'See the host' })

/** Orders in which this host works, as it reported, that are not over on chain. */
function ordersOf({ contracts, orders }: OwnerFacts, host: Host) {
  const ids = new Set(
    contracts.filter(({ agentId }) => agentId === host.agentId).map(({ orderId }) => orderId),
  )
  return orders.filter((order) => ids.has(order.orderId) && order.state !== 'slashed')
}

/** A miner's silent host loses its pledge at the next challenge; a user's backs nothing up. */
export const hostAway: Rule = (facts) =>
  facts.agents.flatMap((host): Finding[] => {
    const seen = (host.lastSeenAt ?? host.pairedAt).getTime() / 1000
    const away = facts.now - seen
    if (host.online || away < facts.settings.hostAwayMinutes * 60) return []
    const orders = ordersOf(facts, host)
    const pledge = orders
      .filter((order) => order.miner === facts.owner)
      .reduce((sum, order) => sum + order.pledge, 0n)
    const atStake = pledge > 0n
    return [
      {
        ...at(host),
        kind: 'host-away',
        level: atStake || away >= 3 * DAY ? 'error' : 'warning',
        message:
          host.lastSeenAt === null
            ? `${host.name} was never connected.`
            : `${host.name} is not connected, for ${span(away)}.`,
        cause: atStake
          ? 'It answers no challenge on chain as long as this dashboard does not see it run; it may run all the same.'
          : 'Nothing is backed up or checked there if it does not run.',
        hint: 'Start it on its host: dmc-agent run',
        money: atStake ? pledge : null,
        deadline: null,
        stage: away >= 3 * DAY ? 2 : away >= DAY ? 1 : 0,
      },
    ]
  })

/** What the host itself found wrong, in its own words. */
export const hostSays: Rule = ({ agents }) =>
  agents.flatMap((host) =>
    host.attention.map(
      ({ level, message, hint }): Finding => ({
        ...at(host),
        subject: `agent:${host.agentId}:${createHash('sha256').update(message.replace(/\d+/g, '#')).digest('hex').slice(0, 16)}`,
        kind: 'host-says',
        level,
        message,
        cause: `${host.name} says so.`,
        hint,
        money: null,
        deadline: null,
        stage: 0,
      }),
    ),
  )

export const hostChain: Rule = ({ agents }) =>
  agents.flatMap((host): Finding[] =>
    host.chainError === null || !host.online
      ? []
      : [
          {
            ...at(host),
            kind: 'host-chain',
            level: 'warning',
            message: `${host.name} can’t read the chain.`,
            cause: host.chainError.message,
            hint: host.chainError.hint,
            money: null,
            deadline: null,
            stage: 0,
          },
        ],
  )

/** What the key's own coin still pays for. */
export const keyGasLow: Rule = (facts) => {
  const { agents, gasPrice, settings } = facts
  if (gasPrice === null) return null
  return agents.flatMap((host): Finding[] => {
    // a key that was never authorised needs no gas
    if (host.gasWei === null || host.operatorScopes.length === 0) return []
    const acts = actsFor(host.gasWei, gasPrice)
    if (acts === null || acts >= settings.actsLeft) return []
    const pledge = ordersOf(facts, host)
      .filter((order) => order.miner === facts.owner)
      .reduce((sum, order) => sum + order.pledge, 0n)
    const few = acts < settings.actsLeft / 4
    return [
      {
        ...at(host),
        kind: 'key-gas-low',
        level: few && pledge > 0n ? 'error' : 'warning',
        message:
          acts === 0
            ? `The key of ${host.name} has no gas left.`
            : `The key of ${host.name} has gas for about ${acts} more ${acts === 1 ? 'act' : 'acts'}.`,
        cause: `It holds ${coin(host.gasWei)}: without gas it can state nothing and answer no challenge.`,
        hint: `Send some of the chain’s coin to ${host.operator}.`,
        money: pledge > 0n ? pledge : null,
        deadline: null,
        stage: acts === 0 ? 2 : few ? 1 : 0,
      },
    ]
  })
}

/** The key's permission on chain, by the chain's word. */
const standOf = ({ operators, owner }: OwnerFacts, host: Host) =>
  operators.find((row) => row.owner === owner && row.operator === host.operator)

/** It runs out: soon, before an order that needs it ends, or already. */
export const keyExpires: Rule = (facts) => {
  const { chain, settings, agents } = facts
  if (chain === null) return null
  return agents.flatMap((host): Finding[] => {
    const stand = standOf(facts, host)
    if (stand === undefined || stand.scopes === 0) return []
    const left = Number(stand.expiresAt) - chain.now
    const last = Math.max(0, ...ordersOf(facts, host).map((order) => Number(order.endsAt)))
    const beforeEnd = last > Number(stand.expiresAt)
    const soon = daysStage(left, settings.daysBefore)
    if (soon === null && !beforeEnd) return []
    return [
      {
        ...at(host),
        kind: 'key-expires',
        level:
          left <= DAY
            ? 'error'
            : left <= 7 * DAY
              ? 'warning'
              : beforeEnd && soon === null
                ? 'info'
                : 'warning',
        message:
          left <= 0
            ? `The key of ${host.name} has expired.`
            : `The key of ${host.name} expires in ${span(left)}.`,
        cause: beforeEnd
          ? 'An order that needs it ends later: from then on its host can state nothing.'
          : 'Without it the host can state no commitment.',
        hint: 'Authorise it again with your wallet.',
        action: 'Authorise again',
        money: null,
        deadline: Number(stand.expiresAt),
        stage: left <= 0 ? -1 : (soon ?? 99),
      },
    ]
  })
}

/** Somebody took its permission back while it still works on orders. */
export const keyRevoked: Rule = (facts) => {
  if (facts.chain === null) return null
  return facts.agents.flatMap((host): Finding[] => {
    const stand = standOf(facts, host)
    const orders = ordersOf(facts, host)
    if (stand === undefined || stand.scopes !== 0 || orders.length === 0) return []
    return [
      {
        ...at(host),
        kind: 'key-revoked',
        level: 'error',
        message: `The key of ${host.name} is revoked on chain.`,
        cause: `${orders.length === 1 ? 'An order needs' : `${orders.length} orders need`} it: its host can state nothing any more.`,
        hint: 'Authorise it again with your wallet, or revoke the host here as well.',
        action: 'Authorise again',
        money: null,
        deadline: null,
        stage: 0,
      },
    ]
  })
}
