import { CHUNK_SIZE } from '@dmc/core/merkle/constants'

/** What a broken connection takes with it is sent again: a piece is no larger than what goes through in this time. */
const PIECE_MS = 1000

/**
 * Bytes of the next piece at most, whole chunks. Each piece costs both sides a millisecond and more, whatever its size: on a
 * fast line they grow, by steps; on a slow one they shrink at once.
 * @param now what a piece may have now
 * @param bytes of the piece that was acknowledged last, `ms` after it was begun; a piece below a chunk says nothing
 */
export function pieceSize(now: number, bytes: number, ms: number, most: number): number {
  if (bytes < CHUNK_SIZE) return now
  const fits = Math.min((bytes * PIECE_MS) / Math.max(ms, 1), 2 * now)
  return Math.min(most, Math.max(1, Math.floor(fits / CHUNK_SIZE)) * CHUNK_SIZE)
}
