import type { Commitment } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { appendRequest } from '@dmc/core/protocol/messages'
import { sameCommitment } from '../../same-commitment.ts'
import { readJson } from '../read-body.ts'
import { sendJson } from '../reply.ts'
import type { OrderRequest } from '../server-context.ts'
import { followChain } from './known-commitment.ts'

/** `POST append`: opens or resumes a session on the commitment in force. */
export async function serveAppend({
  context,
  request,
  response,
  orderId,
  store,
}: OrderRequest): Promise<void> {
  const { session, base, size } = await readJson(request, appendRequest, context.limits)
  const { state } = await context.orders.get(orderId, 1000)
  if (state !== 'preparing' && state !== 'active') {
    throw new DmcError('ORDER_STATE', `Order ${orderId} is ${state}; it takes no data.`, {
      hint: 'Create a new order for this source.',
    })
  }
  // flow 10: the user may know of the agreement before this host has heard of it
  if (!sameCommitment(base, store.commitment)) await followChain(context, orderId, store, 0)
  const want = { session, base, ...(size === undefined ? {} : { size: Number(size) }) }
  const durableSize = await openSession(context, store, orderId, want)
  sendJson(response, 200, { session, durableSize })
}

async function openSession(
  context: OrderRequest['context'],
  store: OrderRequest['store'],
  orderId: bigint,
  { session, base, size }: { session: string; base: Commitment | null; size?: number },
): Promise<number> {
  const { sealed } = store
  try {
    return (await store.openSession(session, base, size === undefined ? {} : { size })).durableSize
  } catch (error) {
    if (!DmcError.is(error) || error.code !== 'STATEMENT_STANDS' || sealed === null) throw error
    // docs/decisions/0001: our statement first leaves the chain
    if (!(await context.withdrawStatement?.(orderId, sealed))) throw error
    await followChain(context, orderId, store, 0)
    // what was withdrawn is what may go, nothing that was sealed since
    const mayDropSealed = sameCommitment(store.sealed, sealed)
    return (await store.openSession(session, base, { mayDropSealed })).durableSize
  }
}
