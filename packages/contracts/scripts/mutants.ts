import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { forgeEnv, foundryBinary, PACKAGE_ROOT } from './forge.ts'
import { MUTANTS, type Mutant } from './mutant-list.ts'

/**
 * Puts each fault of mutant-list.ts into a copy of the sources and runs the unit tests, the likeliest first: every one must make a test fail.
 * Prints a table, closes with `N passed, N failed` (passed: killed), exits 1 when one survives or does not compile.
 * Results are kept in cache/mutants.json under a hash of sources, tests and fault, so a second run goes on where the first
 * stopped. `--only TEXT`: those whose description or file holds it. `--fresh`: forgets what is kept.
 */
const CACHE = join(PACKAGE_ROOT, 'cache/mutants.json')
const VECTORS = join(PACKAGE_ROOT, '../core/vectors/tree.json')
const WORKERS = Math.max(1, Math.min(4, availableParallelism()))

/** Test files that kill most faults of a source. They run first: less to compile and to run; a fault that they miss meets all tests. */
const NEAR: Record<string, string> = {
  'src/libraries/LeafTree.sol': 'Answer',
  'src/parts/MarketBase.sol': 'Callers,Prepare,Answer,Constructor,Regressions',
  'src/parts/Operators.sol': 'Open,SetOperator,SetEndpoint,Callers',
  'src/parts/Bills.sol': 'CreateBill,ShrinkAndCancelBill,Callers',
  'src/parts/Orders.sol': 'CreateOrder,Prepare,RefuseAndCancelOrder,Callers',
  'src/parts/Challenges.sol': 'Challenge,Answer,Slash,Regressions',
  'src/parts/Settlement.sol': 'ClaimAndFinish,ExtendAndShorten,EndAndQuit,TopUp,Callers',
  'src/Market.sol': 'Open,Hostile',
}

interface Verdict {
  killed: boolean
  /** The test that failed, or why there is no verdict. */
  by: string
  seconds: number
}

