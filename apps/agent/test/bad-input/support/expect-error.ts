import { readFileSync } from 'node:fs'
import type { AgentProcess, CliResult, SpawnHow } from '@dmc/testkit/agent-process'
import { expect } from 'vitest'

const PAGE = readFileSync(new URL('../../../../../docs/ERRORS.md', import.meta.url), 'utf8')

/** Exit code of an error as docs/ERRORS.md promises it. */
function promisedExit(code: string): number {
  const row = new RegExp(`^\\| \`${code}\` \\| (\\d+) \\|`, 'm').exec(PAGE)
  if (!row) throw new Error(`docs/ERRORS.md does not know ${code}`)
  return Number(row[1])
}

export interface SaidError {
  code: string
  message: string
  hint: string
}

export const saidBy = ({ stdout }: CliResult): SaidError & { type: string } =>
  JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '{}')

/**
 * Runs a command with `--json` that must fail as docs/ERRORS.md says: code, exit code, one sentence with the values, a next
 * step; no stack, and none of this agent's secrets.
 */
export async function mustFail(
  agent: AgentProcess,
  args: string[],
  code: string,
  values: (string | RegExp)[] = [],
  how?: SpawnHow,
): Promise<SaidError> {
  const result = await agent.cli([...args, '--json'], undefined, how)
  const said = saidBy(result)
  const at = `dmc-agent ${args.join(' ')} said ${JSON.stringify(said)}\n${result.stderr}`
  expect(said.type, at).toBe('error')
  expect(said.code, at).toBe(code)
  expect(result.exitCode, at).toBe(promisedExit(code))
  expect(said.message, at).toMatch(/^[^\n]{10,}[.!?)]$/)
  expect(said.hint.length, at).toBeGreaterThan(10)
  for (const value of values) {
    if (typeof value === 'string') expect(said.message, at).toContain(value)
    else expect(said.message, at).toMatch(value)
  }
  const all = result.stdout + result.stderr
  expect(all, at).not.toMatch(/\n\s+at .*[:(]\d+/)
  expect(all, at).not.toContain(readFileSync(agent.passwordFile, 'utf8').trim())
  return said
}
