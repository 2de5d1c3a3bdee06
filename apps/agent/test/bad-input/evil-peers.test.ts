import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { marketAbi } from '@dmc/core/chain/generated/market-abi'
import type { MarketReader } from '@dmc/core/chain/types'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import { freePort } from '@dmc/testkit/free-port'
import { createWalletClient, http } from 'viem'
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { beforeAll, describe, expect, it } from 'vitest'
import { createMarketReader } from '../../src/chain/market-reader.ts'
import { openRpcClient } from '../../src/chain/rpc-client.ts'
import { connectMiner } from '../../src/contract/wire/miner-client.ts'
import { nonceOf, orderOf } from '../flows/support/chain.ts'
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
import { call, useWorld } from '../flows/support/world.ts'
import { commitmentOf } from '../support/memory-run.ts'
import { rawSocket } from '../support/raw-socket.ts'
import { mustFail } from './support/expect-error.ts'

/** Real agents that meet a peer that breaks the rules: a miner that lies to the user, a user that misuses the miner, an endpoint that lures. */
const world = useWorld()
const signal = new AbortController().signal
let miner: AgentProcess
let user: AgentProcess
let wallets: { user: PrivateKeyAccount; miner: PrivateKeyAccount }
let reader: MarketReader
let sectorPath: string
let billId: bigint
let source: string
let sourceId: string
let orderId: bigint
let minerPort: number

/** What stands between user and miner makes of an answer; null: leaves it. */
type Lie = (path: string, body: Buffer) => Buffer | null
let lie: Lie = () => null

beforeAll(async () => {
  await world.start()
  minerPort = await freePort()
  const between = createServer((request, response) => {
    const path = request.url ?? ''
    const onward = httpRequest(
      { port: minerPort, host: '127.0.0.1', path, method: request.method, headers: request.headers },
      (answer) => {
        const parts: Buffer[] = []
        answer.on('data', (part) => parts.push(part))
        answer.on('end', () => {
          const honest = Buffer.concat(parts)
          const body = lie(path, honest) ?? honest
          response.writeHead(answer.statusCode ?? 500, { ...answer.headers, 'content-length': body.length })
          response.end(body)
        })
      },
    )
    onward.on('error', () => response.destroy())
    request.pipe(onward)
  })
  await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve))
  world.onEnd(() => between.close())
  const env = { DMC_PUBLIC_URL: `http://127.0.0.1:${(between.address() as AddressInfo).port}` }
  miner = await world.agent('miner', { plainHttp: true, port: minerPort, env })
  user = await world.agent('user')
  const [mine, theirs] = await Promise.all([
    setUp(world, user),
    startMiner(world, miner, { size: 64n * MIB }),
  ])
  wallets = { user: mine.wallet, miner: theirs.wallet }
  ;({ sectorPath, billId } = theirs)
  await user.start()
  source = makeTree(join(world.folder, 'my files'), 'evil', 2_500_000)
  sourceId = await addSource(user, source, 'mine')
  ;({ orderId } = await placeOrder(user, sourceId, { capacityMib: 8n }))
  await backUp(user, sourceId)
  const { url, market } = world.devnet
  reader = createMarketReader(openRpcClient({ urls: [url], chainId: 31337 }), market)
})

const json = (body: Buffer) => JSON.parse(body.toString()) as Record<string, unknown>
const changed = (body: Buffer, fields: Record<string, unknown>) =>
  Buffer.from(JSON.stringify({ ...json(body), ...fields }))
const at = (name: string) => join(world.folder, name)
let restores = 0
const restore = () => ['restore', 'latest', '--source', 'mine', '--to', at(`restore ${restores++}`)]
/** Nothing of what the miner said was believed: no file of the snapshot is there. */
const nothingRestored = () => {
  const to = at(`restore ${restores - 1}`)
  const names = existsSync(to) ? readdirSync(to, { recursive: true, withFileTypes: true }) : []
  expect(names.filter((entry) => entry.isFile() && !entry.name.startsWith('.dmc-restore'))).toEqual([])
}

