import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { agentBundle } from '@dmc/testkit/agent-bundle'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import { beforeAll, describe, expect, it } from 'vitest'
import { NODE } from '../support/node-command.ts'
import { makeTree } from './support/make-tree.ts'
import { addSource, backUp, placeOrder, setUp, startMiner } from './support/steps.ts'
import { useWorld } from './support/world.ts'

const world = useWorld()
let bundleFile: string
let miner: AgentProcess
let user: AgentProcess
let orderId: bigint
let phrase: string
let walletKey: string
let sourcePath: string
let file: string

beforeAll(async () => {
  await world.start()
  bundleFile = await agentBundle()
  miner = await world.agent('miner')
  user = await world.agent('user')
  await startMiner(world, miner, { size: 64n << 20n })
  const keys = await setUp(world, user)
  phrase = readFileSync(keys.phraseFile, 'utf8').trim()
  walletKey = readFileSync(keys.keyFile, 'utf8').trim()
  await user.start()
  sourcePath = join(world.folder, 'holiday-photos')
  makeTree(sourcePath, 'evidence', 1_000_000)
  const source = await addSource(user, sourcePath, 'holiday')
  orderId = (await placeOrder(user, source, { capacityMib: 8n, challenges: 2 })).orderId
  await backUp(user, source)
  file = join(world.folder, 'evidence.json')
})

/** The command on a machine that has nothing of ours: an empty home, no data folder, no keystore. */
async function elsewhere(...args: string[]) {
  const home = mkdtempSync(join(world.folder, 'elsewhere-'))
  const [node, ...flags] = NODE
  const child = spawn(node, [...flags, bundleFile, ...args], {
    cwd: home,
    env: { PATH: process.env.PATH, HOME: home, DMC_DATA_DIR: join(home, 'none') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number]>,
  ])
  return { status, stdout, stderr }
}

interface Bundle {
  chainId: number
  history: { event: string; args: Record<string, string> }[]
  answers: { outcome: string; exchange: { signedAt: string } }[]
}

describe('evidence of an order', () => {
  it('is exported by its user, holds no secret, and is checked by anybody with an RPC URL', async () => {
    await user.json(['order', 'check', String(orderId)])
    const answer = await user.json(['order', 'evidence', String(orderId), file])
    expect(answer).toMatchObject({ type: 'order.evidence', orderId: String(orderId), file })
    const written = readFileSync(file, 'utf8')
    const bundle: Bundle = JSON.parse(written)
    expect(bundle.history.map(({ event }) => event)).toEqual(['Prepared', 'Prepared', 'OrderActivated'])
    // every check that was made, the one right after activation too, with the miner's signature
    expect(bundle.answers.length).toBeGreaterThan(0)
    expect(bundle.answers.every(({ outcome }) => outcome === 'passed')).toBe(true)
    const secrets = [
      walletKey,
      walletKey.slice(2),
      ...phrase.split('\n'),
      readFileSync(user.passwordFile, 'utf8').trim(),
      world.folder,
      sourcePath,
      'holiday',
      user.dataDir,
      Buffer.from(sourcePath).toString('hex'),
    ]
    for (const secret of secrets) expect(written).not.toContain(secret)

    const checked = await elsewhere('verify-evidence', file, '--rpc', world.devnet.url)
    expect(checked.stderr).not.toMatch(/error/)
    expect(checked.stdout).toMatch(/All of it is so/)
    expect(checked.stdout).toMatch(/[1-9][0-9]* miner proved/)
    expect(checked.status).toBe(0)
    const json = await elsewhere(
      'verify-evidence',
      file,
      '--rpc',
      world.devnet.url,
      '--json',
      '--market',
      world.devnet.market,
    )
    expect(JSON.parse(json.stdout)).toMatchObject({ type: 'verify-evidence', result: 'holds', leftOut: [] })
    expect(json.status).toBe(0)
  })

  it('is not written over a file, and of an order that is not there', async () => {
    const over = await user.cli(['order', 'evidence', String(orderId), file])
    expect(over).toMatchObject({ exitCode: 64, stderr: expect.stringMatching(/TARGET_NOT_EMPTY/) })
    const none = await user.cli(['order', 'evidence', '99', `${file}.2`])
    expect(none).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/ORDER_NOT_FOUND/) })
  })

  it('that is not so is told apart by exit code and sentence', async () => {
    const bad = join(world.folder, 'bad.json')
    const check = (change: (bundle: Bundle) => void, ...more: string[]) => {
      const bundle: Bundle = JSON.parse(readFileSync(file, 'utf8'))
      change(bundle)
      writeFileSync(bad, JSON.stringify(bundle))
      return elsewhere('verify-evidence', bad, '--rpc', world.devnet.url, ...more)
    }
    const size = await check((bundle) => {
      Object.assign(bundle.history[2]?.args ?? {}, { size: '1024' })
    })
    expect(size).toMatchObject({
      status: 4,
      stdout: expect.stringMatching(/not so: history 2 \(OrderActivated\)/),
    })
    const time = await check((bundle) => {
      for (const { exchange } of bundle.answers) exchange.signedAt = String(Number(exchange.signedAt) + 1)
    })
    expect(time).toMatchObject({
      status: 4,
      stdout: expect.stringMatching(/not signed by the miner: worthless/),
    })
    const quiet = await check((bundle) => void bundle.history.pop())
    expect(quiet).toMatchObject({ status: 4, stdout: expect.stringMatching(/left out: OrderActivated/) })
    expect(await check((bundle) => Object.assign(bundle, { chainId: 1 }))).toMatchObject({
      status: 78,
      stderr: expect.stringMatching(/WRONG_CHAIN/),
    })
    expect(await check(() => {}, '--market', `0x${'12'.repeat(20)}`)).toMatchObject({ status: 78 })
    expect((await elsewhere('verify-evidence', world.folder, '--rpc', world.devnet.url)).status).toBe(64)
    expect((await elsewhere('verify-evidence', file, '--rpc', 'ftp://x')).status).toBe(64)
    writeFileSync(bad, 'no evidence')
    expect(await elsewhere('verify-evidence', bad, '--rpc', world.devnet.url)).toMatchObject({
      status: 4,
      stderr: expect.stringMatching(/EVIDENCE_INVALID/),
    })
    expect((await elsewhere('verify-evidence', file, '--rpc', 'http://127.0.0.1:9')).status).toBe(6)
  })
})
