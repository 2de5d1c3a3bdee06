import { DmcError } from '@dmc/core/errors/dmc-error'
import { hashToHex } from '@dmc/core/merkle/hash-hex'
import { SESSION_PATTERN } from '@dmc/core/protocol/limits'
import { toWireInteger } from '@dmc/core/protocol/messages'
import { crashPoint } from '../../../store/crash-point.ts'
import { bodyLength, readData } from '../read-body.ts'
import { sendJson } from '../reply.ts'
import type { OrderRequest } from '../server-context.ts'

/** `PUT leaves/{first}` (flow 9): answered when the bytes are durable, with the roots that they have on disk. */
export async function serveLeaves(
  { context, request, response, orderId, store }: OrderRequest,
  firstLeaf: number,
): Promise<void> {
  const session = request.headers['dmc-session']
  if (typeof session !== 'string' || !SESSION_PATTERN.test(session)) {
    throw new DmcError('REQUEST_INVALID', 'The header dmc-session is missing or not 16 bytes hex.', {
      hint: 'docs/PROTOCOL.md 4 says what it is.',
    })
  }
  const length = bodyLength(request, context.limits.dataBytes)
  // until then the socket is simply not read: the sender waits
  const end = await context.turns.down.take(orderId, length)
  try {
    const lease = await readData(request, length, context.pool, context.limits, {
      order: String(orderId),
      down: context.bandwidth.down,
    })
    try {
      const { durableSize, chunks } = await store.write(session, firstLeaf, lease.data)
      crashPoint('leaves-durable')
      sendJson(response, 200, {
        durableSize: toWireInteger(durableSize),
        chunks: chunks.map(([index, root]) => [index, hashToHex(root)]),
      })
    } finally {
      lease.release()
    }
  } finally {
    end()
  }
}
