import { sealRequest } from '@dmc/core/protocol/messages'
import { crashPoint } from '../../../store/crash-point.ts'
import { readJson } from '../read-body.ts'
import { sendJson } from '../reply.ts'
import type { OrderRequest } from '../server-context.ts'

/** `POST seal`: re-derives the root, then our side may state it on chain (flow 10). */
export async function serveSeal({ context, request, response, orderId, store }: OrderRequest): Promise<void> {
  const { session, root, size } = await readJson(request, sealRequest, context.limits)
  crashPoint('seal-asked')
  await store.seal(session, { root, size })
  crashPoint('seal-durable')
  sendJson(response, 200, { state: 'sealed' })
  try {
    await context.onSealed(orderId, { root, size })
  } catch (error) {
    // sealed is durable: the contract service finds it again by itself
    context.journal.add({
      level: 'warning',
      event: 'prepare-delayed',
      subject: `order:${orderId}`,
      message: `Order ${orderId} is sealed, but stating it on chain did not start: ${error instanceof Error ? error.message : error}`,
    })
  }
}
