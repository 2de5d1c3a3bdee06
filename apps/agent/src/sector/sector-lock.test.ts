import { spawn } from 'node:child_process'
import { once } from 'node:events'
import promises, { readdir, readFile, writeFile } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { useTempFolders } from '../../test/support/temp-folder.ts'
import { ownIdentity } from './boot-identity.ts'
import { lockSector } from './sector-lock.ts'

const tempFolder = useTempFolders()
const LOCK = 'dmc-sector.lock'

describe('sector lock', () => {
  it('is held once, also within one process, and is free after its release', async () => {
    const folder = await tempFolder()
    const release = await lockSector(folder)
    await expect(lockSector(folder)).rejects.toMatchObject({
      code: 'SECTOR_LOCKED',
      meta: { pid: process.pid },
    })
    await release()
    await (await lockSector(folder))()
    expect(await readdir(folder)).toEqual([])
  })

  it('names the process that holds it, and is taken over when that has died', async () => {
    const folder = await tempFolder()
    const other = spawn('sleep', ['60'])
    await once(other, 'spawn')
    const stat = await readFile(`/proc/${other.pid}/stat`, 'latin1')
    const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
    await writeFile(join(folder, LOCK), JSON.stringify({ ...ownIdentity(), pid: other.pid, startTime }))
    await expect(lockSector(folder)).rejects.toMatchObject({
      code: 'SECTOR_LOCKED',
      message: expect.stringContaining(`pid ${other.pid}`),
    })
    other.kill('SIGKILL')
    await once(other, 'exit')
    await (await lockSector(folder))()
  })

  it.each([
    ['another process that got the same pid', { startTime: '1' }],
    ['an earlier boot', { bootId: '00000000-0000-0000-0000-000000000000' }],
    ['a pid that no process has', { pid: 2 ** 22 + 17 }],
  ])('of %s is stale', async (_name, change) => {
    const folder = await tempFolder()
    await writeFile(join(folder, LOCK), JSON.stringify({ ...ownIdentity(), ...change }))
    const release = await lockSector(folder)
    expect(JSON.parse(await readFile(join(folder, LOCK), 'utf8'))).toMatchObject(ownIdentity())
    await release()
  })

  it.each(['', '{', '{"pid":"x"}', 'null'])('with unreadable content %j is stale', async (text) => {
    const folder = await tempFolder()
    await writeFile(join(folder, LOCK), text)
    await (await lockSector(folder))()
  })

  it('has one winner when many take over the same stale lock', async () => {
    const folder = await tempFolder()
    await writeFile(join(folder, LOCK), JSON.stringify({ ...ownIdentity(), startTime: '1' }))
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockSector(folder)))
    const won = results.filter((result) => result.status === 'fulfilled')
    expect(won).toHaveLength(1)
    await won[0]?.value()
    expect(await readdir(folder)).toEqual([])
  })

  it('with content that is just being written is waited for', async () => {
    const folder = await tempFolder()
    await writeFile(join(folder, LOCK), '')
    const other = lockSector(folder)
    await writeFile(join(folder, LOCK), JSON.stringify(ownIdentity()))
    await expect(other).rejects.toMatchObject({ code: 'SECTOR_LOCKED' })
  })
})

describe('sector lock on a file system without hard links, as exFAT', () => {
  const { link } = promises
  beforeEach(() => {
    promises.link = async (from) => {
      throw Object.assign(new Error(`EPERM: operation not permitted, link '${from}'`), { code: 'EPERM' })
    }
    syncBuiltinESMExports()
  })
  afterEach(() => {
    promises.link = link
    syncBuiltinESMExports()
  })

  it('is held once; once no sector could be offered on one', async () => {
    const folder = await tempFolder()
    const release = await lockSector(folder)
    await expect(lockSector(folder)).rejects.toMatchObject({ code: 'SECTOR_LOCKED' })
    await release()
    expect(await readdir(folder)).toEqual([])
  })

  it('has one winner when many take over the same stale lock', async () => {
    const folder = await tempFolder()
    for (let round = 0; round < 5; round++) {
      await writeFile(join(folder, LOCK), JSON.stringify({ ...ownIdentity(), startTime: '1' }))
      const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockSector(folder)))
      const won = results.filter((result) => result.status === 'fulfilled')
      expect(won).toHaveLength(1)
      await won[0]?.value()
      expect(await readdir(folder)).toEqual([])
    }
  })
})
