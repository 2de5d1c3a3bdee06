import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..')

/** Thrown by a check for what nobody has built yet; everything else that is thrown is a failure. */
export class NotBuilt extends Error {}

export interface Check {
  /** `A3`: the milestone's letter and the number of the point. */
  name: string
  what: string
  /** Resolves with one line of evidence. */
  run(): Promise<string>
}

export function must(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new Error(sentence)
}

export function mustExist(...files: string[]): void {
  for (const file of files) if (!existsSync(join(ROOT, file))) throw new NotBuilt(`${file} is missing`)
}

export const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

/** Runs a command from the repository's root; output goes to stderr as it comes and is returned. */
export function run(
  command: string[],
  options: { env?: Record<string, string>; onStart?: (pid: number) => void; until?: RegExp } = {},
): Promise<{ exitCode: number; output: string }> {
  const [program = '', ...args] = command
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      env: { ...process.env, ...options.env, FORCE_COLOR: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const take = (data: Buffer) => {
      output += data
      process.stderr.write(data)
      if (options.until?.test(output)) resolve({ exitCode: -1, output })
    }
    if (child.pid !== undefined) options.onStart?.(child.pid)
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.on('error', reject)
    child.on('close', (code) => resolve({ exitCode: code ?? 1, output }))
  })
}

interface VitestReport {
  testResults: { name: string; assertionResults: { fullName: string; status: string }[] }[]
}

/** The steps of a full run that vitest does, each with a report of its own. */
export const VITEST_STEPS = ['vitest', 'load'] as const

/** Titles of the tests that passed in the last full run (or in its second try), by file (path from the root). */
function passedTests(): Map<string, string[]> {
  const reports = VITEST_STEPS.map((step) => join(ROOT, `.test-results/${step}.json`))
  for (const report of reports)
    must(existsSync(report), `the test run left no report (${report.slice(ROOT.length + 1)})`)
  const passed = new Map<string, string[]>()
  for (const file of reports.flatMap((path) => [path, `${path}.again.json`]).filter(existsSync)) {
    const report = JSON.parse(readFileSync(file, 'utf8')) as VitestReport
    for (const { name, assertionResults } of report.testResults) {
      const titles = assertionResults
        .filter(({ status }) => status === 'passed')
        .map(({ fullName }) => fullName)
      const key = name.slice(ROOT.length + 1)
      passed.set(key, [...(passed.get(key) ?? []), ...titles])
    }
  }
  return passed
}

/**
 * Named tests that must have passed in the full run: a file (or the beginning of its path), and patterns of titles.
 * @returns how many tests of these files passed
 */
export function mustHavePassed(wanted: Record<string, RegExp[]>): number {
  const passed = passedTests()
  let count = 0
  for (const [place, patterns] of Object.entries(wanted)) {
    const files = [...passed.keys()].filter((file) => file.startsWith(place))
    if (files.length === 0) throw new NotBuilt(`no test ran in ${place}`)
    const titles = files.flatMap((file) => passed.get(file) ?? [])
    for (const pattern of patterns)
      must(
        titles.some((title) => pattern.test(title)),
        `no passed test in ${place} is named like ${pattern}`,
      )
    must(titles.length > 0, `no test in ${place} passed`)
    count += titles.length
  }
  return count
}

interface Suite {
  title: string
  suites?: Suite[]
  specs?: { title: string; ok: boolean; tests: { status: string }[] }[]
}

/** Titles of the browser tests that passed in the last full run. */
function passedInBrowser(): string[] {
  const file = join(ROOT, '.test-results/browser.json')
  must(existsSync(file), 'the browser tests left no report (.test-results/browser.json)')
  const titles = (suite: Suite): string[] => [
    ...(suite.specs ?? [])
      .filter(
        ({ ok, tests }) => ok && tests.some(({ status }) => status === 'expected' || status === 'flaky'),
      )
      .map(({ title }) => title),
    ...(suite.suites ?? []).flatMap(titles),
  ]
  return titles(JSON.parse(readFileSync(file, 'utf8')) as Suite)
}

/** Named browser tests that must have passed in the full run. */
export function mustHavePassedInBrowser(...patterns: RegExp[]): number {
  const passed = passedInBrowser()
  for (const pattern of patterns)
    must(
      passed.some((title) => pattern.test(title)),
      `no passed browser test is named like ${pattern}`,
    )
  return patterns.length
}
