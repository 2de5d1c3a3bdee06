import { fileURLToPath } from 'node:url'

/** Where Node keeps what it has compiled of this project (`NODE_COMPILE_CACHE`): done once, not at each start. */
export const COMPILE_CACHE: string =
  process.env.NODE_COMPILE_CACHE ??
  fileURLToPath(new URL('../../../node_modules/.cache/dmc-compiled', import.meta.url))

/**
 * How Node is started for whatever of this project runs long or ends by itself, as the published launcher does it
 * (apps/agent/bin/dmc-agent.mjs): V8's book of protected code pages can lose count when worker threads come and go, and code that is
 * compiled beside the main thread can hang the end of a process (nodejs/node 54918).
 *
 * The last one is for running from source alone. Node strips types by WebAssembly that calls JavaScript; threads share the code of
 * such calls, and when two of them make it faster at the same time V8 may free it twice (CHECK `jit_page.has_value()` under
 * `Runtime_TierUpWasmToJSWrapper`, or a segmentation fault). After so many calls it never does.
 */
export const NODE_FLAGS: readonly string[] = [
  '--no-memory-protection-keys',
  '--no-concurrent-sparkplug',
  '--wasm-wrapper-tiering-budget=2000000000',
]

/** How the launcher starts the service `dmc-agent run`: memory counts more there than the collection of short-lived garbage. */
export const AGENT_FLAGS: readonly string[] = [...NODE_FLAGS, '--max-semi-space-size=2']
export const AGENT_ENVIRONMENT: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: '2' }
