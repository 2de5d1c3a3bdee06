import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import type { CheckResult } from '../control/types.ts'
import type { Check, DoctorContext } from './check.ts'
import { chainRpc } from './checks/chain-rpc.ts'
import { clock } from './checks/clock.ts'
import { dataDir } from './checks/data-dir.ts'
import { diskSpace } from './checks/disk-space.ts'
import { endpoint } from './checks/endpoint.ts'
import { fallocate } from './checks/fallocate.ts'
import { hashing } from './checks/hashing.ts'
import { keystore } from './checks/keystore.ts'
import { market } from './checks/market.ts'
import { nodeVersion } from './checks/node-version.ts'
import { operator } from './checks/operator.ts'
import { sectors } from './checks/sectors.ts'
import { unlocking } from './checks/unlocking.ts'

/** In the order in which a person would look. */
export const CHECKS: readonly Check[] = [
  nodeVersion,
  dataDir,
  diskSpace,
  keystore,
  unlocking,
  chainRpc,
  clock,
  market,
  operator,
  sectors,
  endpoint,
  hashing,
  fallocate,
]

/** Said once, by the check of the chain itself. */
const NO_CHAIN: readonly string[] = ['RPC_UNREACHABLE', 'RPC_BAD_ANSWER', 'WRONG_CHAIN']

/** Runs every check, each on its own: one that fails or throws does not stop the others. */
export async function runChecks(
  context: DoctorContext,
  onResult?: (result: CheckResult) => void,
): Promise<CheckResult[]> {
  const results: CheckResult[] = []
  for (const check of CHECKS) {
    const result = await runOne(check, context)
    results.push(result)
    onResult?.(result)
  }
  return results
}

async function runOne({ name, title, run }: Check, context: DoctorContext): Promise<CheckResult> {
  try {
    const { result, detail, fix = '' } = await run(context)
    return { check: name, title, result, detail, fix }
  } catch (thrown) {
    const { code, message, hint } = toDmcError(thrown)
    if (NO_CHAIN.includes(code) && name !== chainRpc.name) {
      return { check: name, title, result: 'not checked', detail: 'The chain does not answer.', fix: '' }
    }
    return { check: name, title, result: 'failed', detail: message, fix: hint }
  }
}
