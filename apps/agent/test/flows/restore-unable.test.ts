import { execFileSync, spawnSync } from 'node:child_process'
import { chownSync, lstatSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { compareTrees } from '../../src/source/compare-trees.ts'
import { startPair } from './support/kill-story.ts'
import { addSource, backUp, placeOrder } from './support/steps.ts'
import { useWorld } from './support/world.ts'

const world = useWorld()
/** Root of a container often may not give files away. */
const WITHOUT_CHOWN = ['setpriv', '--bounding-set=-chown']
const [setpriv, ...rest] = WITHOUT_CHOWN
const can = process.getuid?.() === 0 && spawnSync(setpriv as string, [...rest, 'true']).status === 0

it.skipIf(!can)(
  'root that may not set owners gets every byte back, and is told whose files are now its own',
  async () => {
    const { user } = await startPair(world)
    const source = join(world.folder, 'others')
    mkdirSync(join(source, 'theirs'), { recursive: true })
    writeFileSync(join(source, 'theirs/program'), 'their program', { mode: 0o755 })
    writeFileSync(join(source, 'ours'), 'our file')
    execFileSync('mkfifo', [join(source, 'pipe')])
    for (const name of ['theirs', 'theirs/program']) chownSync(join(source, name), 12, 34)
    const sourceId = await addSource(user, source, 'others')
    await placeOrder(user, sourceId, { capacityMib: 8n })
    await backUp(user, sourceId)

    await user.stop()
    await user.start(60_000, { wrap: WITHOUT_CHOWN })
    const to = join(world.folder, 'restored')
    const told = await user.cli(['restore', 'latest', '--source', sourceId, '--to', to])
    expect(told.exitCode).toBe(3)
    expect(told.stdout).toContain('Restored 2 files')
    expect(told.stderr).toContain('2 entries restored, but not as before in everything:')
    for (const name of ['theirs', 'theirs/program'])
      expect(told.stderr).toContain(`  ${name}: not set here: owner (EPERM)`)
    expect(told.stderr).toContain('in the same place: --into-existing --overwrite always')
    expect((await compareTrees(source, to)).differences).toEqual([])
    expect(lstatSync(join(to, 'theirs/program')).uid).toBe(0)
    // a FIFO is listed and never stored: neither way counts it as lost
    expect(told.stderr).not.toContain('pipe')
    const verified = await user.cli(['restore', 'latest', '--source', sourceId, '--verify-only'])
    expect([verified.exitCode, verified.stderr]).toEqual([0, expect.not.stringContaining('pipe')])
    const { stdout } = await user.cli(['journal', '--json'])
    expect(stdout).toContain('2 are without their owner, mode or time')

    // what it says to do does it
    await user.stop()
    await user.start()
    const again = ['--to', to, '--into-existing', '--overwrite', 'always']
    expect(await user.cli(['restore', 'latest', '--source', sourceId, ...again])).toMatchObject({
      exitCode: 0,
    })
    // a folder that was there is left as it is
    const { differences } = await compareTrees(source, to, { owners: true })
    expect(differences.filter(({ path }) => path !== '.')).toEqual([])
  },
)
