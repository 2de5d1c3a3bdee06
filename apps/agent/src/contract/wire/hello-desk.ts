import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import type { MarketReader } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { decodeHeader } from '@dmc/core/log/header-leaf'
import type { WireLimits } from '@dmc/core/protocol/limits'
import type { helloFinish, helloStart } from '@dmc/core/protocol/messages'
import { helloTypedData } from '@dmc/core/protocol/typed-data'
import { type Address, type Hex, isAddressEqual, type LocalAccount, recoverTypedDataAddress } from 'viem'
import type * as z from 'zod'
import type { OrderStore } from '../../sector/types.ts'
import { speaksFor, USER_SCOPES } from './live-operator.ts'
import { channelOf } from './tls-channel.ts'

type Role = 'user' | 'reader'

interface OpenHello {
  socket: Socket
  orderId: bigint
  role: Role
  signer: Address
  userNonce: Hex
  /** Unix seconds as signed, and the same moment on the clock that nobody can set. */
  expiresAt: bigint
  until: number
  channel: Hex
  used: boolean
}

export interface Grant {
  orderId: bigint
  role: Role
  signer: Address
  until: number
}

const MOST_NONCES = 1024
const MOST_TOKENS = 4096

export interface HelloDeskOptions {
  reader: MarketReader
  signer: LocalAccount
  limits: WireLimits
}

/** The miner's half of the hello (flow 11, docs/PROTOCOL.md 4): nonces that work once, on one connection; then tokens. */
export class HelloDesk {
  readonly #options: HelloDeskOptions
  readonly #nonces = new Map<Hex, OpenHello>()
  readonly #tokens = new Map<string, Grant>()

  constructor(options: HelloDeskOptions) {
    this.#options = options
  }

  /** Step 1: the miner shows who it is, for this caller, on this connection. */
  async start(socket: Socket, orderId: bigint, asked: z.output<typeof helloStart>) {
    const { reader, signer, limits } = this.#options
    const minerNonce: Hex = `0x${randomBytes(32).toString('hex')}`
    const expiresAt = BigInt(Math.floor((Date.now() + limits.nonceMs) / 1000))
    const channel = channelOf(socket)
    const signature = await signer.signTypedData(
      helloTypedData(reader, {
        orderId,
        role: 'miner',
        signer: signer.address,
        peer: asked.signer,
        userNonce: asked.userNonce,
        minerNonce,
        expiresAt,
        channel,
      }),
    )
    this.#sweep()
    const until = performance.now() + limits.nonceMs
    this.#nonces.set(minerNonce, { socket, orderId, ...asked, expiresAt, until, channel, used: false })
    return { signer: signer.address, minerNonce, expiresAt, signature }
  }

  /**
   * Step 2: the caller has signed the same hello.
   * @throws HELLO_REPLAYED, HELLO_EXPIRED, PEER_NOT_AUTHORISED
   */
  async finish(
    socket: Socket,
    orderId: bigint,
    said: z.output<typeof helloFinish>,
    store: OrderStore,
  ): Promise<{ token: string; expiresAt: bigint }> {
    const { reader, signer, limits } = this.#options
    const open = this.#nonces.get(said.minerNonce)
    if (!open || open.used) throw replayed('This nonce is used up, or none of mine.')
    // single use: also when what follows fails
    open.used = true
    if (performance.now() > open.until) throw expired()
    const same =
      open.socket === socket &&
      open.orderId === orderId &&
      open.role === said.role &&
      open.userNonce === said.userNonce &&
      open.expiresAt === said.expiresAt &&
      isAddressEqual(open.signer, said.signer)
    if (!same) throw replayed('This nonce was given for another hello or another connection.')
    const message = {
      orderId,
      role: said.role,
      signer: said.signer,
      peer: signer.address,
      userNonce: said.userNonce,
      minerNonce: said.minerNonce,
      expiresAt: said.expiresAt,
      channel: open.channel,
    } as const
    const from = await recoverTypedDataAddress({
      ...helloTypedData(reader, message),
      signature: said.signature,
    }).catch(() => null)
    if (from === null || !isAddressEqual(from, said.signer)) {
      throw notAuthorised(
        `The signature is not ${said.signer}’s for this chain, Market, order and connection.`,
      )
    }
    await this.#mustSpeakFor(orderId, said.role, said.signer, store)
    const token = randomBytes(32).toString('base64url')
    this.#tokens.set(token, {
      orderId,
      role: said.role,
      signer: said.signer,
      until: performance.now() + limits.tokenMs,
    })
    return { token, expiresAt: BigInt(Math.floor((Date.now() + limits.tokenMs) / 1000)) }
  }

  /** @throws TOKEN_INVALID */
  grantOf(authorization: string | undefined, orderId: bigint): Grant {
    const token = /^Bearer ([A-Za-z0-9_-]{16,200})$/.exec(authorization ?? '')?.[1]
    const grant = token === undefined ? undefined : this.#tokens.get(token)
    if (grant && performance.now() <= grant.until && grant.orderId === orderId) return grant
    if (token !== undefined && grant && performance.now() > grant.until) this.#tokens.delete(token)
    throw new DmcError('TOKEN_INVALID', 'The token is missing, over, or for another order.', {
      hint: 'Say hello again; the agent does so by itself.',
    })
  }

  async #mustSpeakFor(orderId: bigint, role: Role, signer: Address, store: OrderStore): Promise<void> {
    const { reader } = this.#options
    if (role === 'reader') {
      if (store.commitment === null)
        throw notAuthorised('The order has no data that a reader could be named in.')
      const named = readerOf(await store.read(0, 1024))
      if (named === null || !isAddressEqual(named, signer)) {
        throw notAuthorised(`${signer} is not the reader named in the header.`)
      }
      return
    }
    const order = await reader.order(orderId)
    if (!(await speaksFor(reader, order.user, signer, USER_SCOPES))) {
      throw notAuthorised(`${signer} is neither the order's user nor a live operator of it.`)
    }
  }

  #sweep(): void {
    const now = performance.now()
    for (const [nonce, { until, socket }] of this.#nonces) {
      // used ones stay until they expire, so that a replay is called one
      if (now > until + 1000 || socket.destroyed || this.#nonces.size >= MOST_NONCES)
        this.#nonces.delete(nonce)
    }
    for (const [token, { until }] of this.#tokens) {
      if (now > until || this.#tokens.size >= MOST_TOKENS) this.#tokens.delete(token)
    }
  }
}

/** null when leaf 0 is no header that this version knows. */
function readerOf(leaf: Uint8Array): Address | null {
  try {
    return decodeHeader(leaf).readerAddress
  } catch {
    return null
  }
}

const replayed = (why: string) =>
  new DmcError('HELLO_REPLAYED', why, { hint: 'Say hello again on this connection.', retryable: false })

const expired = () =>
  new DmcError('HELLO_EXPIRED', 'The hello took longer than 60 seconds.', { hint: 'Say hello again.' })

const notAuthorised = (why: string) =>
  new DmcError('PEER_NOT_AUTHORISED', why, {
    hint: 'Authorise this agent’s operator key on chain, or check which chain and Market it uses.',
  })
