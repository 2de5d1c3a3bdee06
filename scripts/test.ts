import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { COMPILE_CACHE } from '@dmc/testkit/node-flags'

/**
 * Everything that must hold, fast things first, closing with one line: `N passed, N failed`.
 * `--long` runs the full figures; `--only NAME[,NAME]` picks steps by name.
 */
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const RESULTS = join(ROOT, '.test-results')
const LONG = process.argv.includes('--long')
/** Tests that judge times: beside others they would judge the others. */
const LOAD = ['apps/web/test/load/', 'apps/agent/test/flows/load.test.ts']

interface Counts {
  passed: number
  failed: number
  skipped: number
}

interface Step {
  name: string
  what: string
  command: string[]
  /** Reads the counts from the step's output; default: the step itself is one test. */
  count?: (output: string, exitCode: number) => Counts | Promise<Counts>
}

const one = (exitCode: number): Counts => ({
  passed: exitCode === 0 ? 1 : 0,
  failed: exitCode === 0 ? 0 : 1,
  skipped: 0,
})

/** The last `N passed, N failed[, N skipped]` line of a step; a step that fails without saying so counts as one failure. */
function closingLine(output: string, exitCode: number): Counts {
  const lines = [...output.matchAll(/^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/gm)]
  const last = lines.at(-1)
  if (!last) return { passed: 0, failed: 1, skipped: 0 }
  const counts = { passed: Number(last[1]), failed: Number(last[2]), skipped: Number(last[3] ?? 0) }
  if (exitCode !== 0 && counts.failed === 0) counts.failed = 1
  if (counts.passed + counts.failed === 0) counts.failed = 1
  return counts
}

/** Without a browser nothing of it ran, which is no failure outside of CI. */
function browserCounts(output: string, exitCode: number): Counts {
  const counts = closingLine(output, exitCode)
  const onlySkipped = exitCode === 0 && counts.passed === 0 && counts.skipped > 0
  return onlySkipped ? { ...counts, failed: 0 } : counts
}

interface VitestReport {
  numPassedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: { name: string; status: string; assertionResults: { fullName: string; status: string }[] }[]
}

function readReport(file: string): VitestReport | null {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as VitestReport) : null
}

/** Failed tests of a report, and files that failed as a whole, as `file > test`. */
function failuresOf(report: VitestReport): string[] {
  return report.testResults.flatMap(({ name, status, assertionResults }) => {
    const failed = assertionResults
      .filter((test) => test.status === 'failed')
      .map((test) => `${name} > ${test.fullName}`)
    return failed.length === 0 && status === 'failed' ? [`${name} > (the file itself)`] : failed
  })
}

/**
 * Counts of a vitest run. Failed files are run once more, alone: on a busy machine a limit of time may be all that failed.
 * What passes only then counts as passed and is named aloud; what fails twice has failed.
 */
