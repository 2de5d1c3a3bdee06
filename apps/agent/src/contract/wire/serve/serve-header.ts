import { sendBytes } from '../reply.ts'
import type { OrderRequest } from '../server-context.ts'
import { mustBeReadable } from './known-commitment.ts'

/** `GET header`: leaf 0 and its path, for anyone: recovery starts with it, and it holds no secret. */
export async function serveHeader(at: OrderRequest): Promise<void> {
  const { context, orderId, store } = at
  const commitment = await mustBeReadable(context, orderId, store, null)
  const { leaf, path } = await store.leafProof(0, commitment)
  await sendBytes(at, [leaf, ...path], {
    'dmc-commitment': `${commitment.root.toLowerCase()},${commitment.size}`,
  })
}
