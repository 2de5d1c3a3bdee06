import { DmcError } from '../errors/dmc-error.ts'

/**
 * SHA-256 in the three shapes that the tree needs, in batches, so that an implementation can be fast.
 * Every implementation gives the same bytes (one conformance suite) and may be used from one thread at a time.
 */
export interface Hasher {
  /** For people and benchmarks, such as `crypto+hashtree`. */
  readonly name: string
  /** `data` holds n leaves of 1,024 bytes; writes their n leaf hashes to `out` (n * 32 bytes). */
  hashLeaves(data: Uint8Array, out: Uint8Array): void
  /** `nodes` holds n pairs of nodes (n * 64 bytes); writes their n parents to `out` (n * 32). May not overlap. */
  hashNodes(nodes: Uint8Array, out: Uint8Array): void
  /**
   * Only where one call is faster than a call for each level: the node at height 10 over 1 to 1,024 whole leaves,
   * written to `out` (32 bytes). Call `chunkRoot` of chunk-root.ts, which knows what to do without it.
   */
  chunkRoot?(data: Uint8Array, out: Uint8Array): void
  /**
   * Only where several at once are faster: `out` (n * 32 bytes) gets SHA-256(prefix ‖ body) of n bodies, 64 at most,
   * of any lengths; the prefix has at most 256 bytes. `out` may overlap neither.
   */
  hashMany?(prefix: Uint8Array, bodies: readonly Uint8Array[], out: Uint8Array): void
  /** SHA-256 of anything: a fresh 32 bytes. */
  sha256(data: Uint8Array): Uint8Array
}

/**
 * Number of items in a batch; every implementation checks with it before it hashes.
 *
 * @throws DmcError BUG when `input` is not whole items or `out` has not 32 bytes for each
 */
export const batchCount = (input: Uint8Array, itemSize: number, out: Uint8Array): number => {
  const count = input.length / itemSize
  if (!Number.isInteger(count) || out.length !== count * 32) {
    throw new DmcError(
      'BUG',
      `A batch of ${input.length} bytes in ${itemSize}s does not give ${out.length} bytes.`,
      {
        hint: 'Please report this with the stack trace (--debug).',
      },
    )
  }
  return count
}
