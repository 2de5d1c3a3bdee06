import { closeSync, mkdirSync, openSync, readdirSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { compareTrees } from '../../src/source/compare-trees.ts'
import { startPair } from './support/kill-story.ts'
import { addSource, backUp, placeOrder } from './support/steps.ts'
import { useWorld } from './support/world.ts'

const world = useWorld()
const PAGE = 4096

/** As a bad block does: something else stands in the middle of a file. */
function damage(file: string): void {
  const fd = openSync(file, 'r+')
  writeSync(fd, Buffer.alloc(PAGE, 0xa5), 0, PAGE, (statSync(file).size >> 1) & -PAGE)
  closeSync(fd)
}

it('a disk that damages what the agent knows of a source costs a backup time, not the person a word', async () => {
  const { user } = await startPair(world)
  const source = join(world.folder, 'files')
  mkdirSync(source)
  for (let i = 0; i < 400; i++) writeFileSync(join(source, `${i}`), `file ${i}`.repeat(i))
  const sourceId = await addSource(user, source, 'files')
  await placeOrder(user, sourceId, { capacityMib: 64n })
  await backUp(user, sourceId)
  const folder = join(user.dataDir, 'sources', sourceId)
  const [list = ''] = readdirSync(folder).filter((name) => name.startsWith('manifest-'))
  for (const [round, name] of [list, 'log.db'].entries()) {
    const file = join(folder, name)
    if (name === 'log.db') {
      const db = new DatabaseSync(file)
      db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      db.close()
    }
    damage(file)
    writeFileSync(join(source, `new ${round}`), 'new')
    const told = await user.cli(['backup', sourceId])
    expect(told.exitCode, told.stderr).toBe(0)
    expect(told.stdout + told.stderr).toContain('Every file is read again.')
    const { stdout } = await user.cli(['journal'])
    expect(stdout).toContain(`(${name} in `)
    const to = join(world.folder, `restored ${round}`)
    expect(await user.cli(['restore', 'latest', '--source', sourceId, '--to', to])).toMatchObject({
      exitCode: 0,
    })
    expect((await compareTrees(source, to)).differences).toEqual([])
  }
})
