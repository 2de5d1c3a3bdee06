import { execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { NODE } from '../../test/support/node-command.ts'
import { compareTrees } from './compare-trees.ts'
import { reviveBig } from './encode/json-big.ts'
import { openSnapshot } from './list-snapshot.ts'
import { openCatalog } from './open-catalog.ts'
import { assertComplete, restoreSnapshot } from './restore-snapshot.ts'
import type { ChildSettings } from './test/backup-child.ts'
import { backUp, FileMiner, keysFor, targetOf } from './test/file-miner.ts'
import { noise, settle, tempFolder } from './test/make-tree.ts'
import type { EncodedResult } from './types.ts'

const CHILD = fileURLToPath(new URL('./test/backup-child.ts', import.meta.url))
const MIB = 1024 * 1024
const isRoot = process.getuid?.() === 0
const has = (tool: string) => spawnSync(tool, ['--version']).status === 0
const noStrace =
  has('strace') && spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0 ? null : 'no strace here'
const noSetpriv = !isRoot || has('setpriv') ? null : 'root can read everything, and there is no setpriv'
for (const reason of [noStrace, noSetpriv]) if (reason) console.log(`skipped: ${reason}`)

const open: (() => void)[] = []
afterEach(() => {
  for (const close of open.splice(0).reverse()) close()
})

function setUp() {
  const temp = tempFolder()
  open.push(temp.cleanUp)
  chmodSync(temp.path, 0o777)
  const at = (name: string) => join(temp.path, name)
  mkdirSync(at('source'))
  const settings: ChildSettings = {
    sourcePath: at('source'),
    dataDir: at('data'),
    minerFile: at('miner'),
    chainFile: at('chain.json'),
    mib: 64,
    resultFile: at('result.json'),
  }
  mkdirSync(at('data'), { mode: 0o777 })
  chmodSync(at('data'), 0o777)
  writeFileSync(at('settings.json'), JSON.stringify(settings))
  const miner = new FileMiner(at('miner'), targetOf(64))
  chmodSync(at('miner'), 0o666)
  const source = { sourceId: 'troubled', name: 'troubled', path: Buffer.from(at('source')) }
  return {
    at,
    root: at('source'),
    miner,
    backUp: () => backUp(miner, { source, keys: keysFor(), dataDir: at('data') }),
    /** In a process of its own, started through `wrapper`. */
    async child(
      wrapper: string[] = [],
    ): Promise<{ code: number | null; errors: string; result: EncodedResult | null }> {
      const [command = '', ...args] = [...wrapper, ...NODE, CHILD, at('settings.json')]
      rmSync(at('result.json'), { force: true })
      const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
      let errors = ''
      child.stderr.on('data', (data) => {
        errors += data
      })
      const code = await new Promise<number | null>((resolve) => child.on('exit', resolve))
      const result = existsSync(at('result.json'))
        ? JSON.parse(readFileSync(at('result.json'), 'utf8'), reviveBig)
        : null
      if (result) miner.commitment = result.commitment
      return { code, errors, result }
    },
    async restore(to: string) {
      const opened = await openCatalog({ reader: miner, heads: [miner.head()], keys: keysFor() })
      const snapshot = await openSnapshot({ opened, reader: miner })
      return { snapshot, result: await restoreSnapshot({ snapshot, target: at(to) }) }
    },
  }
}

describe('a file that changes while it is read', () => {
  it('all the time is listed, the snapshot is partial, and the next one has it', async () => {
    const t = setUp()
    writeFileSync(join(t.root, 'busy'), noise(24 * MIB, 1))
    writeFileSync(join(t.root, 'calm'), 'calm')
    // touches the file a thousand times a second
    const script = `const fs = require('node:fs'); const fd = fs.openSync(process.argv[1], 'r+')
      const end = Date.now() + 300000; while (Date.now() < end) { fs.writeSync(fd, String(Date.now()), 0); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1) }`
    const writer = spawn(process.execPath, ['-e', script, join(t.root, 'busy')], { stdio: 'ignore' })
    open.push(() => writer.kill('SIGKILL'))
    const untouched = statSync(join(t.root, 'busy')).mtimeMs
    while (statSync(join(t.root, 'busy')).mtimeMs === untouched)
      await new Promise((resolve) => setTimeout(resolve, 20))
    const result = await t.backUp()
    expect(result.snapshot.missing).toBe(1)
    expect(result.missing).toEqual([{ path: 'busy', reason: expect.stringContaining('FILE_CHANGED') }])
    const { result: restored } = await t.restore('out')
    expect(restored.missing).toEqual([{ path: 'busy', reason: expect.stringContaining('FILE_CHANGED') }])
    expect(() => assertComplete(restored)).toThrow(expect.objectContaining({ code: 'RESTORE_PARTIAL' }))
    expect(readFileSync(t.at('out/calm'), 'utf8')).toBe('calm')
    const gone = new Promise((resolve) => writer.on('exit', resolve))
    writer.kill('SIGKILL')
    await gone
    await settle()
    const next = await t.backUp()
    expect(next.missing).toEqual([])
    await t.restore('out2')
    expect((await compareTrees(t.root, t.at('out2'))).differences).toEqual([])
  })

  it('a change within the clock tick of the read is seen by the next backup', async () => {
    const t = setUp()
    for (let i = 0; i < 8; i++) {
      writeFileSync(join(t.root, 'file'), `version ${i}`)
      await t.backUp() // at once: times of the next change may be equal
    }
    await t.restore('out')
    expect(readFileSync(t.at('out/file'), 'utf8')).toBe('version 7')
  })
})

describe('what is listed, and never opened', () => {
  it('FIFOs, sockets and devices do not stop a backup', async () => {
    const t = setUp()
    execFileSync('mkfifo', [join(t.root, 'fifo')])
    const server = createServer().listen(join(t.root, 'socket'))
    await new Promise((resolve) => server.once('listening', resolve))
    const device = isRoot && spawnSync('mknod', [join(t.root, 'null'), 'c', '1', '3']).status === 0
    writeFileSync(join(t.root, 'file'), 'file')
    const result = await t.backUp()
    open.push(() => server.close())
    expect(result.snapshot).toMatchObject({ files: 1, missing: 0 })
    const { snapshot, result: restored } = await t.restore('out')
    expect(snapshot.record.totals.others).toBe(device ? 3 : 2)
    expect(restored.others).toBe(device ? 3 : 2)
    assertComplete(restored)
    expect(readdirSync(t.at('out'))).toEqual(['file'])
    expect((await compareTrees(t.root, t.at('out'))).differences).toEqual([])
  })
})

describe('what can not be read', () => {
  it.skipIf(noSetpriv !== null)(
    'files and folders are listed with the reason, all else is stored',
    async () => {
      const t = setUp()
      mkdirSync(join(t.root, 'closed'))
      writeFileSync(join(t.root, 'closed/inside'), 'hidden')
      mkdirSync(join(t.root, 'names only'))
      writeFileSync(join(t.root, 'names only/inside'), 'hidden')
      writeFileSync(join(t.root, 'secret'), 'secret')
      writeFileSync(join(t.root, 'open'), 'open')
      const mode = (name: string, bits: number) => {
        chmodSync(join(t.root, name), bits)
        open.push(() => chmodSync(join(t.root, name), 0o755))
      }
      mode('secret', 0)
      mode('closed', 0)
      mode('names only', 0o444)
      const { code, errors, result } = await t.child(
        isRoot ? ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'] : [],
      )
      expect(code, errors).toBe(0)
      const missing = Object.fromEntries((result?.missing ?? []).map(({ path, reason }) => [path, reason]))
      expect(missing).toEqual({
        closed: expect.stringContaining('EACCES'),
        secret: expect.stringContaining('EACCES'),
        'names only/inside': expect.stringContaining('EACCES'),
      })
      const { result: restored } = await t.restore('out')
      expect(restored.missingCount).toBe(3)
      expect(readdirSync(t.at('out')).sort()).toEqual(['names only', 'open'])
      // readable again, it is stored
      for (const close of open.splice(1).reverse()) close()
      const again = await t.child()
      expect(again.code, again.errors).toBe(0)
      expect(again.result?.missing).toEqual([])
      await t.restore('out2')
      expect((await compareTrees(t.root, t.at('out2'))).differences).toEqual([])
    },
  )

  it.skipIf(noSetpriv !== null)('a source that is closed as a whole says SOURCE_UNREADABLE', async () => {
    const t = setUp()
    writeFileSync(join(t.root, 'file'), 'file')
    chmodSync(t.root, 0)
    open.push(() => chmodSync(t.root, 0o755))
    const { code, errors } = await t.child(isRoot ? ['setpriv', '--reuid', '65534', '--clear-groups'] : [])
    expect(code).not.toBe(0)
    expect(errors).toContain('SOURCE_UNREADABLE')
  })

  it.skipIf(noStrace !== null)(
    'a read error is listed with its place; the short read is not taken for the file',
    async () => {
      const t = setUp()
      writeFileSync(join(t.root, 'bad'), noise(20 * MIB, 1))
      writeFileSync(join(t.root, 'good'), noise(5 * MIB, 2))
      const file = join(t.root, 'bad')
      const inject = ['-e', 'trace=pread64', '-e', 'inject=pread64:error=EIO:when=3+']
      const { code, errors, result } = await t.child([
        'strace',
        '-f',
        '-qq',
        '-o',
        '/dev/null',
        '-P',
        file,
        ...inject,
      ])
      expect(code, errors).toBe(0)
      expect(result?.missing).toEqual([
        { path: 'bad', reason: expect.stringMatching(/READ_ERROR.*offset 1048576: EIO/) },
      ])
      const { result: restored } = await t.restore('out')
      expect(restored).toMatchObject({ files: 1, missingCount: 1 })
      expect(readdirSync(t.at('out'))).toEqual(['good'])
    },
  )
})

describe('a full disk', () => {
  const mounted = (path: string, size: string) => {
    mkdirSync(path, { recursive: true })
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path]).status !== 0) return false
    open.push(() => spawnSync('umount', ['-l', path]))
    return true
  }

  it('under the spool says DISK_FULL, loses nothing, and goes on when there is room', async () => {
    const t = setUp()
    rmSync(t.at('data'), { recursive: true })
    if (!mounted(t.at('data'), '12m')) {
      console.log('skipped: no tmpfs can be mounted here')
      return
    }
    writeFileSync(join(t.root, 'large'), noise(20 * MIB, 1))
    await settle()
    const full = await t.backUp().catch((error) => error)
    expect(full).toMatchObject({ code: 'DISK_FULL', retryable: true })
    const kept = statSync(t.miner.file).size
    spawnSync('mount', ['-o', 'remount,size=100m', t.at('data')])
    const result = await t.backUp()
    expect(t.miner.derive()).toEqual(result.commitment)
    expect(kept).toBeGreaterThan(0)
    await t.restore('out')
    expect((await compareTrees(t.root, t.at('out'))).count).toBe(0)
  })

  it('under the target says DISK_FULL, and the restore goes on when there is room', async () => {
    const t = setUp()
    for (let i = 0; i < 10; i++) writeFileSync(join(t.root, `file ${i}`), noise(2 * MIB, i))
    await settle()
    await t.backUp()
    if (!mounted(t.at('out'), '9m')) return
    expect(await t.restore('out').catch((error) => error.code)).toBe('DISK_FULL')
    spawnSync('mount', ['-o', 'remount,size=100m', t.at('out')])
    const { result } = await t.restore('out')
    expect(result.skipped).toBeGreaterThan(0)
    expect((await compareTrees(t.root, t.at('out'))).differences).toEqual([])
  })
})

