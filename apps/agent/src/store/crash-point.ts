import { DmcError } from '@dmc/core/errors/dmc-error'

/** Steps at which a test may kill this agent: between two things that a kill must not tear apart. */
export const CRASH_POINTS = [
  // user
  'source-added',
  'order-sent',
  'order-confirmed',
  'encoding',
  'encoded',
  'user-prepare-sent',
  'delivering',
  'delivered',
  'sealed',
  'agreed',
  'committed',
  'restoring',
  'challenge-sent',
  // miner
  'order-seen',
  'order-reserved',
  'order-refusing',
  'leaves-durable',
  'seal-asked',
  'seal-durable',
  'miner-stating',
  'miner-prepare-sent',
  'miner-agreed',
  'miner-committed',
  'answer-sent',
] as const

export type CrashPoint = (typeof CRASH_POINTS)[number]

const DEVNETS = [31337, 1337]
let armed: CrashPoint | null = null

/**
 * For tests: kill -9 at the named step, so that what a kill leaves behind can be shown for each of them.
 * @throws ENV_INVALID unless the chain is a devnet.
 */
export function armCrashPoint(point: CrashPoint, chainId: number | undefined): void {
  if (chainId === undefined || !DEVNETS.includes(chainId)) {
    throw new DmcError(
      'ENV_INVALID',
      `DMC_TEST_CRASH_AT is '${point}' and the chain id is ${chainId ?? 'not configured'}; allowed: unset, unless the chain id is 31337 or 1337.`,
      { hint: 'Unset DMC_TEST_CRASH_AT: it kills the agent.' },
    )
  }
  armed = point
}

/** Nothing, unless a test has armed this step: then the process is gone before the next line. */
export function crashPoint(point: CrashPoint): void {
  if (armed === point) process.kill(process.pid, 'SIGKILL')
}
