import { DmcError } from '../errors/dmc-error.ts'
import { LEAF_SIZE } from './constants.ts'

/**
 * Number of leaves in `size` bytes.
 *
 * @param size bytes, 0 to 2^53 - 1
 * @throws DmcError TREE_NOT_WHOLE_LEAVES
 */
export const wholeLeaves = (size: bigint | number): number => {
  const bytes = Number(size)
  if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes % LEAF_SIZE !== 0) {
    throw new DmcError('TREE_NOT_WHOLE_LEAVES', `${size} bytes are not whole leaves of ${LEAF_SIZE} bytes.`, {
      hint: 'Stored data is padded to whole leaves: ask for, or send, a multiple of 1,024 bytes.',
    })
  }
  return bytes / LEAF_SIZE
}
