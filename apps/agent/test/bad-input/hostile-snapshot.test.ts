import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { prepareCall } from '@dmc/core/chain/acts/prepare'
import { entropyToPhrase } from '@dmc/core/keys/phrase'
import type { NodeEntry } from '@dmc/core/log/node-entry'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import { createWalletClient, http } from 'viem'
import { beforeAll, describe, expect, it } from 'vitest'
import { createMarketReader } from '../../src/chain/market-reader.ts'
import { openRpcClient } from '../../src/chain/rpc-client.ts'
import { deliver } from '../../src/contract/wire/deliver.ts'
import { connectMiner } from '../../src/contract/wire/miner-client.ts'
import { CraftedLog } from '../../src/source/test/craft-log.ts'
import { MASTER } from '../../src/source/test/file-miner.ts'
import { orderOf } from '../flows/support/chain.ts'
import { makeTree } from '../flows/support/make-tree.ts'
import { addSource, MIB, placeOrder, setUp, startMiner } from '../flows/support/steps.ts'
import { until, useWorld } from '../flows/support/world.ts'
import { createMemoryRun } from '../support/memory-run.ts'
import { mustFail } from './support/expect-error.ts'

/**
 * Snapshots that our own writer would never write, held under real orders by a real miner: whoever has the phrase may have
 * been fooled, or be somebody else. The restore is the published command.
 */
const CAPACITY = 16n
const world = useWorld()
let rescue: AgentProcess
let outside: string

/** What a snapshot holds, made by hand; the salt tells one source from the other. */
const hostile: Record<string, (log: CraftedLog) => NodeEntry> = {
  'a name that climbs out': (log) => log.directory('', [log.file('../../outside/evil')]),
  'the parent itself': (log) => log.directory('', [log.directory('..', [log.file('evil')])]),
  'an absolute name': (log) => log.directory('', [log.file('/etc/dmc-evil')]),
  'a name with a NUL': (log) => log.directory('', [log.file('a\0b')]),
  'a folder behind a symlink of the same name': (log) =>
    log.directory('', [log.symlink('x', outside), log.directory('x', [log.file('evil')])]),
  'a hard link to outside': (log) => log.directory('', [log.hardlink('stolen', '../outside/secret')]),
}
const names = Object.keys(hostile)
const saltOf = (name: string) => new Uint8Array(32).fill(0x10 + names.indexOf(name))

beforeAll(async () => {
  await world.start()
  outside = join(world.folder, 'outside')
  mkdirSync(outside)
  writeFileSync(join(outside, 'secret'), 'secret')
  const plain = { plainHttp: true }
  const [miner, user] = await Promise.all([world.agent('miner', plain), world.agent('user', plain)])
  const [{ wallet }] = await Promise.all([setUp(world, user), startMiner(world, miner, { size: 256n * MIB })])
  await user.start()
  const sourceId = await addSource(user, makeTree(join(world.folder, 'any'), 'any', 1000), 'any')
  const { client, url, market } = world.devnet
  const reader = createMarketReader(openRpcClient({ urls: [url], chainId: 31337 }), market)
  const signer = createWalletClient({ chain: client.chain, transport: http(url), account: wallet })
  const { signal } = new AbortController()
  for (const name of names) {
    const { orderId } = await placeOrder(user, sourceId, { capacityMib: CAPACITY })
    const log = new CraftedLog(saltOf(name))
    log.finish((hostile[name] ?? hostile['the parent itself'])?.(log) as NodeEntry)
    const run = createMemoryRun(await log.read('', 0, log.size), Number(CAPACITY), null)
    const dial = {
      endpoint: null,
      reader,
      orderId,
      role: 'user',
      signer: wallet,
      allowPrivate: true,
    } as const
    const miners = await until('the miner to have the order', () => connectMiner({ ...dial, signal }))
    await deliver({ client: miners, run, signal })
    await miners.close()
    const { to, data } = prepareCall(market, orderId, 'user', run.commitment)
    await signer.sendTransaction({ to, data, chain: client.chain })
    await until('both sides to agree', async () => (await orderOf(world.devnet, orderId)).state === 'active')
  }
  rescue = await world.agent('rescue')
  const words = join(dirname(rescue.passwordFile), 'words')
  writeFileSync(words, entropyToPhrase(MASTER), { mode: 0o600 })
  await rescue.json(['init', '--recover', '--phrase-file', words, '--wallet', wallet.address])
  // as many as there are orders: all are confirmed
  await until('all sources to be found', async () => {
    const { sources } = await rescue.json<{ sources: unknown[] }>(['recover'])
    return sources.length === names.length
  })
}, 240_000)

/** Everything outside of the target is as before; in it are at most the marks of a restore that goes on. */
function mustBeUntouched(target: string): void {
  expect(readdirSync(outside)).toEqual(['secret'])
  expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('secret')
  expect(readdirSync('/etc')).not.toContain('dmc-evil')
  // not recursive: that would look through links; whatever lies deeper has a folder here
  const made = readdirSync(target, { withFileTypes: true })
  expect(made.filter((entry) => !entry.name.startsWith('.dmc-restore') && !entry.isSymbolicLink())).toEqual(
    [],
  )
}

describe('a snapshot that would leave its target', () => {
  it.each(names)('by %s: UNSAFE_PATH or LOG_CORRUPT, exit code 4, nothing written', async (name) => {
    const target = join(world.folder, `restored ${names.indexOf(name)}`)
    const source = Buffer.from(saltOf(name)).toString('hex').slice(0, 16)
    const restore = ['restore', 'latest', '--source', source, '--to', target]
    const code = name.includes('symlink') ? 'LOG_CORRUPT' : 'UNSAFE_PATH'
    const said = await mustFail(rescue, restore, code)
    expect(said.message).not.toContain('\0')
    mkdirSync(target, { recursive: true })
    mustBeUntouched(target)
  })

  it('is not listed either', async () => {
    const source = Buffer.from(saltOf('a name that climbs out')).toString('hex').slice(0, 16)
    await mustFail(rescue, ['ls', 'latest', '--source', source], 'UNSAFE_PATH')
  })

  it('does not go through a link that waits in the target', async () => {
    const target = join(world.folder, 'trapped')
    mkdirSync(target)
    symlinkSync(outside, join(target, 'x'))
    const source = Buffer.from(saltOf('a folder behind a symlink of the same name'))
      .toString('hex')
      .slice(0, 16)
    const restore = ['restore', 'latest', '--source', source, '--to', target, '--into-existing']
    await mustFail(rescue, restore, 'LOG_CORRUPT')
    mustBeUntouched(target)
  })
})
