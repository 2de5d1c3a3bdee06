import { execFileSync, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import { beforeAll, describe, expect, it } from 'vitest'
import { compareTrees } from '../../src/source/compare-trees.ts'
import { orderOf } from '../flows/support/chain.ts'
import { makeTree, noise } from '../flows/support/make-tree.ts'
import {
  addSource,
  backUp,
  MIB,
  mustRestoreEqual,
  placeOrder,
  setUp,
  startMiner,
} from '../flows/support/steps.ts'
import { call, journalOf, useWorld } from '../flows/support/world.ts'
import { mustFail } from './support/expect-error.ts'

const ROOT = process.getuid?.() === 0
/** Reads as nobody would: root reads everything. */
const AS_NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--']
const STRACE = spawnSync('strace', ['-V']).status === 0
const world = useWorld()
let user: AgentProcess
let folder: string
let socket: Server

beforeAll(async () => {
  await world.start()
  const miner = await world.agent('miner', { plainHttp: true })
  user = await world.agent('user')
  await Promise.all([setUp(world, user), startMiner(world, miner, { size: 256n * MIB })])
  await user.start()
  folder = join(world.folder, 'input')
  mkdirSync(folder)
  execFileSync('mkfifo', [join(folder, 'a fifo')])
  if (ROOT) execFileSync('mknod', [join(folder, 'a device'), 'c', '1', '3'])
  socket = createServer()
  await new Promise<void>((resolve) => socket.listen(join(folder, 'a socket'), resolve))
  world.onEnd(() => socket.close())
})

const add = (path: string) => ['source', 'add', path]

describe('a path that can’t be a source', () => {
  it('does not exist', async () => {
    const path = join(folder, 'nowhere')
    await mustFail(user, add(path), 'SOURCE_NOT_FOUND', [path, 'does not exist'])
  })

  it('lies behind a file', async () => {
    writeFileSync(join(folder, 'plain'), 'x')
    await mustFail(user, add(join(folder, 'plain', 'x')), 'SOURCE_NOT_FOUND', ['plain/x'])
  })

  it.each([['a fifo', 'fifo'], ['a socket', 'socket'], ...(ROOT ? [['a device', 'device']] : [])] as [
    string,
    string,
  ][])('is %s: refused, not opened', async (name, kind) => {
    await mustFail(user, add(join(folder, name)), 'SOURCE_NOT_REGULAR', [name, kind])
  })

  it('holds the agent’s own data, or lies in it', async () => {
    for (const path of [user.dataDir, world.folder, join(user.dataDir, 'sources')]) {
      mkdirSync(path, { recursive: true })
      await mustFail(user, add(path), 'SOURCE_OVERLAPS_AGENT', [user.dataDir])
    }
  })

  it.runIf(ROOT)('is closed to the user that runs the agent', async () => {
    const locked = join(folder, 'locked')
    mkdirSync(locked, { mode: 0o700 })
    // a second agent that runs as nobody, with a data folder of its own
    const nobody = await world.agent('nobody')
    chmodSync(world.folder, 0o755)
    await setUp(world, nobody, { funded: false })
    execFileSync('chown', ['-R', '65534:65534', join(world.folder, 'nobody')])
    const how = { wrap: AS_NOBODY }
    await mustFail(nobody, add(locked), 'SOURCE_UNREADABLE', [locked, 'EACCES'], how)
    await mustFail(nobody, add(join(locked, 'inside')), 'SOURCE_UNREADABLE', ['EACCES'], how)
  })

  it('leaves no source behind', async () => {
    expect((await call(user, 'source.list', {})).sources).toEqual([])
    await mustFail(user, ['backup', 'photos'], 'SOURCE_UNKNOWN', ["'photos'"])
  })
})

describe('what lies inside a source', () => {
  it('fifo, socket and device are listed and never opened', async () => {
    const path = makeTree(join(world.folder, 'with specials'), 'specials', 100_000)
    execFileSync('mkfifo', [join(path, 'pipe')])
    if (ROOT) execFileSync('mknod', [join(path, 'null'), 'c', '1', '3'])
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(join(path, 'sock'), resolve))
    const sourceId = await addSource(user, path, 'specials')
    await placeOrder(user, sourceId, { capacityMib: 2n })
    // opening the fifo would wait for a writer for ever
    const result = await user.json<{ partial: boolean; snapshot: { missing: number } }>([
      'backup',
      'specials',
    ])
    expect(result).toMatchObject({ partial: false, snapshot: { missing: 0 } })
    const { entries } = await user.json<{ entries: { name: string; kind: string; reason: string }[] }>([
      'ls',
      'latest',
      '--source',
      'specials',
    ])
    const special = entries
      .filter(({ kind }) => kind === 'not-stored')
      .map(({ name, reason }) => [name, reason])
    expect(Object.fromEntries(special)).toEqual({
      pipe: expect.stringContaining('fifo'),
      sock: expect.stringContaining('socket'),
      ...(ROOT ? { null: expect.stringContaining('char device') } : {}),
    })
    await mustRestoreEqual(user, 'latest', path, join(world.folder, 'specials restored'), sourceId)
    server.close()
  })

  it.runIf(ROOT)(
    'unreadable files: the rest is stored, the snapshot says it is partial, exit code 3',
    async () => {
      const nobody = world.agents.find(({ name }) => name === 'nobody')
      if (!nobody) throw new Error('the agent of nobody is missing')
      const path = makeTree(join(world.folder, 'half closed'), 'closed', 100_000)
      execFileSync('chown', ['-R', '65534:65534', path])
      writeFileSync(join(path, 'docs/secret'), 'mine', { mode: 0o600 })
      mkdirSync(join(path, 'private'), { mode: 0o700 })
      writeFileSync(join(path, 'private/diary'), 'dear')
      // root in another user's data folder would leave files there that the service can't open any more
      await mustFail(nobody, ['wallet', 'show'], 'TARGET_UNWRITABLE', ['uid 65534'])
      await nobody.start(60_000, { wrap: AS_NOBODY })
      await call(nobody, 'faucet.take', {})
      const sourceId = await addSource(nobody, path, 'closed')
      await placeOrder(nobody, sourceId, { capacityMib: 2n })
      const result = await nobody.cli(['backup', 'closed', '--json'])
      expect(result.exitCode).toBe(3)
      const done = JSON.parse(result.stdout.trimEnd().split('\n').at(-1) ?? '{}')
      expect(done).toMatchObject({ type: 'backup', partial: true, snapshot: { missing: 2 } })
      expect(done.missing.map(({ path: at }: { path: string }) => at).sort()).toEqual([
        'docs/secret',
        'private',
      ])
      expect(JSON.stringify(done.missing)).toContain('EACCES')
      const target = join(world.folder, 'nobody', 'closed restored')
      const restored = await nobody.cli(['restore', 'latest', '--source', 'closed', '--to', target, '--json'])
      expect([0, 3]).toContain(restored.exitCode)
      const { differences } = await compareTrees(path, target, {
        except: new Set(['docs/secret', 'private']),
      })
      expect(differences).toEqual([])
    },
  )

  it.runIf(STRACE)(
    'a disk that fails while a file is read: its place is told, the rest is stored',
    async () => {
      const path = join(world.folder, 'failing disk')
      mkdirSync(path)
      const bad = join(path, 'bad.raw')
      writeFileSync(bad, noise('bad', 20 << 20))
      writeFileSync(join(path, 'good.raw'), noise('good', 3 << 20))
      const sourceId = await addSource(user, path, 'failing')
      const { orderId } = await placeOrder(user, sourceId, { capacityMib: 32n })
      await user.stop()
      // the third read of this file, and all later ones, fail as a disk does
      const fail = ['-e', 'trace=pread64', '-e', 'inject=pread64:error=EIO:when=3+']
      const wrap = ['strace', '-f', '-qq', '-o', '/dev/null', '-P', bad, ...fail]
      const result = await user.cli(['backup', 'failing', '--json'], undefined, { wrap })
      expect(result.exitCode, result.stdout + result.stderr).toBe(3)
      const done = JSON.parse(result.stdout.trimEnd().split('\n').at(-1) ?? '{}')
      expect(done).toMatchObject({ partial: true, snapshot: { missing: 1, files: 1 } })
      expect(done.missing).toEqual([
        { path: 'bad.raw', reason: expect.stringMatching(/READ_ERROR.*offset \d+: EIO/) },
      ])
      await user.start()
      const to = join(world.folder, 'failing restored')
      await user.cli(['restore', 'latest', '--source', 'failing', '--to', to])
      expect(readdirSync(to)).toEqual(['good.raw'])
      // the disk is well again: the next backup has it, in the same order
      const again = await backUp(user, sourceId)
      expect(again).toMatchObject({ orderId, snapshot: { missing: 0, files: 2 } })
      await mustRestoreEqual(user, 'latest', path, join(world.folder, 'failing restored again'), sourceId)
    },
  )

  it('a file that changes all the time is listed; what is restored is never a mixture', async () => {
    const path = makeTree(join(world.folder, 'lively'), 'lively', 200_000)
    const busy = join(path, 'busy.log')
    // whole records: a torn one would be seen
    const record = (n: number) => `${String(n).padStart(9, '0')}\n`
    writeFileSync(busy, '')
    const fd = openSync(busy, 'a')
    let n = 0
    const writer = setInterval(() => {
      for (let i = 0; i < 500; i++) writeSync(fd, record(n++))
    }, 1)
    try {
      const sourceId = await addSource(user, path, 'lively')
      await placeOrder(user, sourceId, { capacityMib: 16n })
      const result = await user.cli(['backup', 'lively', '--json'])
      expect([0, 3]).toContain(result.exitCode)
      const done = JSON.parse(result.stdout.trimEnd().split('\n').at(-1) ?? '{}')
      const target = join(world.folder, 'lively restored')
      await user.cli(['restore', done.snapshot.snapshotId, '--to', target])
      if (result.exitCode === 3) {
        expect(done.missing).toMatchObject([{ path: 'busy.log', reason: expect.stringContaining('changed') }])
      } else {
        const text = readFileSync(join(target, 'busy.log'), 'utf8')
        expect(text).toBe(Array.from({ length: text.length / 10 }, (_, i) => record(i)).join(''))
      }
      const { differences } = await compareTrees(path, target, { except: new Set(['busy.log']) })
      expect(differences).toEqual([])
    } finally {
      clearInterval(writer)
      closeSync(fd)
    }
  })
})

