import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DeliveredCommand } from '@dmc/core/dashboard/commands'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { isOwnEndpoint, noteOwnEndpoint } from '../account/endpoint-rows.ts'
import type { AgentContext } from '../agent-context.ts'
import { openTarget } from '../source/restore/restore-target.ts'
import { openStore } from '../store/open-store.ts'
import { type Carrying, carryOut } from './carry-out.ts'
import { commandFolder, countCost, setCommandFolder, takeCommand } from './command-rows.ts'
import {
  checkRoot,
  inParent,
  insideRoots,
  makeInsideRoots,
  newInsideRoots,
  openRoots,
  type Roots,
  removeUnused,
  sourceInRoots,
} from './roots.ts'

let folder = ''
let roots: Roots

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'dmc-roots-')))
  mkdirSync(join(folder, 'allowed/photos/2026'), { recursive: true })
  mkdirSync(join(folder, 'allowed-not'), { recursive: true })
  mkdirSync(join(folder, 'secret/keys'), { recursive: true })
  writeFileSync(join(folder, 'secret/keys/key'), 'x')
  writeFileSync(join(folder, 'allowed/photos/a.jpg'), 'x')
  symlinkSync(join(folder, 'secret'), join(folder, 'allowed/way-out'))
  symlinkSync('../secret/keys', join(folder, 'allowed/relative'))
  symlinkSync(join(folder, 'secret/keys/key'), join(folder, 'allowed/photos/link.jpg'))
  symlinkSync(join(folder, 'allowed/photos'), join(folder, 'way-in'))
  symlinkSync(join(folder, 'allowed'), join(folder, 'root-link'))
  symlinkSync(join(folder, 'secret/new'), join(folder, 'allowed/dangling'))
  const one = [join(folder, 'allowed')]
  roots = await openRoots({ read: one, restore: one, sector: one })
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const at = (path: string) => join(folder, path)
const codeOf = async (work: Promise<unknown>) =>
  work.then(
    (value) => `allowed ${String(value)}`,
    (error: unknown) => (DmcError.is(error) ? error.code : String(error)),
  )

describe('what is inside an allowed folder', () => {
  it.each([
    'allowed',
    'allowed/',
    'allowed/photos',
    'allowed/photos/a.jpg',
    'allowed//photos',
    'allowed/./photos',
  ])('%s is', async (path) => {
    expect(await codeOf(insideRoots(roots, 'read', `${folder}/${path}`))).toMatch(/^allowed /)
  })

  it('through a link from outside it is where it really is', async () => {
    expect(await insideRoots(roots, 'read', at('way-in/2026'))).toBe(at('allowed/photos/2026'))
  })

  it.each([
    '/',
    '/etc/passwd',
    'secret',
    'allowed-not',
    'allowed/../secret',
    'allowed/photos/../../secret',
    'allowed/way-out',
    'allowed/way-out/keys',
    'allowed/way-out/keys/key',
    'allowed/relative',
    'allowed/relative/key',
    'allowed/photos/link.jpg',
    'allowed/nothing-here',
    'allowed/dangling',
    'allowed\0/x',
    'root-link/../secret',
  ])('%s is not', async (path) => {
    const given = path.startsWith('/') ? path : `${folder}/${path}`
    expect(await codeOf(insideRoots(roots, 'read', given))).toBe('PATH_OUTSIDE_ROOTS')
  })

  it('a relative path, an empty one and one with .. are not', async () => {
    for (const path of ['allowed', '', '.', `${folder}/allowed/x/..`]) {
      expect(await codeOf(insideRoots(roots, 'read', path)), path).toBe('PATH_OUTSIDE_ROOTS')
    }
  })

  it('says the same of what is outside and of what does not exist', async () => {
    const messages = await Promise.all(
      ['/etc/shadow', '/etc/no-such-file'].map((path) =>
        insideRoots(roots, 'read', path).catch((error) => error.message),
      ),
    )
    expect(messages[0].replace('/etc/shadow', 'X')).toBe(messages[1].replace('/etc/no-such-file', 'X'))
  })
})

