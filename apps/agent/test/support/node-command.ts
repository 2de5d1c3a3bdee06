/**
 * Node as the launcher starts it (bin/dmc-agent.mjs), for tests that run the agent from its source: worker threads come
 * and go, and V8's book of protected code pages can lose count of them; and what is compiled beside the main thread can hang the end.
 */
export const NODE: readonly [program: string, ...flags: string[]] = [
  process.execPath,
  '--no-memory-protection-keys',
  '--no-concurrent-sparkplug',
]