describe('a source that does not fit its order', () => {
  it('is refused with both sizes before anything is sent, and keeps what it had', async () => {
    const path = makeTree(join(world.folder, 'growing'), 'growing', 500_000)
    const sourceId = await addSource(user, path, 'growing')
    const { orderId } = await placeOrder(user, sourceId, { capacityMib: 1n })
    const first = await backUp(user, sourceId)
    const copy = join(world.folder, 'growing before')
    await mustRestoreEqual(user, first.snapshot.snapshotId, path, copy)
    writeFileSync(join(path, 'photos/huge.raw'), noise('huge', 3 << 20))
    // the order that is named is the one that is meant
    await mustFail(user, ['backup', 'growing', '--order', '999'], 'ORDER_NOT_FOUND', [/Order 999/])
    const said = await mustFail(user, ['backup', 'growing'], 'SOURCE_TOO_LARGE', [/1(\.0+)? MiB|1048576/])
    expect(said.hint).toContain('order create')
    expect((await orderOf(world.devnet, orderId)).commitment).toEqual(first.commitment)
    // what was stored is still there, and the next backup that fits goes on from it
    const again = join(world.folder, 'growing again')
    await call(user, 'restore.start', {
      snapshot: first.snapshot.snapshotId,
      to: again,
      paths: [],
      overwrite: 'never',
      intoExisting: false,
      verifyOnly: false,
    })
    expect((await compareTrees(copy, again)).differences).toEqual([])
    rmSync(join(path, 'photos/huge.raw'))
    appendFileSync(join(path, 'docs/letter.txt'), 'small again\n')
    const second = await backUp(user, sourceId)
    expect(second.orderId).toBe(orderId)
    expect((await journalOf(user)).filter(({ event }) => event === 'backup-failed')).toHaveLength(1)
  })

  it('an empty folder is a snapshot like any other', async () => {
    const path = join(world.folder, 'nothing in it')
    mkdirSync(path)
    const sourceId = await addSource(user, path, 'nothing')
    await placeOrder(user, sourceId, { capacityMib: 1n })
    expect((await backUp(user, sourceId)).snapshot).toMatchObject({ files: 0, bytes: 0 })
    symlinkSync('nowhere', join(path, 'link'))
    expect((await backUp(user, sourceId)).unchanged).toBe(false)
  })

  it('a folder whose files are all gone may be a disk that is not mounted: said, and stored only when it is meant', async () => {
    const path = makeTree(join(world.folder, 'a disk'), 'a disk', 10_000)
    const sourceId = await addSource(user, path, 'a disk')
    await placeOrder(user, sourceId, { capacityMib: 1n })
    const first = await backUp(user, sourceId)
    renameSync(path, `${path} unmounted`)
    mkdirSync(path)
    const said = await mustFail(user, ['backup', 'a disk'], 'SOURCE_EMPTY', [
      path,
      `holds ${first.snapshot.files} files`,
    ])
    expect(said.hint).toContain("dmc-agent backup 'a disk' --allow-empty")
    rmSync(path, { recursive: true })
    renameSync(`${path} unmounted`, path)
    expect((await backUp(user, sourceId)).unchanged).toBe(true)
    rmSync(path, { recursive: true })
    mkdirSync(path)
    const meant = await user.cli(['backup', 'a disk', '--allow-empty'])
    expect(meant.exitCode, meant.stderr).toBe(0)
    expect(
      (await call(user, 'snapshot.list', { source: sourceId })).snapshots.map((one) => one.files),
    ).toEqual(expect.arrayContaining([0, first.snapshot.files]))
  })

  it('a source that has gone says so, and what was stored can be restored', async () => {
    const path = makeTree(join(world.folder, 'doomed'), 'doomed', 10_000)
    const sourceId = await addSource(user, path, 'doomed')
    await placeOrder(user, sourceId, { capacityMib: 1n })
    const { snapshot } = await backUp(user, sourceId)
    rmSync(path, { recursive: true })
    await mustFail(user, ['backup', 'doomed'], 'SOURCE_NOT_FOUND', [path])
    makeTree(path, 'doomed', 10_000)
    const target = join(world.folder, 'doomed restored')
    await user.json(['restore', snapshot.snapshotId, '--to', target])
    const { differences } = await compareTrees(path, target)
    expect(differences.filter(({ difference }) => !difference.startsWith('mtime'))).toEqual([])
  })
})
