import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { marketBytecode } from '@dmc/core/chain/generated/market-bytecode'
import { devTokenBytecode, tokenBytecode } from '@dmc/core/chain/generated/token-bytecode'
import { PACKAGE_ROOT } from './forge.ts'
import { type Measured, measureGas } from './measure-gas.ts'

/**
 * Gas of whole transactions and sizes of contracts against the committed snapshots and the budgets.
 * Default: checks, exits 1 with what differs. `--write`: renews the snapshots.
 */
const GAS_FILE = join(PACKAGE_ROOT, 'snapshots/gas.json')
const SIZE_FILE = join(PACKAGE_ROOT, 'snapshots/size.json')

/** Addresses and signatures are the same in every run, so this only covers a byte of calldata or two. */
const TOLERANCE = 50
const ANY_ACT = 500_000
const BYTECODE_LIMIT = 24_576

/** What the design allows: a name, the gas it adds up, the most it may be. */
const BUDGETS: [what: string, acts: string[], most: number][] = [
  [
    'createBill + createOrder + two prepares, the very first of a Market',
    [
      'createBill, first of a miner',
      'createOrder, first of a user',
      'prepare, first',
      'prepare, agreeing: active',
    ],
    450_000,
  ],
  ['answer at 1 TiB', ['answer, 1 TiB'], 115_000],
  ['slash', ['slash'], 110_000],
  ['challenge', ['challenge'], 75_000],
]

export interface Check {
  name: string
  ok: boolean
  text: string
}

function snapshotOf(file: string): Record<string, number> {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return {}
  }
}

function differences(
  now: Record<string, number>,
  before: Record<string, number>,
  tolerance: number,
): string[] {
  return [...new Set([...Object.keys(now), ...Object.keys(before)])].flatMap((name) => {
    const [a, b] = [before[name], now[name]]
    if (a !== undefined && b !== undefined && Math.abs(a - b) <= tolerance) return []
    return [`  ${name}: ${a ?? 'absent'} in the snapshot, ${b ?? 'absent'} now`]
  })
}

function sizes({ marketRuntime, tokenRuntime }: Measured): Record<string, number> {
  const bytes = (code: string) => (code.length - 2) / 2
  return {
    'Market runtime': marketRuntime,
    'Market creation': bytes(marketBytecode),
    'DmcDevToken runtime': tokenRuntime,
    'DmcDevToken creation': bytes(devTokenBytecode),
    'DmcToken creation': bytes(tokenBytecode),
  }
}

/** Every budget and both snapshots, each as one check. */
export async function checkGas(): Promise<Check[]> {
  const measured = await measureGas()
  const { gas } = measured
  const size = sizes(measured)
  const check = (name: string, problems: string[], fine: string): Check => ({
    name,
    ok: problems.length === 0,
    text: problems.length === 0 ? fine : problems.join('\n'),
  })
  const budgets = BUDGETS.map(([what, acts, most]) => {
    const sum = acts.reduce((total, act) => total + (gas[act] ?? Number.NaN), 0)
    return { name: `budget: ${what}`, ok: sum <= most, text: `${sum} gas of at most ${most}` }
  })
  const dear = Object.entries(gas).filter(([, used]) => !(used <= ANY_ACT))
  const large = size['Market runtime'] ?? Number.NaN
  return [
    ...budgets,
    check(
      `budget: every act at most ${ANY_ACT} gas`,
      dear.map(([act, used]) => `  ${act}: ${used}`),
      `the dearest takes ${Math.max(...Object.values(gas))}`,
    ),
    { name: 'budget: bytecode', ok: large < BYTECODE_LIMIT, text: `${large} of ${BYTECODE_LIMIT} bytes` },
    check(
      'snapshot: gas',
      differences(gas, snapshotOf(GAS_FILE), TOLERANCE),
      `${Object.keys(gas).length} acts`,
    ),
    check('snapshot: size', differences(size, snapshotOf(SIZE_FILE), 0), `${Object.keys(size).length} sizes`),
  ]
}

if (import.meta.main) {
  if (process.argv.includes('--write')) {
    const measured = await measureGas()
    writeFileSync(GAS_FILE, `${JSON.stringify(measured.gas, null, 2)}\n`)
    writeFileSync(SIZE_FILE, `${JSON.stringify(sizes(measured), null, 2)}\n`)
  }
  const checks = await checkGas()
  for (const { name, ok, text } of checks)
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${name}: ${ok ? text : `\n${text}`}`)
  const failed = checks.filter(({ ok }) => !ok).length
  if (failed > 0) console.log('Renew a wanted change with: npm run gas -w @dmc/contracts -- --write')
  process.exit(failed > 0 ? 1 : 0)
}
