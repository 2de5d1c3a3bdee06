import { earned } from '@dmc/core/market/earned'
import { formatSize } from '@dmc/core/units/format-size'
import { formatTime } from '@dmc/core/units/format-time'
import { dmc, space, weeksText } from '../../lib/amounts.ts'
import type { RouterOutputs } from '../../server/router.ts'
import { Card, CardBody, CardHeader } from '../../ui/card.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Stat, Stats } from '../../ui/stat.tsx'
import { When } from '../../ui/when.tsx'
import { Commitments } from '../market/commitments.tsx'
import { EventList } from '../market/event-list.tsx'
import { MoneyFlow } from '../market/money-flow.tsx'

export type Order = RouterOutputs['market']['order']

export function OrderStats({ order }: { order: Order }) {
  return (
    <Stats className="mb-4">
      <Stat
        label="Capacity"
        value={space(order.capacity)}
        note={
          order.commitment === null ? 'nothing proven yet' : `${formatSize(order.commitment.size)} proven`
        }
      />
      <Stat
        label="Term"
        value={weeksText(order.weeks)}
        note={
          order.endsAt === 0n ? (
            'starts when both agree'
          ) : (
            <>
              {order.closedAt === null ? 'ends' : 'to end'} <When at={order.endsAt} />
            </>
          )
        }
      />
      <Stat label="Price" value={dmc((order.price * order.capacity) / 1024n)} note="a week" />
      <Stat label="Miner’s pledge" value={dmc(order.pledge)} note={`${order.pledgeRate}× a week`} />
    </Stats>
  )
}

export function OrderCommitments({ order }: { order: Order }) {
  return (
    <Card className="mb-4 overflow-hidden">
      <CardHeader
        title="Commitments"
        about="Root and size of the stored data, computed and stated by each side apart"
      />
      <Commitments user={order.userPrepare} miner={order.minerPrepare} inForce={order.commitment} />
    </Card>
  )
}

export function OrderEvents({ order, explorerUrl }: { order: Order; explorerUrl: string | null }) {
  return (
    <Card className="min-w-0">
      <CardHeader title="What happened" about="From the chain, with block and transaction" />
      <EventList events={[...order.events].reverse()} explorerUrl={explorerUrl} />
    </Card>
  )
}

/** Where the user's tokens of an order are. @param now of the chain, unix seconds @param week seconds */
export function OrderMoney({ order, now, week }: { order: Order; now: bigint; week: bigint }) {
  const soFar = earned(order, now, week)
  const waiting = order.escrow > soFar - order.claimed ? order.escrow - (soFar - order.claimed) : 0n
  return (
    <Card>
      <CardHeader title="The user’s tokens" />
      <CardBody>
        <MoneyFlow
          parts={[
            { name: 'Escrow, not yet earned', amount: waiting, shade: 'info' },
            { name: 'Earned, not yet paid', amount: order.escrow - waiting, shade: 'warn' },
            { name: 'Paid to the miner', amount: order.paid, shade: 'accent' },
            { name: 'Back to the user', amount: order.refunded, shade: 'off' },
            { name: 'Reserve', amount: order.reserve, shade: 'off' },
          ]}
        />
      </CardBody>
    </Card>
  )
}

export function OrderDetails({ order, now }: { order: Order; now: bigint }) {
  const wishes = [
    order.endStatedByUser > now ? `the user, until ${formatTime(order.endStatedByUser)}` : null,
    order.endStatedByMiner > now ? `the miner, until ${formatTime(order.endStatedByMiner)}` : null,
  ].filter((wish) => wish !== null)
  return (
    <Card>
      <CardHeader title="Details" />
      <CardBody className="py-1">
        <Facts
          items={[
            ['Placed', formatTime(order.createdAt)],
            ['Active since', order.start === 0n ? 'not yet' : formatTime(order.start)],
            ['Ends', order.endsAt === 0n ? 'not yet known' : formatTime(order.endsAt)],
            order.noticeEndsAt === 0n ? null : ['Miner leaves', formatTime(order.noticeEndsAt)],
            wishes.length === 0 ? null : ['Wants it to end', wishes.join('; ')],
            ['Bond of a challenge', dmc(order.bond)],
            order.refuseReason === null ? null : ['Refused because', order.refuseReason.slice(0, 128)],
            order.compensation === 0n ? null : ['Compensation', dmc(order.compensation)],
          ]}
        />
      </CardBody>
    </Card>
  )
}

export function OrderRaw({ order }: { order: Order }) {
  return (
    <details className="rounded-card border border-line bg-surface px-5 py-3 text-[0.8125rem] shadow-card">
      <summary className="w-fit rounded font-medium">As the chain keeps it</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
      <pre tabIndex={0} className="mt-3 overflow-x-auto font-mono text-xs text-muted">
        {raw(order)}
      </pre>
    </details>
  )
}

const raw = ({ events: _, ...order }: { events: unknown }) =>
  JSON.stringify(order, (_, value) => (typeof value === 'bigint' ? value.toString() : value), 2)
