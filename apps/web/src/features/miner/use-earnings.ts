'use client'

import { earned } from '@dmc/core/market/earned'
import { weekPrice } from '@dmc/core/market/week-price'
import { useQuery } from '@tanstack/react-query'
import { sum } from '../../lib/bigints.ts'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { useOwner } from '../../lib/session.tsx'
import { useTRPC } from '../../lib/trpc.ts'

/** What a miner has earned, order by order, now; from the chain's rows by the Market's own formula. */
export function useEarnings() {
  const trpc = useTRPC()
  const owner = useOwner()
  const config = useChainConfig()
  const query = useQuery({
    ...trpc.market.orders.queryOptions({ miner: owner, limit: 200 }),
    refetchInterval: 10_000,
  })
  const bills = useQuery(trpc.market.bills.queryOptions({ miner: owner, openOnly: false, limit: 200 }))
  const now = BigInt(Math.floor(Date.now() / 1000))
  const items = query.data?.items ?? []
  const rows = items.map((order) => {
    const soFar = order.state === 'active' ? earned(order, now, config.parameters.week) : order.paid
    return { order, earned: soFar, unpaid: soFar > order.paid ? soFar - order.paid : 0n }
  })
  const active = items.filter((order) => order.state === 'active')
  return {
    query,
    rows,
    known: query.data !== undefined && bills.data !== undefined,
    orders: items.length,
    active: active.length,
    preparing: items.filter((order) => order.state === 'preparing').length,
    earned: sum(rows.map((row) => row.earned)),
    unpaid: sum(rows.map((row) => row.unpaid)),
    perWeek: sum(active.map((order) => weekPrice(order.price, order.capacity))),
    pledge: sum([
      ...items.map((order) => order.pledge),
      ...(bills.data?.items ?? []).map((bill) => bill.pledge),
    ]),
  }
}
