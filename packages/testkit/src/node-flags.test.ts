import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { AGENT_ENVIRONMENT, AGENT_FLAGS } from './node-flags.ts'

const LAUNCHER = new URL('../../../apps/agent/bin/dmc-agent.mjs', import.meta.url)

it('agents are started here as the launcher starts them', () => {
  const text = readFileSync(LAUNCHER, 'utf8')
  // of running from source alone
  const flags = AGENT_FLAGS.filter((flag) => !flag.startsWith('--wasm-wrapper'))
  for (const flag of flags) expect(text).toContain(`'${flag}'`)
  // as `AgentProcess` does
  expect(text).toContain('NODE_COMPILE_CACHE: compiled')
  for (const [name, value] of Object.entries(AGENT_ENVIRONMENT)) expect(text).toContain(`${name}: '${value}'`)
})