function vitestCounts(file: string): NonNullable<Step['count']> {
  return async (_output, exitCode) => {
    const report = readReport(file)
    if (!report) return { passed: 0, failed: 1, skipped: 0 }
    const counts = {
      passed: report.numPassedTests,
      failed: 0,
      skipped: report.numPendingTests + report.numTodoTests,
    }
    const failures = failuresOf(report)
    if (failures.length === 0) return { ...counts, failed: exitCode === 0 ? 0 : 1 }
    const files = [...new Set(failures.map((failure) => failure.split(' > ')[0] ?? ''))]
    console.log(`\n${failures.length} failed; running ${files.length} files once more, one at a time:`)
    const again = `${file}.again.json`
    await run({
      name: 'again',
      what: '',
      command: [
        'vitest',
        'run',
        '--maxWorkers=1',
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${again}`,
        ...files,
      ],
    })
    const second = readReport(again)
    const still = second ? failuresOf(second) : failures
    for (const failure of failures) {
      if (!still.includes(failure)) console.log(`PASSED ONLY ON THE SECOND TRY: ${failure}`)
    }
    const recovered = failures.filter((failure) => !still.includes(failure)).length
    return { ...counts, passed: counts.passed + recovered, failed: still.length }
  }
}

const vitest = (name: string, what: string, ...filters: string[]): Step => {
  const file = join(RESULTS, `${name}.json`)
  return {
    name,
    what,
    command: [
      'vitest',
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
      ...filters,
    ],
    count: vitestCounts(file),
  }
}

const STEPS: Step[] = [
  { name: 'format-lint', what: 'format and lint', command: ['biome', 'check', '--error-on-warnings', '.'] },
  { name: 'types', what: 'types', command: ['turbo', 'run', 'typecheck', '--output-logs=errors-only'] },
  { name: 'types-root', what: 'types of scripts and bench', command: ['tsc', '--noEmit', '-p', '.'] },
  { name: 'arrows', what: 'arrows between packages', command: ['node', 'scripts/check-arrows.ts'] },
  {
    name: 'generated',
    what: 'generated ABI is current',
    command: ['node', 'packages/contracts/scripts/generate-abi.ts', '--check'],
  },
  {
    name: 'vectors',
    what: 'tree vectors are current',
    command: ['node', 'packages/core/scripts/make-vectors.ts', '--check'],
  },
  {
    name: 'solhint',
    what: 'Solidity lint',
    command: ['npm', 'run', '--silent', 'lint', '-w', '@dmc/contracts'],
  },
  {
    name: 'pages',
    what: "the dashboard's pages are built",
    command: ['node', 'scripts/dashboard/build-pages.ts'],
  },
  vitest(
    'vitest',
    'unit, property and integration tests',
    ...LOAD.flatMap((path) => ['--exclude', path.replace(/\/$/, '/**')]),
  ),
  vitest(
    'load',
    'dashboard and agents under load, with the machine to themselves',
    '--maxWorkers=1',
    ...LOAD,
  ),
  {
    name: 'contracts',
    what: 'contract: unit, fuzz, invariants, gas',
    command: ['node', 'packages/contracts/scripts/test.ts', ...(LONG ? ['--long'] : [])],
    count: closingLine,
  },
  {
    name: 'browser',
    what: 'the dashboard in a real browser',
    command: ['node', 'scripts/browser-tests.ts'],
    count: browserCounts,
  },
  { name: 'demo', what: 'the demo, end to end', command: ['node', 'scripts/demo.ts', '--once'] },
  ...(LONG
    ? [
        {
          name: 'mutants',
          what: 'contract mutants',
          command: ['node', 'packages/contracts/scripts/mutants.ts'],
          count: closingLine,
        },
      ]
    : []),
]

function run(step: Step): Promise<{ exitCode: number; output: string }> {
  return new Promise((done) => {
    const [program = '', ...args] = step.command
    const child = spawn(program, args, {
      cwd: ROOT,
      env: {
        ...process.env,
        TURBO_TELEMETRY_DISABLED: '1',
        DO_NOT_TRACK: '1',
        // what runs from source is stripped and compiled once, not by each of some thousand processes and threads
        NODE_COMPILE_CACHE: COMPILE_CACHE,
        ...(LONG ? { DMC_TEST_LONG: '1' } : {}),
        NO_COLOR: '1',
        FORCE_COLOR: undefined,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const take = (data: Buffer) => {
      output += data
      process.stdout.write(data)
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.on('error', (error) => {
      output += `${error}\n`
      console.error(String(error))
    })
    child.on('close', (code) => done({ exitCode: code ?? 1, output }))
  })
}

if (process.argv.includes('--help')) {
  console.log('npm test [-- --long] [-- --only NAME,NAME]: everything that must hold, or what is named of')
  for (const { name, what } of STEPS) console.log(`  ${name.padEnd(14)} ${what}`)
  process.exit(0)
}

const onlyAt = process.argv.indexOf('--only')
const only = onlyAt > 0 ? (process.argv[onlyAt + 1] ?? '').split(',') : null
rmSync(RESULTS, { recursive: true, force: true })
mkdirSync(RESULTS, { recursive: true })
const table: string[] = []
const sum: Counts = { passed: 0, failed: 0, skipped: 0 }
for (const step of STEPS.filter((candidate) => !only || only.includes(candidate.name))) {
  console.log(`\n=== ${step.name}: ${step.what}`)
  const started = performance.now()
  const { exitCode, output } = await run(step)
  const counts = step.count ? await step.count(output, exitCode) : one(exitCode)
  sum.passed += counts.passed
  sum.failed += counts.failed
  sum.skipped += counts.skipped
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  table.push(
    `${counts.failed > 0 ? 'FAILED' : 'ok    '} ${step.name.padEnd(14)} ${String(counts.passed).padStart(6)} passed ${String(counts.failed).padStart(4)} failed ${String(counts.skipped).padStart(4)} skipped ${seconds.padStart(8)} s`,
  )
}
console.log(`\n${table.join('\n')}\n`)
console.log(`${sum.passed} passed, ${sum.failed} failed${sum.skipped > 0 ? `, ${sum.skipped} skipped` : ''}`)
process.exit(sum.failed > 0 || sum.passed === 0 ? 1 : 0)
