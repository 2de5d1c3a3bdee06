import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { AgentProcess } from './agent-process.ts'
import type { Devnet } from './devnet.ts'

/** Keystore, wallet and devnet money for a new agent; returns its wallet's address. An agent that has them keeps them. */
export async function setUpAgent(agent: AgentProcess, devnet: Devnet): Promise<`0x${string}`> {
  const known = await agent.cli(['wallet', 'show', '--json'])
  if (known.exitCode === 0) {
    const { wallet } = JSON.parse(known.stdout) as { wallet: { address: `0x${string}` } | null }
    if (wallet) return wallet.address
  }
  await agent.json(['init', '--yes', '--phrase-file', `${dirname(agent.passwordFile)}/phrase`])
  const { address } = await agent.json<{ address: `0x${string}` }>(['wallet', 'create', '--yes'])
  await devnet.fund(address)
  return address
}

export interface MinerOffer {
  sectorPath: string
  /** As typed: `20GiB`. */
  size: string
  price?: string
  pledgeRate?: string
}

/** flows 0 to 3 of a running miner: a sector, and a bill for all of it. Returns both ids. */
export async function offerSector(
  agent: AgentProcess,
  offer: MinerOffer,
): Promise<{ sectorId: string; billId: string }> {
  mkdirSync(dirname(offer.sectorPath), { recursive: true })
  const { sector } = await agent.json<{ sector: { sectorId: string } }>([
    'sector',
    'add',
    offer.sectorPath,
    '--size',
    offer.size,
  ])
  const { billId } = await agent.json<{ billId: string }>([
    'bill',
    'create',
    '--sector',
    sector.sectorId,
    '--price',
    offer.price ?? '0.5',
    '--pledge-rate',
    offer.pledgeRate ?? '4',
    '--weeks',
    '1-52',
    '--step',
    '1MiB',
    '--yes',
  ])
  return { sectorId: sector.sectorId, billId }
}

/** flows 5 to 7 of a user: a source and an order for it. */
export async function orderFor(
  agent: AgentProcess,
  path: string,
  options: { name: string; weeks?: number; capacity?: string },
): Promise<{ sourceId: string; orderId: string }> {
  const { source } = await agent.json<{ source: { sourceId: string } }>([
    'source',
    'add',
    path,
    '--name',
    options.name,
  ])
  const { orderId } = await agent.json<{ orderId: string }>([
    'order',
    'create',
    '--source',
    source.sourceId,
    '--weeks',
    String(options.weeks ?? 4),
    ...(options.capacity ? ['--capacity', options.capacity] : []),
    '--yes',
  ])
  return { sourceId: source.sourceId, orderId }
}
