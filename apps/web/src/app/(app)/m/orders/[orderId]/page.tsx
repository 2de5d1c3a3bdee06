import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { MyOrder } from '../../../../../features/orders/my-order.tsx'
import { readId } from '../../../../../lib/read-id.ts'

type Params = { params: Promise<{ orderId: string }> }

export async function generateMetadata({ params }: Params): Promise<Metadata> {
  return { title: `Order ${readId((await params).orderId) ?? ''}` }
}

export default async function Page({ params }: Params) {
  const orderId = readId((await params).orderId)
  if (orderId === null) notFound()
  return <MyOrder key={String(orderId)} orderId={orderId} side="miner" />
}
