import { createHmac, scrypt } from 'node:crypto'
import { promisify } from 'node:util'

const scryptAsync = promisify<string, Uint8Array, number, object, Buffer>(scrypt)

/** scrypt cost of keystores that protect anything: 128 MiB, about half a second. */
export const STRONG_N = 1 << 17
/** Tests only, on devnets only (DMC_TEST_FAST_SCRYPT). */
export const FAST_N = 1 << 10

/** The key that seals the entries, and the value by which a wrong password is known. */
export async function derivePasswordKey(
  password: string,
  { n, r, p, salt }: { n: number; r: number; p: number; salt: string },
): Promise<{ key: Uint8Array; check: string }> {
  const stretched = await scryptAsync(password.normalize('NFKC'), Buffer.from(salt, 'hex'), 64, {
    N: n,
    r,
    p,
    maxmem: 128 * n * r + 128 * r * p + (32 << 20),
  })
  return {
    key: stretched.subarray(0, 32),
    check: createHmac('sha256', stretched.subarray(32)).update('dmc-keystore/1/check').digest('hex'),
  }
}
