import { BLOB_TYPE, blobId, blobIds, packBody, sealBlobInto } from '@dmc/core/log/blob'
import { nodeLogCrypto as crypto } from '@dmc/core/log/node-log-crypto'
import type { Hasher } from '@dmc/core/merkle/hasher'
import { giveBackOutput } from '../../disk/give-back.ts'
import { HEAD, type SealRoom, TAG } from './seal-room.ts'

/** What sealing content needs to know; the keys stay in this process. */
export interface SealKeys {
  blobIdKey: Uint8Array
  volumeKey: Uint8Array
  volumeId: Uint8Array
}

/** Ids of a room's chunks and, if it is asked for, their sealed bodies in the place of the plain ones. */
export function sealGroup(room: SealRoom, hasher: Hasher, keys: SealKeys): void {
  const type = BLOB_TYPE.content
  const bodies = room.bodies()
  const ids =
    hasher.hashMany && bodies.length > 1
      ? blobIds(hasher.hashMany, keys.blobIdKey, type, bodies)
      : bodies.map((body) => blobId(crypto, keys.blobIdKey, type, body))
  for (const [i, id] of ids.entries()) room.setId(i, id)
  if (!room.sealing) return
  for (const [i, body] of bodies.entries()) sealInPlace(room, i, body, ids[i] as Uint8Array, keys)
}

/**
 * The cipher gives as many bytes as it takes, so they go where the body was. Nonce and codec byte come before it and the tag after it,
 * where its neighbours are: those are put back.
 */
function sealInPlace(
  room: SealRoom,
  index: number,
  body: Buffer,
  id: Uint8Array,
  { volumeKey, volumeId }: SealKeys,
): void {
  const { bytes } = room
  const packed = packBody(crypto, body)
  const { length } = packed.packed
  const at = body.byteOffset
  const before = bytes.subarray(at - HEAD, at)
  const after = bytes.subarray(at + length, at + length + TAG)
  const neighbours = [Uint8Array.from(before), Uint8Array.from(after)] as const
  const place = { type: BLOB_TYPE.content, volumeId, blobId: id }
  sealBlobInto(crypto, volumeKey, place, packed, bytes, at - HEAD)
  room.setSealed(index, length, before, after)
  before.set(neighbours[0])
  after.set(neighbours[1])
  if (packed.packed !== body) giveBackOutput(packed.packed)
}
