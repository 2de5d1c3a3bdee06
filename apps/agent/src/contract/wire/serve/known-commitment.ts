import type { Commitment } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import type { OrderStore } from '../../../sector/types.ts'
import { sameCommitment } from '../../same-commitment.ts'
import type { ServerContext } from '../server-context.ts'

/**
 * Takes over an agreement that the chain already knows and this host has not heard of yet. Harmless at any time: the
 * store accepts only what it has sealed itself.
 */
export async function followChain(
  { orders }: ServerContext,
  orderId: bigint,
  store: OrderStore,
  maxAgeMs = 250,
): Promise<void> {
  const { commitment } = await orders.get(orderId, maxAgeMs)
  if (commitment === null || sameCommitment(commitment, store.commitment)) return
  if (sameCommitment(commitment, store.sealed)) await store.committed(commitment)
}

/**
 * No reads before the order is active; then against the commitment in force, or the one just replaced.
 * @throws READ_NOT_ALLOWED, COMMITMENT_UNKNOWN
 */
export async function mustBeReadable(
  context: ServerContext,
  orderId: bigint,
  store: OrderStore,
  named: Commitment | null,
): Promise<Commitment> {
  const find = () => {
    if (named === null) return store.commitment
    return [store.commitment, store.previousCommitment].find((known) => sameCommitment(known, named)) ?? null
  }
  if (find() === null) await followChain(context, orderId, store)
  const found = find()
  if (found !== null) return found
  if (store.commitment === null) {
    throw new DmcError('READ_NOT_ALLOWED', `Order ${orderId} is not active yet: nothing of it is read.`, {
      hint: 'Reading starts when both sides have agreed on the commitment on chain.',
    })
  }
  throw new DmcError('COMMITMENT_UNKNOWN', `Order ${orderId} is not under that commitment here.`, {
    hint: 'Take the commitment from the chain again; the newest one and the one before it are served.',
  })
}
