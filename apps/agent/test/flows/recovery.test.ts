import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { entropyToPhrase } from '@dmc/core/keys/phrase'
import type { AgentProcess, CliResult } from '@dmc/testkit/agent-process'
import type { Address } from 'viem'
import { beforeAll, describe, expect, it } from 'vitest'
import { compareTrees } from '../../src/source/compare-trees.ts'
import { makeTree } from './support/make-tree.ts'
import { addSource, backUp, MIB, placeOrder, setUp, startMiner } from './support/steps.ts'
import { useWorld } from './support/world.ts'

/** Everything of the user's host is gone. What is left: 24 words, an address, an RPC URL, the Market's address. */
const world = useWorld()
let phrase: string
let walletKey: string
let owner: Address
let source: string
let firstLetter: Buffer
let orderId: bigint
let snapshotIds: string[]
let rescue: AgentProcess

beforeAll(async () => {
  await world.start()
  const [miner, user] = await Promise.all([world.agent('miner'), world.agent('user')])
  const [mine] = await Promise.all([setUp(world, user), startMiner(world, miner, { size: 64n * MIB })])
  await user.start()
  source = makeTree(join(world.folder, 'my files'), 'recovery', 2 << 20)
  const sourceId = await addSource(user, source, 'photos')
  ;({ orderId } = await placeOrder(user, sourceId, { capacityMib: 8n }))
  const first = await backUp(user, sourceId)
  firstLetter = readFileSync(join(source, 'docs/letter.txt'))
  appendFileSync(join(source, 'docs/letter.txt'), 'one line more\n')
  const second = await backUp(user, sourceId)
  snapshotIds = [second.snapshot.snapshotId, first.snapshot.snapshotId]
  phrase = readFileSync(mine.phraseFile, 'utf8')
  walletKey = readFileSync(mine.keyFile, 'utf8')
  owner = mine.wallet.address
  await user.stop('SIGKILL')
  rmSync(dirname(user.passwordFile), { recursive: true })
  expect(existsSync(user.dataDir)).toBe(false)
})

/** A host that knows nothing, not even by its environment; the loopback address of the miner is allowed, that is all. */
async function newHost(name: string, words: string): Promise<AgentProcess> {
  const env = { DMC_RPC_URLS: '', DMC_CHAIN_ID: '', DMC_MARKET: '' }
  const agent = await world.agent(name, { env })
  const file = join(dirname(agent.passwordFile), 'words')
  writeFileSync(file, words, { mode: 0o600 })
  const { url, market } = world.devnet
  const chain = ['--rpc', url, '--market', market]
  await agent.json(['init', '--recover', '--phrase-file', file, '--wallet', owner, ...chain])
  rmSync(file)
  return agent
}

const newFolder = () => join(mkdtempSync(join(world.folder, 'to-')), 'restored')
const errorOf = ({ stdout }: CliResult) =>
  JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { code: string; hint: string }

describe('recovery with nothing but the phrase and the chain', () => {
  it('finds the source again', async () => {
    rescue = await newHost('rescue', phrase)
    const found = await rescue.json<{ sources: { name: string; snapshots: number; orders: string[] }[] }>([
      'recover',
    ])
    expect(found.sources).toMatchObject([{ name: 'photos', snapshots: 2, orders: [orderId.toString()] }])
  })

  it('lists the snapshots and what is in them', async () => {
    const { snapshots } = await rescue.json<{ snapshots: { snapshotId: string }[] }>(['snapshots'])
    expect(snapshots.map(({ snapshotId }) => snapshotId)).toEqual(snapshotIds)
    const { entries } = await rescue.json<{ entries: { path: string; kind: string }[] }>([
      'ls',
      'latest',
      'docs',
    ])
    expect(entries.map(({ path }) => path)).toEqual([
      'docs/2026',
      'docs/letter.txt',
      'docs/o\\xff\\xfe.t',
      'docs/run again.sh',
    ])
  })

  it('restores the newest and the first snapshot equal to what was backed up', async () => {
    const newest = newFolder()
    await rescue.json(['restore', 'latest', '--to', newest])
    expect((await compareTrees(source, newest)).differences).toEqual([])
    const first = newFolder()
    await rescue.json(['restore', snapshotIds[1]?.slice(0, 10) ?? '', '--to', first])
    const { differences } = await compareTrees(source, first)
    expect(new Set(differences.map(({ path }) => path))).toEqual(new Set(['docs/letter.txt']))
    expect(readFileSync(join(first, 'docs/letter.txt')).equals(firstLetter)).toBe(true)
  })

  it('says PHRASE_WRONG for another phrase, and writes nothing', async () => {
    const stranger = await newHost('stranger', entropyToPhrase(new Uint8Array(32).fill(5)))
    const target = newFolder()
    for (const args of [['recover'], ['restore', 'latest', '--to', target]]) {
      const result = await stranger.cli([...args, '--json'])
      expect([args[0], result.exitCode, errorOf(result).code]).toEqual([args[0], 5, 'PHRASE_WRONG'])
    }
    expect(existsSync(target)).toBe(false)
  })

  it('says what is missing before it can write again', async () => {
    const { source: added } = await rescue.json<{ source: { sourceId: string } }>([
      'source',
      'add',
      source,
      '--name',
      'photos',
    ])
    const result = await rescue.cli([
      'order',
      'create',
      '--source',
      added.sourceId,
      '--weeks',
      '4',
      '--yes',
      '--json',
    ])
    expect(result.exitCode).toBe(5)
    expect(errorOf(result)).toMatchObject({ code: 'KEY_MISSING' })
  })

  it('backs up again, into a new order, once the wallet is here', async () => {
    const keyFile = join(dirname(rescue.passwordFile), 'key')
    writeFileSync(keyFile, walletKey, { mode: 0o600 })
    await rescue.json(['wallet', 'import', keyFile])
    const order = await rescue.json<{ orderId: string }>([
      'order',
      'create',
      '--source',
      'photos',
      '--weeks',
      '4',
      '--yes',
    ])
    expect(BigInt(order.orderId)).toBeGreaterThan(orderId)
    appendFileSync(join(source, 'docs/letter.txt'), 'written on the new machine\n')
    const done = await rescue.json<{ orderId: string; snapshot: { snapshotId: string } }>([
      'backup',
      'photos',
    ])
    expect(done.orderId).toBe(order.orderId)
    const target = newFolder()
    await rescue.json(['restore', done.snapshot.snapshotId, '--to', target])
    expect((await compareTrees(source, target)).differences).toEqual([])
    // what the lost machine had stored is still there
    await rescue.json(['restore', snapshotIds[0] ?? '', '--to', newFolder()])
  })
})