describe('a new folder', () => {
  it('may be made in an allowed one', async () => {
    expect(await newInsideRoots(roots, 'restore', at('allowed/new'))).toBe(at('allowed/new'))
    expect(await newInsideRoots(roots, 'restore', at('way-in/new'))).toBe(at('allowed/photos/new'))
  })

  it.each([
    ['allowed/photos', 'TARGET_NOT_EMPTY'],
    ['allowed/photos/a.jpg', 'TARGET_NOT_EMPTY'],
    ['allowed', 'PATH_OUTSIDE_ROOTS'],
    ['allowed/way-out/new', 'PATH_OUTSIDE_ROOTS'],
    ['allowed/relative/new', 'PATH_OUTSIDE_ROOTS'],
    ['allowed/dangling', 'PATH_OUTSIDE_ROOTS'],
    ['allowed/dangling/new', 'PATH_OUTSIDE_ROOTS'],
    ['allowed/no/such/parent', 'PATH_OUTSIDE_ROOTS'],
    ['secret/new', 'PATH_OUTSIDE_ROOTS'],
    ['allowed/../new', 'PATH_OUTSIDE_ROOTS'],
  ])('not at %s: %s', async (path, code) => {
    expect(await codeOf(newInsideRoots(roots, 'restore', `${folder}/${path}`))).toBe(code)
  })

  it('a sector may be a folder that is there, never a link', async () => {
    expect(await inParent(roots, 'sector', at('allowed/photos'))).toBe(at('allowed/photos'))
    expect(await codeOf(inParent(roots, 'sector', at('allowed/way-out')))).toBe('PATH_OUTSIDE_ROOTS')
  })
})

