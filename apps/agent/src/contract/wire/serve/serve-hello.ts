import { DmcError } from '@dmc/core/errors/dmc-error'
import { addressGroup } from '@dmc/core/protocol/address-group'
import { helloFinish, helloStart, toWireInteger } from '@dmc/core/protocol/messages'
import * as z from 'zod'
import { readJson } from '../read-body.ts'
import { sendJson } from '../reply.ts'
import type { OrderRequest } from '../server-context.ts'

const either = z.union([helloFinish, helloStart])

/** `POST hello`, both steps (flow 11). */
export async function serveHello({
  context,
  request,
  response,
  orderId,
  store,
}: OrderRequest): Promise<void> {
  const said = await readJson(request, either, context.limits)
  const { socket } = request
  // the first step pays for both: the second one is bound to it, and were it refused, who tries again too soon would never get in
  if (!('signature' in said) && !context.helloRate.take(addressGroup(socket.remoteAddress ?? ''))) {
    throw new DmcError('TOO_MANY_REQUESTS', 'Too many hellos from this address.', {
      hint: 'Wait some seconds; the agent does so by itself.',
    })
  }
  const reply =
    'signature' in said
      ? await context.desk.finish(socket, orderId, said, store)
      : await context.desk.start(socket, orderId, said)
  sendJson(response, 200, { ...reply, expiresAt: toWireInteger(reply.expiresAt) })
}
