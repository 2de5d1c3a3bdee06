/**
 * How Node is started for whatever of this project runs long or ends by itself, as the published launcher does it
 * (apps/agent/bin/dmc-agent.mjs): V8's book of protected code pages can lose count when worker threads come and go, and code that is
 * compiled beside the main thread can hang the end of a process (nodejs/node 54918).
 */
export const NODE_FLAGS: readonly string[] = ['--no-memory-protection-keys', '--no-concurrent-sparkplug']
