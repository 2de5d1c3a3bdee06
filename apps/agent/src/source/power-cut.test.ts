import { spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { NODE } from '../../test/support/node-command.ts'
import { compareTrees } from './compare-trees.ts'
import type { SessionRow } from './encode/log-db.ts'
import { rootsFile, SPOOL_SEGMENT, spoolFolder } from './source-paths.ts'
import { startBackup } from './start-backup.ts'
import type { ChildSettings } from './test/backup-child.ts'
import { CHAIN, FileMiner, targetOf } from './test/file-miner.ts'
import { noise } from './test/make-tree.ts'
import { MIB, setUp } from './test/set-up.ts'

const CHILD = fileURLToPath(new URL('./test/backup-child.ts', import.meta.url))
const CUTS = 12

/** Runs the child and kills it once the miner holds so much; false when it ended by itself. */
function killAt(settingsFile: string, minerFile: string, size: number): Promise<boolean> {
  const [program, ...flags] = NODE
  const child = spawn(program, [...flags, CHILD, settingsFile], { stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (data) => {
    errors += data
  })
  const looking = setInterval(() => statSync(minerFile).size >= size && child.kill('SIGKILL'), 2)
  return new Promise((resolve, reject) => {
    child.on('exit', (code, signal) => {
      clearInterval(looking)
      if (code === 0 || signal === 'SIGKILL') resolve(signal !== null)
      else reject(new Error(`the child ended with ${code}: ${errors.slice(-3000)}`))
    })
  })
}

/** The session in work, and its source's folder. */
function sessionOf(dataDir: string): { session: SessionRow | undefined; folder: string } {
  const folder = join(dataDir, 'sources', readdirSync(join(dataDir, 'sources'))[0] ?? '')
  const db = new DatabaseSync(join(folder, 'log.db'))
  const session = db.prepare('SELECT * FROM session').get() as unknown as SessionRow | undefined
  db.close()
  return { session, folder }
}

/**
 * What a power cut may do at most: of the spool only what was synced is left, that is what is journalled as safe and the
 * miner does not hold; of the roots, those of safe chunks.
 */
function cutPower(dataDir: string, volumeId: string, heldByMiner: number): { lost: number; safe: number } {
  const { session, folder } = sessionOf(dataDir)
  if (!session || session.root !== null) return { lost: 0, safe: 0 }
  const spool = spoolFolder(folder, session.id)
  const zeros = Buffer.alloc(MIB)
  for (const name of existsSync(spool) ? readdirSync(spool) : []) {
    const fd = openSync(join(spool, name), 'r+')
    const start = Number(name) * SPOOL_SEGMENT
    const size = statSync(join(spool, name)).size
    for (let at = 0; at < size; at += MIB) {
      const synced = start + at < session.safe && start + at + MIB > heldByMiner
      if (!synced) writeSync(fd, zeros, 0, Math.min(MIB, size - at), at)
    }
    closeSync(fd)
  }
  const roots = openSync(rootsFile(folder, volumeId), 'r+')
  ftruncateSync(roots, Math.floor(session.safe / MIB) * 32)
  closeSync(roots)
  const db = new DatabaseSync(join(folder, 'log.db'))
  db.exec("UPDATE session SET boot = 'the one before'")
  db.close()
  return { lost: session.spooled - session.safe, safe: session.safe }
}

describe('a power cut', () => {
  it(`at ${CUTS} moments of one backup loses nothing that was said to be kept; it goes on and restores equal`, async () => {
    const t = setUp({ mib: 256 })
    const settings: ChildSettings = {
      sourcePath: t.root,
      dataDir: t.at('data'),
      minerFile: t.miner.file,
      chainFile: t.at('chain.json'),
      mib: 256,
    }
    writeFileSync(t.at('settings.json'), JSON.stringify(settings))
    writeFileSync(join(t.root, 'large'), noise(96 * MIB, 'large'))
    mkdirSync(join(t.root, 'small'))
    for (let i = 0; i < 300; i++) writeFileSync(join(t.root, 'small', `${i}`), noise(i * 60, i))
    let retreats = 0
    for (let cut = 1; cut <= CUTS; cut++) {
      const killed = await killAt(t.at('settings.json'), t.miner.file, cut * 7 * MIB)
      expect(killed, `cut ${cut} comes before the end`).toBe(true)
      const { lost, safe } = cutPower(settings.dataDir, t.miner.target.volumeId, t.miner.size)
      if (lost > 0 && safe > 0) retreats++
    }
    expect(retreats).toBeGreaterThanOrEqual(CUTS / 2)
    await killAt(t.at('settings.json'), t.miner.file, Number.POSITIVE_INFINITY)
    const { root, size } = JSON.parse(readFileSync(settings.chainFile, 'utf8'))
    const miner = new FileMiner(settings.minerFile, targetOf(settings.mib))
    expect(miner.derive()).toEqual({ root, size: BigInt(size) })
    t.miner.commitment = miner.derive()
    await t.restore('out')
    expect((await compareTrees(t.root, t.at('out'))).differences).toEqual([])
  }, 300_000)

  it('after everything was encoded takes nothing back: it was synced before it was stated', async () => {
    const t = setUp({ mib: 128 })
    writeFileSync(join(t.root, 'large'), noise(40 * MIB, 1))
    const start = () => startBackup({ ...t.basics, target: t.miner.target, base: null, chain: CHAIN })
    const run = await start()
    const result = await run.encoded
    await run.stop()
    const { session, folder } = sessionOf(t.at('data'))
    expect(session?.root).toBe(result.commitment.root)
    const db = new DatabaseSync(join(folder, 'log.db'))
    db.exec("UPDATE session SET boot = 'the one before'")
    db.close()
    const next = await start()
    expect(next.spooledSize).toBe(Number(result.commitment.size))
    expect(await next.encoded).toEqual(result)
    await t.miner.take(next)
    expect(t.miner.derive()).toEqual(result.commitment)
    await next.committed(result.commitment)
  })
})

it('a spool that lost its last bytes without a power cut (its disk was pulled out) is noticed', async () => {
  const t = setUp({ mib: 128 })
  writeFileSync(join(t.root, 'large'), noise(48 * MIB, 1))
  const options = { journalBytes: MIB }
  const start = () => startBackup({ ...t.basics, target: t.miner.target, base: null, chain: CHAIN, options })
  const run = await start()
  await run.waitSpooled(8 * MIB)
  await run.stop()
  const { session, folder } = sessionOf(t.at('data'))
  if (!session || session.root !== null || session.spooled % MIB === 0) throw new Error('not in the middle')
  const fd = openSync(join(spoolFolder(folder, session.id), '00000000'), 'r+')
  writeSync(fd, Buffer.alloc(512), 0, 512, session.spooled - 512)
  closeSync(fd)
  const next = await start()
  expect(next.session).toBe(run.session)
  expect(next.spooledSize).toBe(session.safe)
  expect(session.safe).toBe(session.spooled - (session.spooled % MIB))
  const result = await t.miner.take(next)
  expect(t.miner.derive()).toEqual(result.commitment)
  await next.committed(result.commitment)
  t.miner.commitment = result.commitment
  await t.restore('out')
  expect((await compareTrees(t.root, t.at('out'))).differences).toEqual([])
})
