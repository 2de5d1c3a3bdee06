import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { longestHold, loopProbeEnv } from './loop-probe.ts'

const folder = mkdtempSync(join(tmpdir(), 'dmc-probe-'))
const dataDir = join(folder, 'data')
mkdirSync(dataDir)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Holds its event loop for 150 ms at each line that it is sent. */
const HOLDS = `process.stdin.on('data', () => {
  for (const end = performance.now() + 150; performance.now() < end; );
  console.log('held')
})
console.log('ready')`

it('tells how long a loop was held, and begins anew', async () => {
  const probed = { name: 'probed', dataDir, pid: undefined as number | undefined }
  const env = { ...process.env, ...loopProbeEnv(probed) }
  const child = spawn(process.execPath, ['-e', HOLDS], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const next = () => new Promise((resolve) => child.stdout.once('data', resolve))
  try {
    probed.pid = child.pid
    await next()
    await longestHold(probed)
    child.stdin.write('hold\n')
    await next()
    const held = await longestHold(probed)
    // of 150 ms by the clock, a busy machine may give it a third
    expect(held.cpuMs).toBeGreaterThan(50)
    expect(held.wallMs).toBeGreaterThan(140)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect((await longestHold(probed)).cpuMs).toBeLessThan(50)
  } finally {
    child.kill()
  }
})
