import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockDataDir, lockHolder } from './lock-data-dir.ts'
import { ownIdentity } from './process-identity.ts'

let folder = ''
let file = ''
const children: ChildProcess[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmc-lock-'))
  file = join(folder, 'agent.lock')
})
afterEach(async () => {
  for (const child of children.splice(0)) await end(child)
  rmSync(folder, { recursive: true, force: true })
})

function end(child: ChildProcess): Promise<void> {
  return new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) return done()
    child.once('exit', () => done())
    child.kill('SIGKILL')
  })
}

function thrown(work: () => unknown): DmcError {
  try {
    work()
  } catch (error) {
    if (DmcError.is(error)) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** Another process that tries to take the lock and says how it went; keeps it when it could. */
function contender(): Promise<{ child: ChildProcess; said: string }> {
  const module = JSON.stringify(new URL('./lock-data-dir.ts', import.meta.url).href)
  const script = `
    const { lockDataDir } = await import(${module})
    try { lockDataDir(${JSON.stringify(folder)}, 'backup'); console.log('locked') } catch (error) { console.log(error.code) }
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  return new Promise((done) => {
    child.stdout.once('data', (data: Buffer) => done({ child, said: String(data).trim() }))
  })
}

describe('lockDataDir', () => {
  it('is given once, and again when it was released', () => {
    const lock = lockDataDir(folder, 'run')
    expect(lockHolder(folder)).toMatchObject({ pid: process.pid, command: 'run' })
    const error = thrown(() => lockDataDir(folder, 'backup'))
    expect(error.code).toBe('DATA_DIR_LOCKED')
    expect(error.message).toContain(`\`dmc-agent run\` with pid ${process.pid}`)
    expect(error.meta.pid).toBe(process.pid)
    lock.release()
    expect(lockHolder(folder)).toBeNull()
    lockDataDir(folder, 'backup').release()
  })

  it('names the other process, and is taken over when that was killed', async () => {
    const { child, said } = await contender()
    expect(said).toBe('locked')
    const error = thrown(() => lockDataDir(folder, 'run'))
    expect(error.message).toContain(`pid ${child.pid}`)
    await end(child)
    expect(lockHolder(folder)).toBeNull()
    const lock = lockDataDir(folder, 'run')
    expect(JSON.parse(readFileSync(file, 'utf8')).pid).toBe(process.pid)
    lock.release()
  })

  it('goes to exactly one of several that find a dead lock at the same moment', async () => {
    const { child } = await contender()
    await end(child)
    const all = await Promise.all(Array.from({ length: 6 }, () => contender()))
    expect(all.map(({ said }) => said).sort()).toEqual([
      ...Array.from({ length: 5 }, () => 'DATA_DIR_LOCKED'),
      'locked',
    ])
  })

  it('is not fooled by a pid that is used again, nor by another boot', () => {
    const own = ownIdentity()
    expect(own.startTime).not.toBe('')
    for (const other of [{ startTime: '1' }, { bootId: 'another boot' }]) {
      writeFileSync(file, JSON.stringify({ ...own, ...other, command: 'run' }))
      expect(lockHolder(folder)).toBeNull()
      lockDataDir(folder, 'run').release()
    }
    writeFileSync(file, JSON.stringify({ ...own, command: 'run' }))
    expect(thrown(() => lockDataDir(folder, 'run')).code).toBe('DATA_DIR_LOCKED')
  })

  it('takes over a file that says nothing', () => {
    for (const text of ['', 'x', '{}', '{"pid":0}', 'null']) {
      writeFileSync(file, text)
      lockDataDir(folder, 'run').release()
    }
  })

  it('releases its own lock only', () => {
    const lock = lockDataDir(folder, 'run')
    writeFileSync(file, JSON.stringify({ ...ownIdentity(), command: 'another' }))
    lock.release()
    expect(lockHolder(folder)?.command).toBe('another')
  })

  it('says so when the folder cannot be used', () => {
    writeFileSync(join(folder, 'file'), '')
    expect(thrown(() => lockDataDir(join(folder, 'file', 'below'), 'run')).code).toBe('TARGET_UNWRITABLE')
  })
})
