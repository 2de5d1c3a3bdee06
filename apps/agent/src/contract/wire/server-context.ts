import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Commitment, MarketReader } from '@dmc/core/chain/types'
import type { WireLimits } from '@dmc/core/protocol/limits'
import type { PrivateKeyAccount } from 'viem/accounts'
import type { BufferPool } from '../../sector/buffer-pool.ts'
import type { OrderStore } from '../../sector/types.ts'
import type { Journal } from '../../store/journal.ts'
import type { Bandwidths } from './bandwidth.ts'
import type { ConnectionGuard } from './connection-guard.ts'
import type { Grant, HelloDesk } from './hello-desk.ts'
import type { OrderCache } from './order-cache.ts'
import type { OrderTurns } from './order-turns.ts'
import type { RateLimit } from './rate-limit.ts'

export interface MinerServerOptions {
  /** PEM key and certificate (`loadTlsIdentity`); null for plain http, which binds to loopback only. */
  tls: { key: string; cert: string } | null
  reader: MarketReader
  /** null when this host holds nothing for the order. */
  stores: (orderId: bigint) => Promise<OrderStore | null>
  /** The operator of this host: signs hellos and answers. */
  signer: PrivateKeyAccount
  bind: string
  /** 0: any free one. */
  port: number
  journal: Journal
  /** flow 10: the user sealed, the root is re-derived; the contract service states it on chain. */
  onSealed: (orderId: bigint, commitment: Commitment) => void | Promise<void>
  /**
   * A new session wants to drop sealed leaves (docs/decisions/0001): withdraw our statement of them. True once the
   * withdrawal is confirmed and the chain's commitment is another; false as long as the caller has to wait.
   * Without it sealed leaves are never dropped.
   */
  withdrawStatement?: (orderId: bigint, sealed: Commitment) => Promise<boolean>
  /** For bodies that come in. */
  pool: BufferPool<ArrayBufferLike>
  /** What this host may send and take; without it as much as goes through. */
  bandwidth?: Bandwidths
  limits?: Partial<WireLimits>
  /** Unix ms as answers are signed with; default the host's clock. */
  now?: () => number
  version?: string
}

/** What the routes share. */
export interface ServerContext extends MinerServerOptions {
  limits: WireLimits
  bandwidth: Bandwidths
  desk: HelloDesk
  guard: ConnectionGuard
  orders: OrderCache
  /** Bodies that come in, and data that goes out, by order. */
  turns: { up: OrderTurns; down: OrderTurns }
  helloRate: RateLimit
  openRate: RateLimit
}

/** One request, its order found; `grant` on every route that needs a token. */
export interface OrderRequest {
  context: ServerContext
  request: IncomingMessage
  response: ServerResponse
  orderId: bigint
  store: OrderStore
  query: URLSearchParams
  grant: Grant | null
}