describe('a folder to restore into', () => {
  const open = (path: string, id: string) =>
    codeOf(Promise.resolve().then(() => openTarget(Buffer.from(path), 'x', undefined, id).path.toString()))

  it('is made at once, and is the one that is opened', async () => {
    const id = await makeInsideRoots(roots, 'restore', at('allowed/made'))
    expect(await open(at('allowed/made'), id)).toBe(`allowed ${at('allowed/made')}`)
    expect(await codeOf(makeInsideRoots(roots, 'restore', at('allowed/made')))).toBe('TARGET_NOT_EMPTY')
    expect(await codeOf(makeInsideRoots(roots, 'restore', at('allowed/way-out/made')))).toBe(
      'PATH_OUTSIDE_ROOTS',
    )
  })

  it('a symlink that another restore put in its place, or above it, while a miner was talked to is not followed', async () => {
    mkdirSync(at('allowed/busy'))
    const id = await makeInsideRoots(roots, 'restore', at('allowed/busy/target'))
    renameSync(at('allowed/busy/target'), at('allowed/busy/moved'))
    symlinkSync(at('secret/keys'), at('allowed/busy/target'))
    expect(await open(at('allowed/busy/target'), id)).toBe('TARGET_UNWRITABLE')
    rmSync(at('allowed/busy/target'))
    // through a link to the very same folder: the path is not what was checked
    symlinkSync(at('allowed/busy/moved'), at('allowed/busy/target'))
    expect(await open(at('allowed/busy/target'), id)).toBe('TARGET_UNWRITABLE')
    symlinkSync(at('allowed/busy'), at('allowed/above'))
    expect(await open(at('allowed/above/moved'), id)).toBe('TARGET_UNWRITABLE')
    rmSync(at('allowed/busy/target'))
    expect(await open(at('allowed/busy/target'), id)).toBe('TARGET_UNWRITABLE')
    mkdirSync(at('allowed/busy/target'))
    expect(await open(at('allowed/busy/target'), id)).toBe('TARGET_UNWRITABLE')
    expect(readdirSync(at('secret/keys'))).toEqual(['key'])
    expect(readdirSync(at('allowed/busy/target'))).toEqual([])
  })

  it('a restart before the folder was made does not turn the restore into one of an existing folder', async () => {
    mkdirSync(at('allowed/theirs'))
    const store = openStore(at('agent'))
    const delivered: DeliveredCommand = {
      commandId: 7n,
      command: {
        kind: 'restore.start',
        sourceId: 'aaaaaaaaaaaaaaaa',
        snapshotId: 'ab'.repeat(16),
        paths: [],
        target: at('allowed/theirs'),
      },
      expiresMs: Date.now() + 60_000,
    }
    takeCommand(store, delivered)
    const run = vi.fn(async () => {
      throw new DmcError('RPC_UNREACHABLE', 'away', { hint: 'x' })
    })
    const how = {
      ctx: {
        store,
        jobs: { run },
        config: { dataDir: at('agent') },
        sectors: { list: async () => [] },
        sources: { get: () => ({ path: Buffer.from(at('allowed/photos')) }) },
      } as unknown as AgentContext,
      roots,
      commandId: 7n,
      signal: AbortSignal.timeout(60_000),
      onRestore() {},
      folder: {
        made: () => commandFolder(store, 7n),
        make: (made) => setCommandFolder(store, 7n, made),
      },
    } satisfies Carrying
    expect(await codeOf(carryOut(how, delivered.command))).toBe('TARGET_NOT_EMPTY')
    expect(run).not.toHaveBeenCalled()
    rmSync(at('allowed/theirs'), { recursive: true })
    // made before any miner is asked, written down, and gone on with
    expect(await codeOf(carryOut(how, delivered.command))).toBe('RPC_UNREACHABLE')
    expect(existsSync(at('allowed/theirs'))).toBe(true)
    expect(commandFolder(store, 7n)).toMatch(/^\d+:\d+$/)
    expect(await codeOf(carryOut(how, delivered.command))).toBe('RPC_UNREACHABLE')
    expect(run).toHaveBeenCalledTimes(2)
    store.close()
  })
})

describe('a source that may be looked into', () => {
  const inside = (path: string) => codeOf(sourceInRoots(roots, Buffer.from(path)))

  it('lies in a folder that may be read, also when it is gone since', async () => {
    for (const path of [
      'allowed/photos',
      'allowed',
      'allowed/photos/a.jpg',
      'allowed/gone',
      'allowed/gone/x',
    ]) {
      expect(await inside(at(path)), path).toBe('allowed undefined')
    }
  })

  it('lies in one that may be read, also when the whole disk is gone: that is when it is needed', async () => {
    const lost = await openRoots({ read: [at('lost-disk')], restore: [], sector: [] })
    expect(lost.read).toEqual([])
    const code = (path: string) => codeOf(sourceInRoots(lost, Buffer.from(at(path))))
    expect(await code('lost-disk/photos')).toBe('allowed undefined')
    expect(await code('lost-disk-2/photos')).toBe('PATH_OUTSIDE_ROOTS')
    expect(await code('allowed/photos')).toBe('PATH_OUTSIDE_ROOTS')
    // nothing is read there
    expect(await codeOf(insideRoots(lost, 'read', at('lost-disk/photos')))).toBe('PATH_OUTSIDE_ROOTS')
  })

  it.each([
    'secret',
    'secret/keys',
    'secret/gone',
    'gone',
    'allowed-not/gone',
    'allowed/way-out',
    '/',
    '/gone',
  ])('%s does not', async (path) => {
    expect(await inside(path.startsWith('/') ? path : at(path))).toBe('PATH_OUTSIDE_ROOTS')
  })
})

