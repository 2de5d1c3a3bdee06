'use client'

import { formatSize } from '@dmc/core/units/format-size'
import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import Link from 'next/link'
import { count } from '../../lib/amounts.ts'
import { useTRPC } from '../../lib/trpc.ts'
import { Badge } from '../../ui/badge.tsx'
import { LinkButton } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { ListState } from '../../ui/list-state.tsx'
import { Progress } from '../../ui/progress.tsx'
import { SectorBadge } from '../../ui/state-badge.tsx'
import { Cell, Head, HeadCell, Row, Table } from '../../ui/table.tsx'

/** The space that the hosts offer, as they measure it. */
export function SectorList() {
  const trpc = useTRPC()
  const sectors = useQuery({ ...trpc.sectors.list.queryOptions(), refetchInterval: 15_000 })
  return (
    <Card>
      <ListState
        query={sectors}
        isEmpty={(all) => all.length === 0}
        none={{
          title: 'No space is offered yet',
          text: 'A sector is a folder on one of your hosts, with a size that it may take.',
          action: (
            <LinkButton look="primary" href="/m/bills/new">
              <Plus aria-hidden /> Offer space
            </LinkButton>
          ),
        }}
      >
        {(all) => (
          <Table label="Sectors">
            <Head>
              <HeadCell>Sector</HeadCell>
              <HeadCell>State</HeadCell>
              <HeadCell>Used</HeadCell>
              <HeadCell align="right">Free</HeadCell>
              <HeadCell align="right">Free on disk</HeadCell>
              <HeadCell align="right">Orders</HeadCell>
              <HeadCell>Bills</HeadCell>
            </Head>
            <tbody>
              {all.map((sector) => (
                <Row key={sector.sectorId}>
                  <Cell className="max-w-72">
                    <span className="clip-line block font-mono text-xs" title={sector.path}>
                      {sector.path}
                    </span>
                    <span className="block text-xs text-muted">{sector.agentName}</span>
                  </Cell>
                  <Cell>
                    {sector.mounted ? (
                      <SectorBadge state={sector.state} />
                    ) : (
                      <Badge tone="bad">Not mounted</Badge>
                    )}
                  </Cell>
                  <Cell className="min-w-40">
                    <Progress
                      value={sector.size === 0n ? 0 : Number((sector.used * 1000n) / sector.size) / 1000}
                      label={`Used of ${sector.path}`}
                    />
                    <span className="tabular mt-1 block text-xs text-muted">
                      {formatSize(sector.used)} of {formatSize(sector.size)}
                    </span>
                  </Cell>
                  <Cell align="right">{formatSize(sector.free)}</Cell>
                  <Cell align="right">{sector.diskFree === null ? '–' : formatSize(sector.diskFree)}</Cell>
                  <Cell align="right">{count(sector.orders)}</Cell>
                  <Cell>
                    {sector.bills.length === 0 ? (
                      <LinkButton size="small" href={`/m/bills/new?sector=${sector.sectorId}`}>
                        Publish a bill
                      </LinkButton>
                    ) : (
                      sector.bills.map((billId) => (
                        <Link
                          key={String(billId)}
                          href={`/bills/${billId}`}
                          className="mr-2 underline-offset-3 hover:underline"
                        >
                          Bill {String(billId)}
                        </Link>
                      ))
                    )}
                  </Cell>
                </Row>
              ))}
            </tbody>
          </Table>
        )}
      </ListState>
    </Card>
  )
}
