import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NODE_FLAGS } from '@dmc/testkit/node-flags'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDatabase } from './open-database.ts'

let folder: string
let child: ChildProcess | null = null
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmc-db-'))
})
afterEach(() => {
  child?.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** Another process that opens the folder, writes a row for each line it is sent, and says when it is done. */
function openElsewhere(): Promise<ChildProcess> {
  const code = `
    import { openDatabase } from ${JSON.stringify(new URL('./open-database.ts', import.meta.url).href)}
    const db = await openDatabase({ folder: ${JSON.stringify(folder)} })
    for (let i = 0; ; i++) {
      await db.prisma.user.create({ data: { address: 'row ' + i } })
      console.log(i)
    }`
  const started = spawn(process.execPath, [...NODE_FLAGS, '--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child = started
  return new Promise((resolve, reject) => {
    started.stdout?.on('data', (data: Buffer) => {
      if (`${data}`.includes('3\n')) resolve(started)
    })
    started.once('exit', (exit) => reject(new Error(`exited with ${exit}`)))
  })
}

describe('one process per PGlite folder', () => {
  it('a second one gets DATABASE_LOCKED with the pid; after kill -9 its rows are there and the lock is free', async () => {
    const other = await openElsewhere()
    const error = await openDatabase({ folder }).catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'DATABASE_LOCKED', meta: { pid: other.pid } })
    const gone = new Promise((resolve) => other.once('exit', resolve))
    other.kill('SIGKILL')
    await gone
    const db = await openDatabase({ folder })
    expect(await db.prisma.user.count()).toBeGreaterThan(3)
    const here = await openDatabase({ folder }).catch((thrown) => thrown)
    expect(here).toMatchObject({ code: 'DATABASE_LOCKED', meta: { pid: process.pid } })
    await db.close()
    await db.close()
    const reopened = await openDatabase({ folder })
    expect(await reopened.prisma.user.count()).toBeGreaterThan(3)
    await reopened.close()
  })

  it('a damaged folder is told as such, and its lock let go', async () => {
    const db = await openDatabase({ folder })
    await db.close()
    writeFileSync(join(folder, 'pglite', 'global', 'pg_control'), 'not a control file')
    for (let again = 0; again < 2; again++) {
      const error = await openDatabase({ folder }).catch((thrown) => thrown)
      expect(error).toMatchObject({ code: 'DATABASE_UNREACHABLE', retryable: false })
      expect(error.message).toContain(folder)
    }
  })

  it('a folder that can’t be made is told as such', async () => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    await expect(openDatabase({ folder: join(file, 'below') })).rejects.toMatchObject({
      code: 'TARGET_UNWRITABLE',
    })
  })
})
