import { mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import { beforeAll, describe, expect, it } from 'vitest'
import { makeTree } from '../flows/support/make-tree.ts'
import { addSource, MIB, offer, placeOrder, setUp } from '../flows/support/steps.ts'
import { call, until, useWorld } from '../flows/support/world.ts'
import { mustFail } from './support/expect-error.ts'

const world = useWorld()
let miner: AgentProcess
let sector: string
let sectorId: string
let source: string

beforeAll(async () => {
  await world.start()
  miner = await world.agent('miner', { plainHttp: true })
  await setUp(world, miner)
  await miner.start()
  mkdirSync(join(world.folder, 'disk'))
  sector = join(world.folder, 'disk', 'sector')
  ;({ sectorId } = await offer(miner, sector, { size: 32n * MIB }))
  source = makeTree(join(world.folder, 'own files'), 'own', 10_000)
  await addSource(miner, source, 'own')
})

const add = (path: string, size = '16MiB') => ['sector', 'add', path, '--size', size]
const disk = (...parts: string[]) => join(world.folder, 'disk', ...parts)

describe('a size that is none', () => {
  it.each(['10GBB', '0', '1e999', 'lots', '1.5XB'])('%s', async (size) => {
    const said = await mustFail(miner, add(disk('sized'), size), 'BAD_SIZE', [size])
    expect(said.hint).toMatch(/GiB/)
  })

  it('-1', async () => {
    await mustFail(miner, ['sector', 'add', disk('sized'), '--size=-1'], 'BAD_SIZE', ['-1'])
  })

  it('more than the disk has free: have and need are shown', async () => {
    await mustFail(miner, add(disk('vast'), '4096TiB'), 'NOT_ENOUGH_SPACE', [
      /free/,
      /4,?194,?304|4503599627370496/,
    ])
  })

  it('a bill that offers more than its sector', async () => {
    const terms = ['--price', '1', '--pledge-rate', '2', '--weeks', '1-4', '--step', '1MiB', '--yes']
    const bill = ['bill', 'create', '--sector', sectorId, '--capacity', '1GiB', ...terms]
    await mustFail(miner, bill, 'NOT_ENOUGH_SPACE', [sectorId])
  })

  it('makes no folder and no sector', async () => {
    expect(readdirSync(disk())).toEqual(['sector'])
    expect((await call(miner, 'sector.list', {})).sectors).toHaveLength(1)
  })
})

describe('a path that is no place for other people’s data', () => {
  it.each(['/', '/etc', '/etc/dmc', '/usr/local/dmc', '/tmp', homedir()])('%s', async (path) => {
    await mustFail(miner, add(path), 'SECTOR_PATH_REFUSED', [path])
  })

  it('inside a source, or around one', async () => {
    await mustFail(miner, add(join(source, 'sector')), 'SECTOR_PATH_REFUSED', ['own files'])
    await mustFail(miner, add(source), 'SECTOR_PATH_REFUSED', ['own files'])
    const around = join(world.folder, 'around')
    await addSource(miner, makeTree(join(around, 'inner files'), 'inner', 1000), 'inner')
    await mustFail(miner, add(around), 'SECTOR_PATH_REFUSED', ['inner files'])
  })

  it('the agent’s own data folder', async () => {
    await mustFail(miner, add(join(miner.dataDir, 'sector')), 'SECTOR_PATH_REFUSED', [miner.dataDir])
  })

  it('inside another sector, or around one', async () => {
    await mustFail(miner, add(join(sector, 'inner')), 'SECTOR_OVERLAP', ['inner'])
    await mustFail(miner, add(disk()), 'SECTOR_OVERLAP', [disk()])
  })

  it('a file, a link, a folder with something in it, a folder that is not there', async () => {
    writeFileSync(disk('file'), 'x')
    await mustFail(miner, add(disk('file')), 'SECTOR_PATH_REFUSED', [disk('file')])
    symlinkSync(sector, disk('link'))
    await mustFail(miner, add(disk('link')), 'SECTOR_PATH_REFUSED', ['link'])
    mkdirSync(disk('full'))
    writeFileSync(disk('full', 'letter.txt'), 'mine')
    await mustFail(miner, add(disk('full')), 'SECTOR_PATH_REFUSED', ['letter.txt'])
    expect(readdirSync(disk('full'))).toEqual(['letter.txt'])
    await mustFail(miner, add(disk('not', 'there')), 'SECTOR_PATH_REFUSED', [disk('not')])
  })

  it('a source around a sector is refused too', async () => {
    for (const path of [sector, disk()]) {
      await mustFail(miner, ['source', 'add', path], 'SOURCE_OVERLAPS_AGENT', [sector])
    }
  })
})

describe('a sector that can’t be used', () => {
  it('is locked by another agent: its pid is named', async () => {
    const other = await world.agent('other', { plainHttp: true })
    await setUp(world, other, { funded: false })
    await mustFail(other, add(sector), 'SECTOR_LOCKED', [`${miner.pid}`])
    const { sectors } = await other.json<{ sectors: unknown[] }>(['sector', 'list'])
    expect(sectors).toEqual([])
  })

  it('holds orders: it is not removed', async () => {
    const user = await world.agent('user')
    await setUp(world, user)
    await user.start()
    const sourceId = await addSource(user, makeTree(join(world.folder, 'files'), 'files', 10_000), 'files')
    await placeOrder(user, sourceId, { capacityMib: 1n })
    await until('the order to be accepted', async () =>
      (await call(miner, 'sector.list', {})).sectors.some(({ orders }) => orders === 1),
    )
    await mustFail(miner, ['sector', 'remove', sectorId], 'SECTOR_IN_USE', [sectorId])
    await mustFail(miner, ['sector', 'remove', 'ffff'], 'SECTOR_NOT_FOUND', ['ffff', sectorId])
  })

  it('has lost its marker: not mounted, never taken for empty, nothing made in its place', async () => {
    await miner.stop()
    renameSync(sector, disk('unplugged'))
    mkdirSync(sector)
    await miner.start()
    const { sectors, attention } = await call(miner, 'status.get', {})
    expect(sectors).toMatchObject([{ sectorId, mounted: false }])
    expect(attention.map(({ message }) => message).join()).toContain('not mounted')
    await mustFail(miner, add(sector), 'SECTOR_NOT_MOUNTED', [sector])
    expect(readdirSync(sector)).toEqual([])
    // the disk is back: it goes on by itself
    renameSync(sector, disk('mount point'))
    renameSync(disk('unplugged'), sector)
    await until('the sector to be there again', async () =>
      (await call(miner, 'sector.list', {})).sectors.every(({ mounted }) => mounted),
    )
  })
})
