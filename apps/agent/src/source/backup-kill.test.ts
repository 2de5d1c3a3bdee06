import { spawn } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { NODE } from '../../test/support/node-command.ts'
import { compareTrees } from './compare-trees.ts'
import { openSnapshot } from './list-snapshot.ts'
import { openCatalog } from './open-catalog.ts'
import { restoreSnapshot } from './restore-snapshot.ts'
import type { ChildSettings } from './test/backup-child.ts'
import { FileMiner, keysFor, targetOf } from './test/file-miner.ts'
import { noise, settle, tempFolder } from './test/make-tree.ts'

const CHILD = fileURLToPath(new URL('./test/backup-child.ts', import.meta.url))
const KILLS = 20

/** Runs the child; kills it `killAfter` ms after its session is open. Resolves with its lines. */
function runChild(
  settingsFile: string,
  killAfter: number | null,
): Promise<{ lines: string[]; killed: boolean }> {
  const [program, ...flags] = NODE
  const child = spawn(program, [...flags, CHILD, settingsFile], { stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let errors = ''
  let timer: NodeJS.Timeout | undefined
  child.stdout.on('data', (data) => {
    out += data
    if (killAfter !== null && out.includes('session '))
      timer ??= setTimeout(() => child.kill('SIGKILL'), killAfter)
  })
  child.stderr.on('data', (data) => {
    errors += data
  })
  return new Promise((resolve, reject) => {
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      if (code === 0 || signal === 'SIGKILL')
        resolve({ lines: out.trim().split('\n'), killed: signal !== null })
      else reject(new Error(`the child ended with ${code}: ${errors.slice(-3000)}`))
    })
  })
}

it(`killed ${KILLS} times at random moments, each backup still ends in a valid log that restores equal`, async () => {
  const temp = tempFolder()
  try {
    const root = join(temp.path, 'source')
    const settings: ChildSettings = {
      sourcePath: root,
      dataDir: join(temp.path, 'data'),
      minerFile: join(temp.path, 'miner'),
      chainFile: join(temp.path, 'chain.json'),
      mib: 256,
    }
    const settingsFile = join(temp.path, 'settings.json')
    writeFileSync(settingsFile, JSON.stringify(settings))
    mkdirSync(root)
    writeFileSync(join(root, 'large'), noise(48 * 1024 * 1024, 'large'))
    for (let i = 0; i < 400; i++) {
      mkdirSync(join(root, `d${i % 8}`), { recursive: true })
      writeFileSync(join(root, `d${i % 8}`, `f${i}`), noise(i * 50, i))
    }
    await settle()
    const reached: string[] = []
    let kills = 0
    // found by trying: how long a backup takes is a matter of the machine, and of what the last kill left to do
    let longest = 1200
    for (let round = 0; kills < KILLS; round++) {
      expect(round, 'it is killed now and then').toBeLessThan(4 * KILLS)
      // mostly early, sometimes late
      const { lines, killed } = await runChild(settingsFile, Math.random() ** 1.5 * longest)
      reached.push(lines.at(-1)?.split(' ')[0] ?? 'nothing')
      if (killed) kills++
      longest = Math.min(1200, Math.max(50, longest * (killed ? 1.4 : 0.8)))
      // agreed on: the next one is another backup, of a source that has changed
      if (lines.some((line) => line === 'agreed')) {
        appendFileSync(join(root, `d${round % 8}`, `f${round % 8}`), 'changed')
        writeFileSync(join(root, `new ${round}`), noise(2_000_000, `new ${round}`))
        await settle()
      }
    }
    await runChild(settingsFile, null) // finishes what a kill left
    const { lines } = await runChild(settingsFile, null) // and what changed since
    expect(lines.at(-1)).toMatch(/^committed/)
    expect((await runChild(settingsFile, null)).lines.at(-1)).toBe('committed true')

    const miner = new FileMiner(settings.minerFile, targetOf(settings.mib))
    const { root: chainRoot, size } = JSON.parse(readFileSync(settings.chainFile, 'utf8'))
    miner.commitment = { root: chainRoot, size: BigInt(size) }
    expect(miner.derive()).toEqual(miner.commitment)
    const opened = await openCatalog({ reader: miner, heads: [miner.head()], keys: keysFor() })
    for (const { snapshotId } of opened.catalog.snapshots) {
      const id = Buffer.from(snapshotId).toString('hex')
      const snapshot = await openSnapshot({ opened, reader: miner, snapshotId: id })
      const restored = await restoreSnapshot({ snapshot, target: join(temp.path, id) })
      expect(restored.missing).toEqual([])
      expect(restored.files).toBe(snapshot.record.totals.files)
    }
    const newest = Buffer.from(opened.catalog.snapshots.at(-1)?.snapshotId ?? []).toString('hex')
    expect((await compareTrees(root, join(temp.path, newest))).differences).toEqual([])
    // nothing is left over: one manifest, no spool
    const folder = join(settings.dataDir, 'sources/killed')
    expect(readdirSync(folder).filter((name) => name.startsWith('manifest'))).toHaveLength(1)
    expect(existsSync(join(folder, 'spool')) ? readdirSync(join(folder, 'spool')) : []).toEqual([])
    console.log(`killed while at: ${reached.join(', ')}; ${opened.catalog.snapshots.length} snapshots`)
  } finally {
    temp.cleanUp()
  }
}, 600_000)
