import { DmcError } from '@dmc/core/errors/dmc-error'
import { isDevnet } from '../config/resolve-config.ts'
import type { Env } from '../env.ts'
import { FAST_N, STRONG_N } from './derive-password-key.ts'

/**
 * The scrypt cost for new keystores.
 * @throws ENV_INVALID when the fast one is asked for and the chain is not a devnet.
 */
export function scryptCost(env: Pick<Env, 'fastScrypt'>, chainId: number | undefined): number {
  if (!env.fastScrypt) return STRONG_N
  if (isDevnet(chainId)) return FAST_N
  throw new DmcError(
    'ENV_INVALID',
    `DMC_TEST_FAST_SCRYPT is '1' and the chain id is ${chainId ?? 'not configured'}; allowed: unset, unless the chain id is 31337 or 1337.`,
    { hint: 'Unset DMC_TEST_FAST_SCRYPT: it makes keystores that are easy to break.' },
  )
}
