import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import { beforeAll, describe, expect, it } from 'vitest'
import { compareTrees } from '../../src/source/compare-trees.ts'
import { makeTree } from '../flows/support/make-tree.ts'
import {
  addSource,
  backUp,
  MIB,
  mustRestoreEqual,
  placeOrder,
  setUp,
  startMiner,
} from '../flows/support/steps.ts'
import { journalOf, until, useWorld } from '../flows/support/world.ts'
import { mustFail } from './support/expect-error.ts'

const world = useWorld()
let miner: AgentProcess
let user: AgentProcess
let sectorPath: string
let source: string
let sourceId: string
let orderId: bigint
let snapshot: string

beforeAll(async () => {
  await world.start()
  ;[miner, user] = await Promise.all([world.agent('miner'), world.agent('user')])
  const [, theirs] = await Promise.all([setUp(world, user), startMiner(world, miner, { size: 64n * MIB })])
  ;({ sectorPath } = theirs)
  await user.start()
  source = makeTree(join(world.folder, 'my files'), 'peer', 3 << 20)
  sourceId = await addSource(user, source, 'mine')
  ;({ orderId } = await placeOrder(user, sourceId, { capacityMib: 8n }))
  ;({ snapshotId: snapshot } = (await backUp(user, sourceId)).snapshot)
})

const restore = (to: string, ...more: string[]) => ['restore', snapshot, '--to', to, ...more]
const at = (name: string) => join(world.folder, name)

describe('a restore that can’t be', () => {
  it('into a folder with something in it: refused, nothing touched', async () => {
    mkdirSync(at('used'))
    writeFileSync(at('used/thesis.txt'), 'four years')
    const said = await mustFail(user, restore(at('used')), 'TARGET_NOT_EMPTY', [at('used')])
    expect(said.hint).toContain('--into-existing')
    expect(readdirSync(at('used'))).toEqual(['thesis.txt'])
    await user.json(restore(at('used'), '--into-existing'))
    expect(readFileSync(at('used/thesis.txt'), 'utf8')).toBe('four years')
  })

  it('of a path that the snapshot does not have', async () => {
    await mustFail(user, restore(at('a'), '--path', 'docs/nothing'), 'PATH_NOT_FOUND', ['docs/nothing'])
    await mustFail(user, ['ls', snapshot, 'photos/x/y'], 'PATH_NOT_FOUND', ['photos/x'])
    for (const path of ['../../etc/passwd', 'docs/../../x']) {
      const result = await user.cli([...restore(at('b')), '--path', path, '--json'])
      expect(JSON.parse(result.stdout.trimEnd().split('\n').at(-1) ?? '{}').code).toMatch(
        /^(UNSAFE_PATH|PATH_NOT_FOUND)$/,
      )
    }
  })

  it('of a snapshot that nobody made', async () => {
    await mustFail(user, ['restore', 'ffffffff', '--to', at('c')], 'SNAPSHOT_NOT_FOUND', ['ffffffff'])
    await mustFail(user, ['restore', 'latest', '--source', 'nobody', '--to', at('c')], 'SNAPSHOT_NOT_FOUND')
  })

  it('to where nothing can be written', async () => {
    writeFileSync(at('a file'), 'x')
    await mustFail(user, restore(at('a file')), 'TARGET_UNWRITABLE', [at('a file')])
    await mustFail(user, restore(at('a file/below')), 'TARGET_UNWRITABLE', ['a file'])
    expect(readFileSync(at('a file'), 'utf8')).toBe('x')
  })

  it('leaves nothing behind', () => {
    for (const name of ['a', 'b', 'c']) expect(existsSync(at(name)) && readdirSync(at(name))).toBeFalsy()
  })
})

describe('a miner that is not the one on chain', () => {
  it('another TLS key answers: refused by backup and restore; right again when the miner puts its key on chain', async () => {
    await miner.stop()
    for (const name of readdirSync(miner.dataDir))
      if (name.startsWith('tls')) rmSync(join(miner.dataDir, name), { recursive: true })
    await miner.start()
    writeFileSync(join(source, 'new.txt'), 'something new\n')
    await mustFail(user, restore(at('d')), 'PEER_KEY_MISMATCH', ['127.0.0.1'])
    await mustFail(user, ['backup', 'mine'], 'PEER_KEY_MISMATCH', ['127.0.0.1'])
    await miner.json(['endpoint', 'set', '--yes', '--bill', '1'])
    await user.json(['backup', 'mine'])
    await mustRestoreEqual(user, 'latest', source, at('e'), sourceId)
  })

  it('an endpoint on a private address, when that is not allowed', async () => {
    await user.stop()
    const how = { env: { DMC_ALLOW_PRIVATE_ENDPOINTS: 'false' } }
    const said = await mustFail(user, restore(at('f')), 'ENDPOINT_REFUSED', ['127.0.0.1'], how)
    expect(said.hint).toContain('allowPrivateEndpoints')
    await user.start()
  })

  it('a miner that is down', async () => {
    await miner.stop()
    await mustFail(user, restore(at('g')), 'PEER_UNREACHABLE', ['127.0.0.1'])
    await miner.start()
  })
})

describe('a miner whose disk has gone bad', () => {
  it('no wrong byte is taken: the restore says so, the miner’s journal names the order', async () => {
    await miner.stop()
    const file = join(sectorPath, 'orders', `${orderId}.data`)
    const fd = openSync(file, 'r+')
    const byte = Buffer.alloc(1)
    const place = (2 << 20) + 12_345
    readSync(fd, byte, 0, 1, place)
    byte[0] = (byte[0] ?? 0) ^ 4
    writeSync(fd, byte, 0, 1, place)
    closeSync(fd)
    await miner.start()
    const result = await user.cli([...restore(at('h')), '--json'])
    expect([3, 4, 7]).toContain(result.exitCode)
    expect(result.stdout + result.stderr).toMatch(/SECTOR_DAMAGED|damaged/)
    await until('the miner to say so', async () =>
      (await journalOf(miner)).some(
        ({ level, subject }) => level === 'error' && subject === `order:${orderId}`,
      ),
    )
    // everything that did come back is right
    // (but for the mark by which the same restore goes on)
    const { differences: all } = await compareTrees(source, at('h'))
    const differences = all.filter(({ path }) => !path.startsWith('.dmc-restore-'))
    expect(differences.filter(({ difference }) => !/only on the|mtime|mode/.test(difference))).toEqual([])
  })
})
