import type { Agent } from 'node:http'
import type { MarketReader, OrderOnChain } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { FINAL_ORDER_STATES } from '@dmc/core/market/states'
import { type Endpoint, parseEndpoint } from '@dmc/core/protocol/endpoint'
import type { LocalAccount } from 'viem'
import { createPinnedAgent } from './pinned-agent.ts'
import { resolveHost } from './resolve-host.ts'
import { sayHello, type Token } from './say-hello.ts'

export interface LinkOptions {
  reader: MarketReader
  orderId: bigint
  role: 'user' | 'reader'
  signer: LocalAccount
  /** Private and loopback addresses are dialled only when the person said so. */
  allowPrivate: boolean
  connections: number
  signal: AbortSignal
}

/** A greeted miner: connections, a token, and the order as the chain had it. */
export interface MinerLink {
  text: string
  endpoint: Endpoint
  agent: Agent
  token: Token
  order: OrderOnChain
}

/**
 * Dials the endpoint and says hello. When the key there is not the pinned one, the endpoint is read from the chain once
 * more: the miner may have changed it.
 * @throws as `sayHello`; ENDPOINT_INVALID, ENDPOINT_REFUSED, PEER_KEY_MISMATCH, ORDER_REFUSED, ORDER_STATE
 */
export async function openLink(options: LinkOptions, text: string | null): Promise<MinerLink> {
  const order = await options.reader.order(options.orderId)
  mustBeOpen(order)
  const first = text ?? (await endpointOf(options.reader, order))
  try {
    return await dial(options, order, first)
  } catch (error) {
    if (!DmcError.is(error) || error.code !== 'PEER_KEY_MISMATCH') throw error
    const now = await endpointOf(options.reader, order)
    if (now === first) throw error
    return dial(options, order, now)
  }
}

/** @throws ENDPOINT_MISSING */
export async function endpointOf(reader: MarketReader, order: OrderOnChain): Promise<string> {
  const endpoint = await reader.endpoint(order.billId)
  if (endpoint !== '') return endpoint
  throw new DmcError('ENDPOINT_MISSING', `The miner of order ${order.orderId} has no endpoint on chain.`, {
    hint: 'It is tried again; the miner must set one (its agent does so when it starts).',
  })
}

async function dial(options: LinkOptions, order: OrderOnChain, text: string): Promise<MinerLink> {
  const { reader, role, signer, allowPrivate, connections, signal } = options
  const endpoint = parseEndpoint(text)
  const address = await resolveHost(endpoint, allowPrivate)
  const token = await sayHello({ endpoint, address, reader, order, role, signer, signal })
  return { text, endpoint, agent: createPinnedAgent({ endpoint, address, connections }), token, order }
}

/** An order that ended without ever being active has nothing to send to or to read from. */
function mustBeOpen(order: OrderOnChain): void {
  if (order.commitment !== null || !FINAL_ORDER_STATES.includes(order.state)) return
  if (order.state === 'refused') {
    throw new DmcError(
      'ORDER_REFUSED',
      `The miner refused order ${order.orderId}; the money is back in your credit.`,
      {
        hint: 'Take another bill; the reason is in the journal.',
      },
    )
  }
  throw new DmcError('ORDER_STATE', `Order ${order.orderId} is ${order.state}.`, {
    hint: 'Create a new order.',
  })
}
