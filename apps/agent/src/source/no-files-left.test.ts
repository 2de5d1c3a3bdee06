import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compareTrees } from './compare-trees.ts'
import { settle } from './test/make-tree.ts'
import { failure, setUp } from './test/set-up.ts'

const WANTED = { options: { mayBeEmpty: true } }

async function backedUp() {
  const t = setUp()
  mkdirSync(join(t.root, 'photos/2026'), { recursive: true })
  for (const name of ['a', 'b', 'photos/2026/c']) writeFileSync(join(t.root, name), name.repeat(3000))
  await settle()
  return { ...t, first: await t.backUp() }
}

describe('a source that holds no files any more', () => {
  it('is not backed up: its disk may not be mounted; when it is again, the backup goes on as if nothing was', async () => {
    const t = await backedUp()
    const before = t.miner.commitment
    renameSync(t.root, t.at('the disk'))
    mkdirSync(t.root)
    for (let again = 0; again < 2; again++) {
      const error = await failure(t.backUp())
      expect(error).toMatchObject({ code: 'SOURCE_EMPTY', retryable: false })
      expect(error.message).toContain(`${t.root} holds no files now. Its last snapshot, of 20`)
      expect(error.message).toContain('holds 3 files (')
      expect(error.hint).toContain(`dmc-agent backup 'my files' --allow-empty`)
    }
    expect(t.miner.commitment).toEqual(before)
    rmSync(t.root, { recursive: true })
    renameSync(t.at('the disk'), t.root)
    expect(await t.backUp()).toMatchObject({ unchanged: true, snapshot: t.first.snapshot })
    writeFileSync(join(t.root, 'd'), 'new')
    expect((await t.backUp()).snapshot.files).toBe(4)
    await t.restore('out')
    expect((await compareTrees(t.root, t.at('out'))).differences).toEqual([])
  })

  it('is told also when only folders are left, as where several disks would be mounted', async () => {
    const t = await backedUp()
    for (const name of ['a', 'b', 'photos/2026/c']) unlinkSync(join(t.root, name))
    expect(await failure(t.backUp())).toMatchObject({ code: 'SOURCE_EMPTY' })
  })

  it('is backed up when a person says that it is meant, and from then on without a word', async () => {
    const t = await backedUp()
    for (const name of readdirSync(t.root)) rmSync(join(t.root, name), { recursive: true })
    expect(await failure(t.backUp())).toMatchObject({ code: 'SOURCE_EMPTY' })
    const { snapshot } = await t.backUp(WANTED)
    expect(snapshot.files).toBe(0)
    expect(await t.backUp()).toMatchObject({ unchanged: true })
    await t.restore('out')
    expect(readdirSync(t.at('out'))).toEqual([])
    await t.restore('earlier', t.first.snapshot.snapshotId)
    expect(readdirSync(t.at('earlier')).sort()).toEqual(['a', 'b', 'photos'])
  })

  it('had none from the start: there is nothing to lose', async () => {
    const t = setUp()
    expect((await t.backUp()).snapshot.files).toBe(0)
    mkdirSync(join(t.root, 'a folder'))
    expect((await t.backUp()).snapshot.files).toBe(0)
  })

  it('holds some that the excludes leave out: the disk is there, and a person said so', async () => {
    const t = await backedUp()
    expect((await t.backUp({ excludes: ['*'] })).snapshot.files).toBe(0)
  })

  it('still holds a link, or a file that is empty: that is something', async () => {
    const t = await backedUp()
    for (const name of readdirSync(t.root)) rmSync(join(t.root, name), { recursive: true })
    symlinkSync('elsewhere', join(t.root, 'link'))
    await t.backUp()
    unlinkSync(join(t.root, 'link'))
    writeFileSync(join(t.root, 'empty'), '')
    expect((await t.backUp()).snapshot).toMatchObject({ files: 1, bytes: 0 })
  })

  it('is one file that is empty now: a file is there', async () => {
    const t = setUp()
    const source = { ...t.source, path: Buffer.from(t.at('one')) }
    writeFileSync(t.at('one'), 'something')
    await settle()
    await t.backUp({ source })
    writeFileSync(t.at('one'), '')
    await settle()
    expect((await t.backUp({ source })).snapshot).toMatchObject({ files: 1, bytes: 0 })
  })
})

/** Needs the right to mount; elsewhere `encode/lost-mount.test.ts` says it of devices that are made up. */
const canMount =
  process.getuid?.() === 0 &&
  spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0

it.skipIf(!canMount)(
  'a disk within the source that is not mounted is told as missing; all else is stored',
  async () => {
    const t = await backedUp()
    const disk = join(t.root, 'disk')
    mkdirSync(disk)
    execFileSync('mount', ['-t', 'tmpfs', 'none', disk])
    try {
      writeFileSync(join(disk, 'film'), 'film'.repeat(5000))
      expect((await t.backUp()).missing).toEqual([])
    } finally {
      execFileSync('umount', [disk])
    }
    for (const round of [1, 2]) {
      writeFileSync(join(t.root, 'more'), `${round}`)
      const { missing, snapshot } = await t.backUp()
      expect(missing).toEqual([
        { path: 'disk', reason: expect.stringContaining('another disk was mounted there') },
      ])
      expect(snapshot).toMatchObject({ files: 4, missing: 1 })
    }
    execFileSync('mount', ['-t', 'tmpfs', 'none', disk])
    try {
      writeFileSync(join(disk, 'film'), 'film'.repeat(5000))
      expect(await t.backUp()).toMatchObject({ missing: [], snapshot: { files: 5 } })
    } finally {
      execFileSync('umount', [disk])
    }
    expect((await t.backUp(WANTED)).missing).toEqual([])
  },
)
