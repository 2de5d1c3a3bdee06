/**
 * Frees the memory of a piece now that its bytes are elsewhere. Left to the garbage collector, each 64 MiB of such pieces
 * would make the engine walk its whole heap, which costs more than receiving them. `piece` is empty afterwards.
 */
export function giveBack(piece: Uint8Array): void {
  const { buffer } = piece
  // a part of a larger buffer has other owners
  if (buffer instanceof ArrayBuffer && buffer.byteLength === piece.byteLength) buffer.transfer(0)
}

/** Larger than Node's pool of small buffers, which others share. */
const SURELY_OWN = 256 * 1024

/** The same for what a compressor returned: a part of memory that it took for this alone. Small ones are left alone. */
export function giveBackOutput(output: Uint8Array): void {
  const { buffer } = output
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= SURELY_OWN) buffer.transfer(0)
}
