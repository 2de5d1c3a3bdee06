/**
 * Frees the memory of a piece now that its bytes are elsewhere. Left to the garbage collector, each 64 MiB of such pieces
 * would make the engine walk its whole heap, which costs more than receiving them. `piece` is empty afterwards.
 */
export function giveBack(piece: Uint8Array): void {
  const { buffer } = piece
  // a part of a larger buffer has other owners
  if (buffer instanceof ArrayBuffer && buffer.byteLength === piece.byteLength) buffer.transfer(0)
}