function filesUnder(folder: string): string[] {
  return readdirSync(join(PACKAGE_ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

/** Changes with everything that a verdict depends on. */
function sourcesHash(): string {
  const hash = createHash('sha256')
  const files = [...filesUnder('src'), ...filesUnder('test/unit'), ...filesUnder('test/helpers')]
  for (const file of [...files, join(PACKAGE_ROOT, 'foundry.toml'), VECTORS])
    hash.update(file).update(readFileSync(file))
  return hash.digest('hex')
}

function mutated(mutant: Mutant): string {
  const text = readFileSync(join(PACKAGE_ROOT, mutant.file), 'utf8')
  const parts = text.split(mutant.from)
  if (parts.length !== 2) {
    throw new Error(`${mutant.file}: the text of "${mutant.what}" occurs ${parts.length - 1} times, not once`)
  }
  return parts.join(mutant.to)
}

/** A copy of the package's sources and unit tests, compiled once; the others are copies of it. */
function makeWorker(folder: string, from?: string): string {
  const root = join(folder, 'contracts')
  if (from) {
    cpSync(from, root, { recursive: true, verbatimSymlinks: true })
  } else {
    for (const part of ['src', 'tools', 'test/unit', 'test/helpers', 'foundry.toml']) {
      cpSync(join(PACKAGE_ROOT, part), join(root, part), { recursive: true })
    }
    mkdirSync(join(root, 'lib'))
    const modules = join(PACKAGE_ROOT, '../../node_modules')
    symlinkSync(modules, join(root, 'lib/node_modules'))
    symlinkSync(modules, join(root, 'node_modules'))
  }
  mkdirSync(join(folder, 'core/vectors'), { recursive: true })
  cpSync(VECTORS, join(folder, 'core/vectors/tree.json'))
  return root
}

const running = new Set<ChildProcess>()

/** @param near names of test files with commas; default: all. */
function runTests(root: string, near?: string): Promise<string> {
  const which = near === undefined ? [] : ['--match-path', `test/unit/{${near}}.t.sol`]
  return new Promise((resolve, reject) => {
    const child = spawn(
      foundryBinary('forge'),
      ['test', '--fail-fast', '--color', 'never', '--no-match-contract', 'Scale', ...which],
      {
        cwd: root,
        env: forgeEnv({ FOUNDRY_PROFILE: 'mutants' }),
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    running.add(child)
    let output = ''
    child.stdout.on('data', (data) => {
      output += data
    })
    child.stderr.on('data', (data) => {
      output += data
    })
    child.on('error', reject)
    child.on('close', () => {
      running.delete(child)
      resolve(output)
    })
  })
}

async function judge(root: string, mutant: Mutant): Promise<Verdict> {
  const file = join(root, mutant.file)
  const original = readFileSync(file, 'utf8')
  const started = performance.now()
  const since = () => Math.round((performance.now() - started) / 100) / 10
  writeFileSync(file, mutated(mutant))
  try {
    let by = 'SURVIVED'
    for (const near of [NEAR[mutant.file], undefined]) {
      const output = await runTests(root, near)
      if (!/\d+ tests? passed|\d+ passed;/.test(output)) {
        by = `does not compile: ${output.slice(0, 600)}`
        break
      }
      const failure = /\[FAIL[^\n]*\] (\w+\([^)]*\))/.exec(output)
      if (failure?.[1] === undefined) continue
      return { killed: true, by: failure[1], seconds: since() }
    }
    return { killed: false, by, seconds: since() }
  } finally {
    writeFileSync(file, original)
  }
}

function kept(): Record<string, Verdict> {
  try {
    return JSON.parse(readFileSync(CACHE, 'utf8'))
  } catch {
    return {}
  }
}

const onlyAt = process.argv.indexOf('--only')
const only = onlyAt > 0 ? (process.argv[onlyAt + 1] ?? '') : ''
const chosen = MUTANTS.filter(({ what, file }) => `${file} ${what}`.includes(only))
const sources = sourcesHash()
const keyOf = (mutant: Mutant) =>
  createHash('sha256').update(sources).update(JSON.stringify(mutant)).digest('hex')
const verdicts: Record<string, Verdict> = process.argv.includes('--fresh') ? {} : kept()
for (const mutant of chosen) mutated(mutant)
const open = chosen.filter((mutant) => !verdicts[keyOf(mutant)])
const started = performance.now()
console.log(`${chosen.length} mutants, ${chosen.length - open.length} judged before`)

if (open.length > 0) {
  const folder = mkdtempSync(join(tmpdir(), 'dmc-mutants-'))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      for (const child of running) child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
      console.log('\ninterrupted: what is judged is kept, run it again to go on')
      process.exit(130)
    })
  }
  try {
    const first = makeWorker(join(folder, '0'))
    const clean = await runTests(first)
    if (!/ 0 failed/.test(clean) || /\[FAIL/.test(clean))
      throw new Error(`the unit tests fail without a fault:\n${clean}`)
    const roots = [first]
    for (let i = 1; i < WORKERS; i += 1) roots.push(makeWorker(join(folder, String(i)), first))
    const queue = [...open]
    const known = kept()
    await Promise.all(
      roots.map(async (root) => {
        for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
          const verdict = await judge(root, mutant)
          verdicts[keyOf(mutant)] = verdict
          known[keyOf(mutant)] = verdict
          mkdirSync(join(PACKAGE_ROOT, 'cache'), { recursive: true })
          writeFileSync(CACHE, JSON.stringify(known))
          console.log(
            `${verdict.killed ? 'killed  ' : 'SURVIVED'} ${mutant.file}: ${mutant.what} (${verdict.seconds} s)`,
          )
        }
      }),
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

console.log(`\n${'mutant'.padEnd(70)} killed by`)
let killed = 0
for (const mutant of chosen) {
  const verdict = verdicts[keyOf(mutant)]
  if (verdict?.killed) killed += 1
  const name = `${mutant.file.replace('src/', '')}: ${mutant.what}`
  console.log(`${name.padEnd(70)} ${verdict?.killed ? verdict.by : `!! ${verdict?.by}`}`)
}
console.log(`\n${((performance.now() - started) / 1000).toFixed(1)} s`)
console.log(`${killed} passed, ${chosen.length - killed} failed`)
process.exit(killed === chosen.length && chosen.length > 0 ? 0 : 1)
