import { DmcError } from '@dmc/core/errors/dmc-error'
import { RECHECK } from '@dmc/core/protocol/limits'
import { dataQuery, rootsQuery } from '@dmc/core/protocol/messages'
import { checkInput } from '../read-body.ts'
import { sendBytes, siblingsPrefix } from '../reply.ts'
import type { OrderRequest } from '../server-context.ts'
import { mustBeReadable } from './known-commitment.ts'

const ROOT_BYTES = 32

/**
 * `GET data`: whole leaves with the siblings that prove them (flow 11). Who asks hashes every byte of them; that this host's disk has
 * changed one is looked for when they say that what they got does not prove.
 */
export async function serveData(at: OrderRequest): Promise<void> {
  const { context, request, response, orderId, store, query } = at
  const { offset, length, root, size } = checkInput(dataQuery, Object.fromEntries(query))
  if (length > context.limits.dataBytes) {
    throw new DmcError(
      'REQUEST_TOO_LARGE',
      `${length} bytes at once are more than ${context.limits.dataBytes}.`,
      {
        hint: 'Ask for smaller ranges.',
      },
    )
  }
  const commitment = await mustBeReadable(context, orderId, store, { root, size: BigInt(size) })
  const end = await context.turns.up.take(orderId, length)
  if (response.destroyed) return end()
  response.once('close', end)
  const { data, siblings, release } = await store.readProven(
    offset,
    length,
    commitment,
    request.headers[RECHECK] !== undefined,
  )
  if (response.destroyed) return release()
  response.once('close', release)
  await sendBytes(at, [siblingsPrefix(siblings), data])
}

/** `GET roots`: chunk roots with the siblings that prove them. */
export async function serveRoots(at: OrderRequest): Promise<void> {
  const { context, orderId, store, query } = at
  const { first, count, root, size } = checkInput(rootsQuery, Object.fromEntries(query))
  if (count * ROOT_BYTES > context.limits.dataBytes) {
    throw new DmcError('REQUEST_TOO_LARGE', `${count} chunk roots at once are too many.`, {
      hint: 'Ask for fewer.',
    })
  }
  const commitment = await mustBeReadable(context, orderId, store, { root, size: BigInt(size) })
  const { roots, siblings } = await store.readRoots(first, count, commitment)
  await sendBytes(at, [siblingsPrefix(siblings), roots])
}
