import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { forgeEnv, foundryBinary, PACKAGE_ROOT } from './forge.ts'
import { checkGas } from './gas.ts'

/**
 * All tests of the Market: forge's unit, fuzz and invariant tests, then gas and size against budgets and snapshots.
 * `--long`: 20,000 fuzz runs and 10,000 x 32 invariant calls instead of 256 and 500 x 32.
 * `--json`: one document at the end instead of the lines. Other arguments go to forge (`--match-contract Slash`).
 * Closes with `N passed, N failed`.
 */
const LONG = process.argv.includes('--long')
const JSON_ONLY = process.argv.includes('--json')
const forgeArguments = process.argv
  .slice(2)
  .filter((argument) => argument !== '--long' && argument !== '--json')
/** Fewer successful acts of a handler prove nothing. */
const LEAST_SUCCESSES = 1_000

interface TestResult {
  status: 'Success' | 'Failure' | 'Skipped'
  reason: string | null
  counterexample: unknown
  kind: { Invariant?: { runs: number; calls: number; metrics: Record<string, Metric> } }
}
interface Metric {
  calls: number
  reverts: number
  discards: number
}
interface Outcome {
  suite: string
  name: string
  ok: boolean
  text: string
}

function forge(): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(foundryBinary('forge'), ['test', '--json', ...forgeArguments], {
      cwd: PACKAGE_ROOT,
      env: forgeEnv(LONG ? { FOUNDRY_PROFILE: 'long' } : {}),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let errors = ''
    child.stdout.on('data', (data) => {
      output += data
    })
    child.stderr.on('data', (data) => {
      errors += data
    })
    child.on('error', reject)
    child.on('close', () => {
      // forge exits 1 when a test fails, too; what counts is whether it answered.
      const start = output.indexOf('{')
      if (start < 0) reject(new Error(`forge gave no result:\n${output}${errors}`))
      else resolve(output.slice(start))
    })
  })
}

/** Successes of each handler's acts, and of the handler: a call that the Market refused reverts. */
function handlerOutcomes(suite: string, metrics: Record<string, Metric>): Outcome[] {
  const handlers = new Map<string, [act: string, successes: number][]>()
  for (const [key, { calls, reverts, discards }] of Object.entries(metrics)) {
    const [handler = '', act = ''] = (key.split(':').at(-1) ?? '').split('.')
    handlers.set(handler, [...(handlers.get(handler) ?? []), [act, calls - reverts - discards]])
  }
  return [...handlers].sort().map(([handler, acts]) => {
    const sum = acts.reduce((total, [, successes]) => total + successes, 0)
    const each = acts.sort().map(([act, successes]) => `${act} ${successes}`)
    return {
      suite,
      name: `${handler} succeeds at least ${LEAST_SUCCESSES} times, every act of it at least once`,
      ok: sum >= LEAST_SUCCESSES && acts.every(([, successes]) => successes > 0),
      text: `${sum} calls succeeded: ${each.join(', ')}`,
    }
  })
}

function outcomes(report: Record<string, { test_results: Record<string, TestResult> }>): Outcome[] {
  return Object.entries(report).flatMap(([file, { test_results }]) => {
    const suite = file.split(':').at(-1) ?? file
    return Object.entries(test_results).flatMap(([name, { status, reason, counterexample, kind }]) => {
      const shown = counterexample ? `\n${JSON.stringify(counterexample, null, 1)}` : ''
      const own = {
        suite,
        name,
        ok: status === 'Success',
        text: status === 'Success' ? '' : `${reason ?? status}${shown}`,
      }
      const { Invariant } = kind
      if (!Invariant) return [own]
      own.text ||= `${Invariant.runs} lives, ${Invariant.calls} calls`
      return [own, ...handlerOutcomes(suite, Invariant.metrics)]
    })
  })
}

/** Solidity is formatted by forge as everything else is by biome. */
function checkFormat(): Outcome {
  const result = spawnSync(foundryBinary('forge'), ['fmt', '--check'], {
    cwd: PACKAGE_ROOT,
    env: forgeEnv({ NO_COLOR: '1' }),
    encoding: 'utf8',
  })
  const ok = result.status === 0
  const text = ok ? '' : `run forge fmt\n${result.stdout}${result.stderr}`
  return { suite: 'format', name: 'forge fmt --check', ok, text }
}

const started = performance.now()
if (!JSON_ONLY) console.log(`forge: compiling and running${LONG ? ' (long: this takes a while)' : ''} …`)
const all = outcomes(JSON.parse(await forge()))
if (forgeArguments.length === 0) {
  all.push(checkFormat())
  for (const { name, ok, text } of await checkGas()) all.push({ suite: 'gas and size', name, ok, text })
}
const passed = all.filter(({ ok }) => ok).length
const failed = all.length - passed
const seconds = Number(((performance.now() - started) / 1000).toFixed(1))
if (JSON_ONLY) {
  console.log(JSON.stringify({ passed, failed, seconds, long: LONG, tests: all }, null, 2))
} else {
  const suites = Map.groupBy(all, ({ suite }) => suite)
  for (const [suite, tests] of suites) {
    const bad = tests.filter(({ ok }) => !ok)
    console.log(
      `${bad.length > 0 ? 'FAILED' : 'ok    '} ${suite}: ${tests.length - bad.length} of ${tests.length}`,
    )
    for (const { name, ok, text } of tests) {
      if (!ok || text !== '') console.log(`         ${ok ? '' : 'FAILED '}${name}${text ? `: ${text}` : ''}`)
    }
  }
  console.log(`\n${seconds} s`)
  console.log(`${passed} passed, ${failed} failed`)
}
mkdirSync(join(PACKAGE_ROOT, 'cache'), { recursive: true })
writeFileSync(join(PACKAGE_ROOT, 'cache/test-report.json'), JSON.stringify(all, null, 2))
process.exit(failed > 0 || passed === 0 ? 1 : 0)