describe('the folder of a restore that came to nothing', () => {
  const made = async (name: string) => makeInsideRoots(roots, 'restore', at(`allowed/${name}`))
  const remove = (name: string, id: string) => removeUnused(roots, 'restore', at(`allowed/${name}`), id)

  it('is taken away when it is empty, or holds the mark of a restore only', async () => {
    await remove('empty', await made('empty'))
    expect(existsSync(at('allowed/empty'))).toBe(false)
    const id = await made('marked')
    writeFileSync(at('allowed/marked/.dmc-restore-abc'), '')
    await remove('marked', id)
    expect(existsSync(at('allowed/marked'))).toBe(false)
  })

  it('stays when something is in it, and when it is not that folder', async () => {
    const id = await made('used')
    writeFileSync(at('allowed/used/a'), 'x')
    await remove('used', id)
    expect(readdirSync(at('allowed/used'))).toEqual(['a'])
    mkdirSync(at('allowed/other'))
    await remove('other', id)
    expect(existsSync(at('allowed/other'))).toBe(true)
  })
})

describe('endpoints that a dashboard has a host put on chain', () => {
  it('are three within a day, also after a restart; one command counts once', () => {
    const dataDir = at('agent-of-endpoints')
    let store = openStore(dataDir)
    const now = 1_800_000_000_000
    expect([1n, 1n, 2n, 3n, 4n].map((id) => countCost(store, id, 'endpoint', now))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ])
    store.close()
    store = openStore(dataDir)
    expect(countCost(store, 5n, 'endpoint', now + 23 * 3600_000)).toBe(false)
    expect(countCost(store, 3n, 'endpoint', now + 23 * 3600_000)).toBe(true)
    expect(countCost(store, 5n, 'endpoint', now + 24 * 3600_000)).toBe(true)
    // backups are counted for themselves
    const begun = Array.from({ length: 201 }, (_, i) => countCost(store, BigInt(100 + i), 'backup', now))
    expect(begun.filter((counted) => counted)).toHaveLength(200)
    expect(begun.at(-1)).toBe(false)
    store.close()
  })

  it('are this host’s own by what it wrote down or by its TLS key, nobody else’s', () => {
    const store = openStore(at('agent-of-keys'))
    const spki = (letter: string) => letter.repeat(43)
    const own = `https://a.example:4450#spki=${spki('a')}`
    noteOwnEndpoint(store, 'http://127.0.0.1:4451')
    expect(isOwnEndpoint(store, own, own)).toBe(true)
    expect(isOwnEndpoint(store, 'http://127.0.0.1:4451', own)).toBe(true)
    expect(isOwnEndpoint(store, `https://moved.example:4450#spki=${spki('b')}.${spki('a')}`, own)).toBe(true)
    for (const other of ['http://127.0.0.1:4452', `https://a.example:4450#spki=${spki('b')}`, 'junk']) {
      expect(isOwnEndpoint(store, other, own), other).toBe(false)
    }
    store.close()
  })
})

describe('the folders themselves', () => {
  it('are none by default', async () => {
    const none = await openRoots({ read: [], restore: [], sector: [] })
    for (const kind of ['read', 'restore', 'sector'] as const) {
      expect(await codeOf(insideRoots(none, kind, at('allowed')))).toBe('PATH_OUTSIDE_ROOTS')
    }
  })

  it('each kind is its own', async () => {
    const only = await openRoots({ read: [at('allowed')], restore: [], sector: [] })
    expect(await codeOf(newInsideRoots(only, 'restore', at('allowed/new')))).toBe('PATH_OUTSIDE_ROOTS')
  })

  it('are never the whole machine, and exist', async () => {
    expect((await openRoots({ read: ['/', at('nowhere')], restore: [], sector: [] })).read).toEqual([])
    for (const path of ['/', 'relative', at('nowhere'), at('allowed/photos/a.jpg')]) {
      expect(await codeOf(checkRoot(path)), path).toBe('ROOT_REFUSED')
    }
    expect(await checkRoot(at('root-link'))).toBe(at('allowed'))
  })
})
