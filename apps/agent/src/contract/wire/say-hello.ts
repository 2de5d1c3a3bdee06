import { randomBytes } from 'node:crypto'
import type { MarketReader, OrderOnChain } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import type { Endpoint } from '@dmc/core/protocol/endpoint'
import { PROTOCOL_VERSION, WIRE_LIMITS } from '@dmc/core/protocol/limits'
import { helloChallenge, helloToken, infoReply, toWireInteger } from '@dmc/core/protocol/messages'
import { helloTypedData } from '@dmc/core/protocol/typed-data'
import { type Address, type Hex, isAddressEqual, type LocalAccount, recoverTypedDataAddress } from 'viem'
import { askJson } from './ask-json.ts'
import { protocol } from './exchange.ts'
import { MINER_SCOPES, speaksFor } from './live-operator.ts'
import { createPinnedAgent } from './pinned-agent.ts'
import { channelOf } from './tls-channel.ts'

export interface HelloOptions {
  endpoint: Endpoint
  address: string
  reader: MarketReader
  order: OrderOnChain
  role: 'user' | 'reader'
  signer: LocalAccount
  signal: AbortSignal
}

export interface Token {
  token: string
  /** `performance.now()` after which a new one is asked for. */
  renewAt: number
  /** Who answers for the miner: the order's miner or a live operator of it. */
  miner: Address
}

/**
 * The user's half of the hello, both steps on one connection (flow 11, docs/PROTOCOL.md 4).
 * @throws PEER_WRONG_MARKET, PEER_NOT_AUTHORISED, PEER_PROTOCOL, PEER_UNREACHABLE, and what the miner refuses
 */
export async function sayHello(options: HelloOptions): Promise<Token> {
  const { endpoint, address, reader, order, role, signer, signal } = options
  const agent = createPinnedAgent({ endpoint, address, connections: 1 })
  const at = { agent, endpoint, signal }
  const path = `/v1/orders/${order.orderId}/hello`
  try {
    await mustShareMarket(at, reader)
    const userNonce: Hex = `0x${randomBytes(32).toString('hex')}`
    const { reply: shown, socket } = await askJson({
      ...at,
      method: 'POST',
      path,
      json: { role, signer: signer.address, userNonce },
      schema: helloChallenge,
    })
    const hello = {
      orderId: order.orderId,
      userNonce,
      minerNonce: shown.minerNonce,
      expiresAt: shown.expiresAt,
      channel: channelOf(socket),
    }
    const from = await recoverTypedDataAddress({
      ...helloTypedData(reader, { ...hello, role: 'miner', signer: shown.signer, peer: signer.address }),
      signature: shown.signature,
    }).catch(() => null)
    if (from === null || !isAddressEqual(from, shown.signer)) {
      throw notTheMiner(endpoint, `its signature is not ${shown.signer}’s for this connection`)
    }
    if (!(await speaksFor(reader, order.miner, shown.signer, MINER_SCOPES))) {
      throw notTheMiner(endpoint, `${shown.signer} is neither ${order.miner} nor a live operator of it`)
    }
    const signature = await signer.signTypedData(
      helloTypedData(reader, { ...hello, role, signer: signer.address, peer: shown.signer }),
    )
    const finished = await askJson({
      ...at,
      method: 'POST',
      path,
      json: {
        role,
        signer: signer.address,
        userNonce,
        minerNonce: shown.minerNonce,
        expiresAt: toWireInteger(shown.expiresAt),
        signature,
      },
      schema: helloToken,
    })
    const lifeMs = Math.min(Number(finished.reply.expiresAt) * 1000 - Date.now(), WIRE_LIMITS.tokenMs)
    return {
      token: finished.reply.token,
      // our clocks may differ: a token that is over sooner is simply renewed when the miner says so
      renewAt: performance.now() + Math.max(lifeMs - 60_000, 10_000),
      miner: shown.signer,
    }
  } finally {
    agent.destroy()
  }
}

async function mustShareMarket(
  at: Pick<Parameters<typeof askJson>[0], 'agent' | 'endpoint' | 'signal'>,
  reader: MarketReader,
): Promise<void> {
  const { reply } = await askJson({ ...at, method: 'GET', path: '/v1/info', schema: infoReply })
  if (reply.protocol !== PROTOCOL_VERSION) {
    throw protocol(at.endpoint, `it speaks version ${reply.protocol}, this agent ${PROTOCOL_VERSION}`)
  }
  if (reply.chainId === reader.chainId && isAddressEqual(reply.market, reader.market)) return
  throw new DmcError(
    'PEER_WRONG_MARKET',
    `The miner works for Market ${reply.market} on chain ${reply.chainId}, not ${reader.market} on ${reader.chainId}.`,
    { hint: 'One of the two agents is configured for another network.' },
  )
}

const notTheMiner = (endpoint: Endpoint, why: string) =>
  new DmcError(
    'PEER_NOT_AUTHORISED',
    `${endpoint.host}:${endpoint.port} is not this order's miner: ${why}.`,
    {
      hint: 'Nothing was sent to it. Check the endpoint on chain.',
    },
  )