describe('a miner that breaks the rules', () => {
  it.each<[string, string, Lie, (string | RegExp)[]]>([
    [
      'speaks another version of the protocol',
      'PEER_PROTOCOL',
      (path, body) => (path === '/v1/info' ? changed(body, { protocol: 9 }) : null),
      [/version 9/, '127.0.0.1'],
    ],
    [
      'works for another Market',
      'PEER_WRONG_MARKET',
      (path, body) => (path === '/v1/info' ? changed(body, { market: `0x${'22'.repeat(20)}` }) : null),
      [`0x${'22'.repeat(20)}`, '31337'],
    ],
    [
      'works on another chain',
      'PEER_WRONG_MARKET',
      (path, body) => (path === '/v1/info' ? changed(body, { chainId: 1 }) : null),
      ['on chain 1,'],
    ],
    [
      'answers with a web page',
      'PEER_PROTOCOL',
      (path) => (path === '/v1/info' ? Buffer.from('<html>It works!</html>') : null),
      ['127.0.0.1', '/v1/info'],
    ],
    [
      'answers without end',
      'PEER_PROTOCOL',
      (path) => (path === '/v1/info' ? Buffer.alloc(2 << 20, 'x') : null),
      ['127.0.0.1'],
    ],
  ])('%s: %s, and nothing is restored', async (_, code, next, values) => {
    lie = next
    try {
      await mustFail(user, restore(), code, values)
      nothingRestored()
    } finally {
      lie = () => null
    }
  })

  it('signs with a key that is not the miner’s, or not at all: nothing is sent to it', async () => {
    const stranger = privateKeyToAccount(generatePrivateKey()).address
    writeFileSync(join(source, 'later.txt'), 'later\n')
    let asked: string[] = []
    for (const fields of [{ signer: stranger }, { signature: `0x${'11'.repeat(65)}` }]) {
      asked = []
      lie = (path, body) => {
        asked.push(path)
        return path.endsWith('/hello') && 'minerNonce' in json(body) ? changed(body, fields) : null
      }
      await mustFail(user, ['backup', 'mine'], 'PEER_NOT_AUTHORISED', ['127.0.0.1'])
      expect(asked.filter((path) => /leaves|append|seal/.test(path))).toEqual([])
    }
    lie = () => null
  })

  it('gives wrong bytes for the header leaf: caught by its path, nothing is restored', async () => {
    lie = (path, body) => {
      if (!path.endsWith('/header')) return null
      const wrong = Buffer.from(body)
      const place = wrong.indexOf('"leaf":"') + 20
      wrong[place] = wrong[place] === 0x30 ? 0x31 : 0x30
      return wrong
    }
    const result = await user.cli([...restore(), '--json'])
    lie = () => null
    expect(result.exitCode).toBe(4)
    expect(result.stdout).toMatch(/PROOF_INVALID/)
    nothingRestored()
  })

  it('gives wrong data: not one wrong byte is written, exit code 4', async () => {
    let lied = 0
    lie = (path, body) => {
      if (!path.includes('/data?') || body.length < 4096) return null
      lied++
      const wrong = Buffer.from(body)
      wrong[wrong.length - 2000] = (wrong[wrong.length - 2000] ?? 0) ^ 1
      return wrong
    }
    const result = await user.cli([...restore(), '--json'])
    lie = () => null
    expect(lied).toBeGreaterThan(0)
    expect(result.exitCode).toBe(4)
    expect(result.stdout).toMatch(/PROOF_INVALID/)
    nothingRestored()
  })

  it('acknowledges other bytes than it was sent: the commitment stays, and the honest miner gets them', async () => {
    const before = (await orderOf(world.devnet, orderId)).commitment
    writeFileSync(join(source, 'much.raw'), noise('much', 2 << 20))
    lie = (path, body) => {
      if (!path.includes('/leaves/')) return null
      const { chunks } = json(body) as { chunks: [number, string][] }
      return changed(body, { chunks: chunks.map(([index]) => [index, `0x${'33'.repeat(32)}`]) })
    }
    await mustFail(user, ['backup', 'mine'], 'CHUNK_ROOT_MISMATCH', [/chunk \d/i])
    expect((await orderOf(world.devnet, orderId)).commitment).toEqual(before)
    lie = () => null
    await user.json(['backup', 'mine'])
    await mustRestoreEqual(user, 'latest', source, at('after the lie'), sourceId)
  })
})

