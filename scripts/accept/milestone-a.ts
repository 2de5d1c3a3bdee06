import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { marketAbi } from '@dmc/core/chain/generated/market-abi'
import { judge } from '../check-arrows.ts'
import { type Check, must, mustExist, mustHavePassed, read, run } from './check.ts'
import { testEverything } from './test-everything.ts'

const DEMO = ['node', 'scripts/demo.ts']

async function demoKeepsGoing(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'dmc-accept-demo-'))
  const env = { DMC_DEMO_DIR: folder }
  const until = /Everything keeps running/
  const order = (output: string) => output.match(/\border\s+(\d+)\s+\(bill/)?.[1]
  try {
    let pid = 0
    const first = await run(DEMO, { env, until, onStart: (id) => (pid = id) })
    must(until.test(first.output), `the demo did not come up: ${first.output.slice(-300)}`)
    process.kill(pid, 'SIGKILL')
    writeFileSync(join(folder, 'devnet/Sample folder/added after the kill.txt'), 'new\n')
    const second = await run(DEMO, { env, until, onStart: (id) => (pid = id) })
    must(
      until.test(second.output),
      `the demo did not come up again after kill -9: ${second.output.slice(-300)}`,
    )
    must(
      order(first.output) !== undefined && order(first.output) === order(second.output),
      'after a kill the demo went on with another order',
    )
    const ended = new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        try {
          process.kill(pid, 0)
        } catch {
          clearInterval(timer)
          resolve()
        }
      }, 100)
    })
    process.kill(pid, 'SIGINT')
    await ended
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function demoWithOwnFolder(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'dmc-accept-own-'))
  try {
    mkdirSync(join(folder, 'mine/sub'), { recursive: true })
    writeFileSync(join(folder, 'mine/sub/letter.txt'), 'my own\n'.repeat(1000))
    const { exitCode, output } = await run([...DEMO, '--once', join(folder, 'mine')])
    must(
      exitCode === 0 && /Every byte came back/.test(output),
      `the demo with an own folder exited ${exitCode}`,
    )
    const wrong = await run([...DEMO, '--once', join(folder, 'not there')])
    must(wrong.exitCode !== 0 && /does not exist/.test(wrong.output), 'a missing folder must fail and say so')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export const CHECKS_A: readonly Check[] = [
  {
    name: 'A1',
    what: 'the demo: devnet, miner, user, backup, restore, compare; own folder; goes on after kill -9',
    async run() {
      const { exitCode, output } = await run([...DEMO, '--once'])
      must(exitCode === 0, `the demo exited ${exitCode}`)
      for (const word of [
        'Every byte came back',
        'Commitments on chain',
        'user ',
        'miner ',
        'restore',
        'openAsMiner',
        'openAsUser',
        'prepare',
        'escrow',
        'pledge',
      ]) {
        must(output.includes(word), `the demo's summary does not say "${word}"`)
      }
      await demoWithOwnFolder()
      await demoKeepsGoing()
      return 'sample folder, own folder, kill -9 and on with the same order'
    },
  },
  {
    name: 'A2',
    what: 'npm test runs everything and closes with a sum; .ci/run calls exactly it',
    async run() {
      must(
        /^npm test$/m.test(read('.ci/run')) && read('README.md').includes('npm test'),
        '.ci/run does not call npm test',
      )
      const steps = read('scripts/test.ts')
      for (const name of [
        'format-lint',
        'types',
        'arrows',
        'generated',
        'vectors',
        'solhint',
        'pages',
        'vitest',
        'contracts',
        'browser',
        'demo',
      ]) {
        must(steps.includes(`'${name}'`), `npm test has no step ${name}`)
      }
      return testEverything()
    },
  },
  {
    name: 'A3',
    what: 'the workspace, its arrows, README and docs',
    async run() {
      mustExist('apps/agent', 'packages/core', 'packages/contracts', 'turbo.json', 'biome.json', 'README.md')
      mustExist(
        ...['ARCHITECTURE', 'GLOSSARY', 'PROTOCOL', 'ERRORS', 'ENVIRONMENT', 'SECURITY', 'PERFORMANCE'].map(
          (page) => `docs/${page}.md`,
        ),
      )
      must(
        JSON.parse(read('package.json')).workspaces.includes('packages/*'),
        'package.json has no workspaces',
      )
      must(/"strict": true/.test(read('tsconfig.base.json')), 'TypeScript is not strict')
      must(judge('packages/core/src/x.ts', 'node:fs') !== null, 'the arrow checker lets core do I/O')
      const { exitCode, output } = await run(['node', 'scripts/check-arrows.ts'])
      must(exitCode === 0, 'an arrow between packages turns back')
      const readme = read('README.md')
      for (const part of ['npm run demo', 'npm test', 'dmc-agent init', 'docs/PROTOCOL.md'])
        must(readme.includes(part), `README does not say ${part}`)
      must(
        /not\* protected/i.test(read('docs/SECURITY.md')),
        'SECURITY.md does not say what is not protected',
      )
      return output.trim()
    },
  },
  {
    name: 'A4',
    what: 'Market.sol whole: acts, invariants, gas, mutants, decoded errors',
    async run() {
      await testEverything()
      const { functions } = acts()
      const missing = [
        'createBill',
        'shrinkBill',
        'cancelBill',
        'setEndpoint',
        'setOperator',
        'createOrder',
        'prepare',
        'refuse',
        'cancelOrder',
        'extendOrder',
        'topUp',
        'challenge',
        'answer',
        'slash',
        'shorten',
        'end',
        'quit',
        'claim',
        'finish',
        'withdraw',
        'openAsUser',
        'openAsMiner',
        'multicall',
      ].filter((act) => !functions.includes(act))
      must(missing.length === 0, `the Market has no ${missing.join(', ')}`)
      mustExist(
        'packages/contracts/snapshots/gas.json',
        'packages/contracts/snapshots/size.json',
        'packages/contracts/test/invariant',
        'packages/contracts/scripts/mutants.ts',
      )
      const tests = mustHavePassed({ 'packages/core/src/chain/market-errors.test.ts': [/./] })
      const mutants = await run(['node', 'packages/contracts/scripts/mutants.ts'])
      const killed = Number(mutants.output.match(/^(\d+) passed, 0 failed/m)?.[1] ?? 0)
      must(mutants.exitCode === 0 && killed >= 40, `mutants: exit ${mutants.exitCode}, ${killed} killed`)
      return `${functions.length} functions, ${killed} mutants killed, ${tests} error tests`
    },
  },
  {
    name: 'A5',
    what: 'the tree in core',
    async run() {
      await testEverything()
      mustExist('packages/core/vectors/tree.json')
      const count = mustHavePassed({
        'packages/core/src/merkle/': [
          /inner node/i,
          /index/i,
          /short/i,
          /long/i,
          /another order|other order/i,
        ],
        'packages/core/src/merkle/solidity-verifier': [/./],
      })
      return `${count} tests`
    },
  },
  {
    name: 'A6',
    what: 'the agent: commands, keys, exit codes, packaging, restart without a terminal',
    async run() {
      await testEverything()
      const { output } = await run(['node', 'apps/agent/src/cli.ts', '--help'])
      for (const command of [
        'init',
        'sector',
        'bill',
        'source',
        'market',
        'order',
        'backup',
        'snapshots',
        'ls',
        'restore',
        'status',
        'journal',
        'run',
        'install',
        'doctor',
      ]) {
        must(new RegExp(`\\b${command}\\b`).test(output), `dmc-agent --help does not name ${command}`)
      }
      const count = mustHavePassed({
        'apps/agent/src/commands/': [/./],
        'apps/agent/src/keys/': [/password/i],
        'apps/agent/src/chain/': [/./],
        'apps/agent/test/package': [/tarball|packed/i],
        'apps/agent/test/flows/': [/without a terminal/i],
      })
      return `${count} tests`
    },
  },
  {
    name: 'A7',
    what: 'snapshots and encryption; recovery from the phrase alone',
    async run() {
      await testEverything()
      const count = mustHavePassed({
        'packages/core/src/log/': [/./],
        'apps/agent/src/source/': [/./],
        'apps/agent/test/flows/second-backup': [/only what changed/i],
        'apps/agent/test/flows/recovery': [/./],
      })
      return `${count} tests`
    },
  },
  {
    name: 'A8',
    what: 'delivery: hello, pinned TLS, resume, refusal, kill -9',
    async run() {
      await testEverything()
      const count = mustHavePassed({
        'apps/agent/src/contract/wire/': [/./],
        'apps/agent/src/sector/': [/./],
        'apps/agent/test/flows/kill': [/./],
        'apps/agent/test/flows/refuse': [/./],
      })
      return `${count} tests`
    },
  },
  {
    name: 'A9',
    what: 'the agent trusts the chain: logs, reorgs, RPC loss, deletion only after grace',
    async run() {
      await testEverything()
      const count = mustHavePassed({
        'apps/agent/src/chain/follow-logs.test.ts': [/reorg/i],
        'apps/agent/test/flows/network': [/./],
        'apps/agent/test/flows/data-safety': [/./],
      })
      return `${count} tests`
    },
  },
]

/** From the ABI that core is built with. */
function acts(): { functions: string[] } {
  return { functions: marketAbi.filter((item) => item.type === 'function').map((item) => item.name) }
}
