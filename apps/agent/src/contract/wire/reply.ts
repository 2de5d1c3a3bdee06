import type { ServerResponse } from 'node:http'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import type { WireLimits } from '@dmc/core/protocol/limits'
import { sendPaced } from './send-paced.ts'
import type { OrderRequest } from './server-context.ts'

const STATUS: Partial<Record<DmcError['code'], number>> = {
  REQUEST_INVALID: 400,
  ENDPOINT_INVALID: 400,
  TOKEN_INVALID: 401,
  HELLO_EXPIRED: 401,
  HELLO_REPLAYED: 401,
  PEER_NOT_AUTHORISED: 403,
  READ_NOT_ALLOWED: 403,
  ORDER_NOT_FOUND: 404,
  COMMITMENT_UNKNOWN: 404,
  SESSION_UNKNOWN: 409,
  SESSION_FENCED: 409,
  SESSION_BASE_MISMATCH: 409,
  STATEMENT_STANDS: 409,
  ORDER_STATE: 409,
  COMMITMENT_MISMATCH: 409,
  CHUNK_ROOT_MISMATCH: 409,
  REQUEST_TOO_LARGE: 413,
  CAPACITY_EXCEEDED: 413,
  LEAVES_OUT_OF_RANGE: 416,
  PROOF_INDEX_OUT_OF_RANGE: 416,
  TOO_MANY_REQUESTS: 429,
  DISK_FULL: 507,
  SECTOR_NOT_MOUNTED: 503,
}

/** What a peer is told where the true sentence names this host's paths, disks or nodes. */
const OUTSIDE: Partial<Record<DmcError['code'], { message: string; hint: string; retryable: boolean }>> = {
  DISK_FULL: {
    message: 'The miner’s disk is full.',
    hint: 'Delivery goes on by itself when the miner has freed space.',
    retryable: true,
  },
  SECTOR_NOT_MOUNTED: {
    message: 'The miner’s disk with this order is not mounted.',
    hint: 'It goes on by itself when the miner has mounted it.',
    retryable: true,
  },
  SECTOR_DAMAGED: {
    message: 'The miner’s copy of this data is damaged.',
    hint: 'Restore from another copy; the Market’s challenge makes the miner answer for it.',
    retryable: false,
  },
}

/** The error as it goes to a peer: typed, without anything of this host. */
export function toPeerError(thrown: unknown): { status: number; error: DmcError } {
  const error = toDmcError(thrown)
  const outside = OUTSIDE[error.code]
  const status = STATUS[error.code]
  if (outside) return { status: status ?? 500, error: new DmcError(error.code, outside.message, outside) }
  if (status !== undefined) return { status, error }
  const retryable = error.retryable
  return {
    status: retryable ? 503 : 500,
    error: new DmcError('PEER_ERROR', 'The miner could not do this; its journal says why.', {
      hint: retryable ? 'Try again in a while.' : 'Tell the miner, or restore from another copy.',
      retryable,
    }),
  }
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body)
  // as text, head and body go out in one write
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}

/** How long the slowest peer that is accepted takes for the largest reply. */
export const longestReply = ({ slowAfterMs, dataBytes, minRate }: WireLimits): number =>
  slowAfterMs + (dataBytes / minRate) * 1000

/** Octets in several parts, sent without joining them, as fast as this host's bandwidth allows for the order. */
export async function sendBytes(
  { context: { bandwidth, limits }, response, orderId }: OrderRequest,
  parts: readonly Uint8Array[],
  headers: Record<string, string> = {},
): Promise<void> {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  response.writeHead(200, {
    ...headers,
    'content-type': 'application/octet-stream',
    'content-length': length,
  })
  const { up } = bandwidth
  if (up.limit !== null) {
    const lane = String(orderId)
    return sendPaced(response, parts, (bytes) => up.pass(lane, bytes), longestReply(limits))
  }
  response.cork()
  for (const part of parts) response.write(part)
  response.end()
  response.uncork()
}

/** `siblings count u16 ‖ siblings` in front of the data (docs/PROTOCOL.md 4). */
export function siblingsPrefix(siblings: readonly Uint8Array[]): Buffer {
  const prefix = Buffer.alloc(2 + siblings.length * 32)
  prefix.writeUInt16BE(siblings.length)
  siblings.forEach((sibling, i) => {
    prefix.set(sibling, 2 + i * 32)
  })
  return prefix
}
