import type { MarketParameters } from '@dmc/core/market/parameters'
import type { Queries } from '../open-database.ts'

export interface ChainIdentity {
  chainId: bigint
  market: string
  token: string
  deploymentBlock: bigint
  parameters: MarketParameters
}

/** Forgets everything of a chain and begins with this one: the first start, another Market, or a chain that began anew. */
export async function startChain(tx: Queries, { parameters, ...chain }: ChainIdentity): Promise<void> {
  await tx.chainBlock.deleteMany()
  await tx.marketEvent.deleteMany()
  await tx.payment.deleteMany()
  await tx.challenge.deleteMany()
  await tx.order.deleteMany()
  await tx.bill.deleteMany()
  await tx.endpoint.deleteMany()
  await tx.operator.deleteMany()
  await tx.chainState.deleteMany()
  const texts = Object.entries(parameters).map(([name, value]) => [name, String(value)])
  await tx.chainState.create({
    data: { id: 1, ...chain, nextBlock: chain.deploymentBlock, parameters: Object.fromEntries(texts) },
  })
}
