import { toWireCommitment } from '@dmc/core/protocol/messages'
import { sendJson } from '../reply.ts'
import type { OrderRequest } from '../server-context.ts'
import { followChain } from './known-commitment.ts'

/** `GET /v1/orders/{id}`. */
export async function serveStatus({ context, response, orderId, store }: OrderRequest): Promise<void> {
  const { state } = await context.orders.get(orderId, 1000)
  await followChain(context, orderId, store)
  sendJson(response, 200, {
    state,
    capacity: store.capacity,
    durableSize: store.durableSize,
    session: store.session,
    commitment: toWireCommitment(store.commitment),
    previousCommitment: toWireCommitment(store.previousCommitment),
  })
}
