import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { useTempFolders } from '../../test/support/temp-folder.ts'
import { checkSectorPath } from './sector-path.ts'

const tempFolder = useTempFolders()
const refused = expect.objectContaining({ code: 'SECTOR_PATH_REFUSED' })

describe('sector paths (flow 1)', () => {
  it.each([
    '/',
    '//',
    '/..',
    '/etc',
    '/etc/dmc',
    '/usr',
    '/usr/local/dmc',
    '/bin',
    '/proc/self',
    '/dev/shm/x',
    '/run/dmc',
    '/var',
    '/home',
    '/tmp',
    '/mnt',
    '/etc/../etc',
    '/tmp/../usr/share/x',
    homedir(),
    join(homedir(), '..'),
    'relative',
    './x',
    '',
    '~/x',
    '/tmp/a\0b',
    '/no/such/parent/here',
  ])('refuses %j', async (path) => {
    await expect(checkSectorPath(path, [], [])).rejects.toEqual(refused)
  })

  it('refuses a file, a link to a folder, a link to a system folder, and a system folder behind a linked parent', async () => {
    const folder = await tempFolder()
    await writeFile(join(folder, 'file'), '')
    await mkdir(join(folder, 'real'))
    await symlink(join(folder, 'real'), join(folder, 'link'))
    await symlink('/etc', join(folder, 'etc'))
    await symlink('/', join(folder, 'root'))
    for (const name of ['file', 'link', 'etc', 'etc/dmc', 'root/usr', 'file/below']) {
      await expect(checkSectorPath(join(folder, name), [], [])).rejects.toEqual(refused)
    }
  })

  it('takes a folder that exists or not, and names its real path', async () => {
    const folder = await tempFolder()
    await mkdir(join(folder, 'real'))
    await symlink(join(folder, 'real'), join(folder, 'link'))
    expect(await checkSectorPath(join(folder, 'real'), [], [])).toBe(join(folder, 'real'))
    expect(await checkSectorPath(join(folder, 'link', 'new'), [], [])).toBe(join(folder, 'real', 'new'))
    expect(await checkSectorPath(`${folder}//real/../new/`, [], [])).toBe(join(folder, 'new'))
  })

  it('refuses what overlaps another sector, a source or the agent, in both directions and through links', async () => {
    const folder = await tempFolder()
    await mkdir(join(folder, 'a', 'b'), { recursive: true })
    await symlink(join(folder, 'a'), join(folder, 'link'))
    const other = { sectorId: 'ab12', path: join(folder, 'a', 'b') }
    for (const name of ['a', 'a/b', 'a/b/c', 'link/b/c']) {
      await mkdir(join(folder, name), { recursive: true })
      const path = join(folder, name)
      await expect(checkSectorPath(path, [other], [])).rejects.toMatchObject({
        code: 'SECTOR_OVERLAP',
        message: expect.stringContaining('ab12'),
      })
      await expect(checkSectorPath(path, [], [join(folder, 'link', 'b')])).rejects.toEqual(refused)
    }
    expect(await checkSectorPath(join(folder, 'a', 'bb'), [other], [])).toBe(join(folder, 'a', 'bb'))
  })
})