describe('a user that breaks the rules', () => {
  const connect = (signer: PrivateKeyAccount) =>
    connectMiner({
      endpoint: `http://127.0.0.1:${minerPort}`,
      reader,
      orderId,
      role: 'user',
      signer,
      allowPrivate: true,
      patienceMs: 0,
      signal,
    })
  const code = (expected: string) => expect.objectContaining({ code: expected })

  it('is nobody to this order', async () => {
    await expect(connect(privateKeyToAccount(generatePrivateKey()))).rejects.toEqual(
      code('PEER_NOT_AUTHORISED'),
    )
    await expect(connect(wallets.miner)).rejects.toEqual(code('PEER_NOT_AUTHORISED'))
  })

  it('says what is no request, or one that is too large: told so, connection closed, the miner lives', async () => {
    const ask = async (text: string) => {
      const raw = await rawSocket(minerPort)
      raw.send(text)
      return (await raw.closed).text
    }
    const leaves = (length: number) =>
      `PUT /v1/orders/${orderId}/leaves/0 HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${length}\r\n\r\n`
    expect(await ask('\x16\x03\x01 no HTTP\r\n\r\n')).toContain('REQUEST_INVALID')
    expect(await ask('GET /v2/info HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).toContain(
      'REQUEST_INVALID',
    )
    expect(await ask(`GET /v1/info HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(9000)}\r\n\r\n`)).toContain(
      'REQUEST_TOO_LARGE',
    )
    expect(await ask(leaves(1024))).toContain('TOKEN_INVALID')
    const hello = `POST /v1/orders/${orderId}/hello HTTP/1.1\r\nhost: x\r\nconnection: close\r\n`
    expect(await ask(`${hello}content-length: ${10 ** 12}\r\n\r\n`)).toContain('REQUEST_TOO_LARGE')
    const finish = JSON.stringify({
      role: 'user',
      signer: wallets.user.address,
      userNonce: `0x${randomBytes(32).toString('hex')}`,
      minerNonce: `0x${randomBytes(32).toString('hex')}`,
      expiresAt: '1800000000',
      signature: `0x${'11'.repeat(65)}`,
    })
    expect(await ask(`${hello}content-length: ${finish.length}\r\n\r\n${finish}`)).toMatch(
      /HELLO_REPLAYED|REQUEST_INVALID/,
    )
    expect(miner.running).toBe(true)
  })

  it('writes below what is agreed, past the capacity, over another base, and seals what it did not send: refused; the order is as it was', async () => {
    const file = join(sectorPath, 'orders', `${orderId}.data`)
    const before = readFileSync(file)
    const { commitment } = await orderOf(world.devnet, orderId)
    if (!commitment) throw new Error('the order is not active')
    const client = await connect(wallets.user)
    const session = randomBytes(16).toString('hex')
    const leaf = randomBytes(1024)
    await expect(client.append(session, null)).rejects.toEqual(code('SESSION_BASE_MISMATCH'))
    await expect(client.putLeaves(session, 0, leaf)).rejects.toEqual(code('SESSION_UNKNOWN'))
    await client.append(session, commitment)
    const own = Number(commitment.size) / 1024
    await expect(client.putLeaves(session, own - 1, leaf)).rejects.toEqual(code('LEAVES_OUT_OF_RANGE'))
    await expect(client.putLeaves(session, 8 * 1024, leaf)).rejects.toEqual(
      code(expect.stringMatching(/^(CAPACITY_EXCEEDED|LEAVES_OUT_OF_RANGE)$/) as never),
    )
    await client.putLeaves(session, own, leaf)
    const wrong = commitmentOf(Buffer.concat([before.subarray(0, own * 1024), randomBytes(1024)]), 8)
    await expect(client.seal(session, wrong)).rejects.toEqual(code('COMMITMENT_MISMATCH'))
    await client.close()
    expect(
      readFileSync(file)
        .subarray(0, own * 1024)
        .equals(before.subarray(0, own * 1024)),
    ).toBe(true)
    expect((await orderOf(world.devnet, orderId)).commitment).toEqual(commitment)
    await mustRestoreEqual(user, 'latest', source, at('after the user'), sourceId)
    // the order's own agent goes on: its session fences the other
    writeFileSync(join(source, 'last.txt'), 'last\n')
    await backUp(user, sourceId)
    await mustRestoreEqual(user, 'latest', source, at('after all'), sourceId)
  })
})

describe('an endpoint that is none', () => {
  it.each([
    ['file:///etc/passwd', 'is not https://host:port'],
    ['http://10.0.0.1:4450', '127.0.0.1'],
    ['https://backup.example:0', 'port 0'],
    ['https://backup.example:70000', 'port 70000'],
    ['https://127.0.0.1:22', 'port 22'],
    ['https://user:word@backup.example:4450', 'is not https://host:port'],
  ])('%s is not put on chain', async (url, words) => {
    const { operator } = await call(miner, 'wallet.show', {})
    const before = await nonceOf(world.devnet, operator.address)
    const said = await mustFail(miner, ['endpoint', 'set', url, '--yes'], 'ENDPOINT_INVALID', [words])
    expect(said.hint).toContain('https://host:port')
    expect(await nonceOf(world.devnet, operator.address)).toBe(before)
  })

  it('on chain by other means, it is not dialled: private, mapped, link-local, and what is no address at all', async () => {
    const { client, url, market } = world.devnet
    let dialled = 0
    const lure = createTcpServer((socket) => {
      dialled++
      socket.destroy()
    })
    await new Promise<void>((resolve) => lure.listen(0, '127.0.0.1', resolve))
    const { port } = lure.address() as AddressInfo
    const signer = createWalletClient({ chain: client.chain, transport: http(url), account: wallets.miner })
    await user.stop()
    const how = { env: { DMC_ALLOW_PRIVATE_ENDPOINTS: 'false' } }
    const spki = `#spki=${'A'.repeat(43)}`
    for (const [endpoint, code, shown] of [
      [`https://127.0.0.1:${port}${spki}`, 'ENDPOINT_REFUSED', '127.0.0.1'],
      [`https://localhost:${port}${spki}`, 'ENDPOINT_REFUSED', 'localhost'],
      [`https://[::ffff:127.0.0.1]:${port}${spki}`, 'ENDPOINT_REFUSED', /::ffff/],
      [`https://169.254.169.254:4450${spki}`, 'ENDPOINT_REFUSED', '169.254.169.254'],
      [`https://[fd00::1]:4450${spki}`, 'ENDPOINT_REFUSED', 'fd00::1'],
      [`http://127.0.0.1:22`, 'ENDPOINT_INVALID', '22'],
      ['file:///etc/passwd', 'ENDPOINT_INVALID', 'file:///etc/passwd'],
      [`https://backup.example:4450`, 'ENDPOINT_INVALID', 'backup.example'],
    ] as const) {
      const set = { address: market, abi: marketAbi, functionName: 'setEndpoint', args: [billId, endpoint] }
      const hash = await signer.writeContract(set as never)
      await client.waitForTransactionReceipt({ hash, confirmations: 2 })
      await mustFail(user, restore(), code, [shown], how)
      nothingRestored()
    }
    lure.close()
    expect(dialled).toBe(0)
  }, 240_000)
})
