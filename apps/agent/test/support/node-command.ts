import { NODE_FLAGS } from '@dmc/testkit/node-flags'

/** Node as the launcher starts it, for tests that run the agent from its source. */
export const NODE: readonly [program: string, ...flags: string[]] = [process.execPath, ...NODE_FLAGS]
