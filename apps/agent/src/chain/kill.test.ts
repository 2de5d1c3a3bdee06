import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Devnet, startDevnet } from '@dmc/testkit/devnet'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { NODE } from '../../test/support/node-command.ts'

let net: Devnet
let ticking: NodeJS.Timeout
const dir = mkdtempSync(join(tmpdir(), 'dmc-kill-'))

beforeAll(async () => {
  net = await startDevnet({ blockTime: 'manual' })
  ticking = setInterval(() => void net.anvil.mine().catch(() => {}), 100)
})
afterAll(async () => {
  clearInterval(ticking)
  await net?.stop()
  rmSync(dir, { recursive: true, force: true })
})

const FIXTURE = fileURLToPath(new URL('./send-and-die.fixture.ts', import.meta.url))
const COUNT = 6

/** Runs the sending process until it is done, or kills it `killAfter` ms after its start. True when it was done. */
function run(args: string[], killAfter: number | null): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const [program, ...flags] = NODE
    const child = spawn(program, [...flags, FIXTURE, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let errors = ''
    child.stderr.on('data', (data) => {
      errors += data
    })
    child.stdout.on('data', (data) => {
      output += data
      if (killAfter !== null && output.startsWith('started'))
        setTimeout(() => child.kill('SIGKILL'), killAfter)
    })
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      if (code === 0 || signal === 'SIGKILL') resolve(output.includes('done'))
      else reject(new Error(`exit ${code}: ${errors.slice(-2000)}`))
    })
  })
}

it('kill -9 at any moment: every intent is one transaction', async () => {
  const key = generatePrivateKey()
  const { address } = privateKeyToAccount(key)
  await net.fund(address, { faucetCalls: 0 })
  const args = [dir, net.url, key, net.token, net.market, String(COUNT)]
  // Moments spread over simulation, record, broadcast, waiting; chosen once, so that every run is the same.
  let done = false
  for (const killAfter of [5, 60, 110, 30, 170]) done = (await run(args, killAfter)) || done
  done = (await run(args, null)) || done
  expect(done).toBe(true)
  expect(await net.client.getTransactionCount({ address, blockTag: 'pending' })).toBe(COUNT)
})