describe('a source that moves', () => {
  it('files that vanish between scan and read are not there, and nothing is wrong', async () => {
    const t = setUp()
    for (let i = 0; i < 3000; i++)
      writeFileSync(join(t.root, `file ${String(i).padStart(4, '0')}`), noise(3000, i))
    const script = `const fs = require('node:fs'); for (let i = 2999; i >= 0; i--) { try { fs.rmSync(process.argv[1] + '/file ' + String(i).padStart(4, '0')) } catch {} }`
    const remover = spawn(process.execPath, ['-e', script, t.root], { stdio: 'ignore' })
    const result = await t.backUp()
    await new Promise((resolve) => (remover.exitCode === null ? remover.on('exit', resolve) : resolve(null)))
    expect(result.missing).toEqual([])
    const { result: restored } = await t.restore('out')
    expect(restored.files).toBe(result.snapshot.files)
  })

  it('a tree that was copied elsewhere costs its names only', async () => {
    const t = setUp()
    mkdirSync(join(t.root, 'a'))
    for (let i = 0; i < 10; i++) writeFileSync(join(t.root, 'a', `large ${i}`), noise(700_000, i))
    await settle()
    await t.backUp()
    const before = t.miner.size
    cpSync(join(t.root, 'a'), join(t.root, 'b'), { recursive: true })
    appendFileSync(join(t.root, 'a/large 1'), 'x')
    await settle()
    await t.backUp()
    expect(t.miner.size - before).toBeLessThan(1.2 * MIB)
  })
})
