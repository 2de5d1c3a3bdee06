/** Bytes that are the same for the same seed, different in every leaf; fast. */
export function seededBytes(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length)
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, Math.floor(length / 4))
  let state = (seed * 2654435761 + 1) >>> 0
  for (let i = 0; i < words.length; i++) {
    // xorshift32
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[i] = state
  }
  return bytes
}

/** Numbers from 0 to 1 that are the same for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = (seed * 2654435761 + 0x9e3779b9) >>> 0
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
