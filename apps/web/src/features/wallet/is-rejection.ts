/** Did the person say no in the wallet? Then nothing is wrong and nothing is said (EIP-1193: 4001). */
export function isRejection(error: unknown): boolean {
  for (let at = error, depth = 0; typeof at === 'object' && at !== null && depth < 10; depth += 1) {
    const { code, name, cause } = at as { code?: unknown; name?: unknown; cause?: unknown }
    if (code === 4001 || code === 'ACTION_REJECTED' || name === 'UserRejectedRequestError') return true
    at = cause
  }
  return false
}
