import { createHmac } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { marketAbi } from '@dmc/core/chain/generated/market-abi'
import type { Commitment } from '@dmc/core/chain/types'
import { phraseToEntropy } from '@dmc/core/keys/phrase'
import { deriveReaderKey } from '@dmc/core/log/derive-keys'
import { decodeHeader, unlockHeader } from '@dmc/core/log/header-leaf'
import { nodeLogCrypto as crypto } from '@dmc/core/log/node-log-crypto'
import { ChunkTree } from '@dmc/core/merkle/chunk-tree'
import { treeDepth } from '@dmc/core/merkle/constants'
import { hashChunks } from '@dmc/core/merkle/hash-chunks'
import { leafPath } from '@dmc/core/merkle/leaf-path'
import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import { verifyLeaf } from '@dmc/core/merkle/verify-leaf'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import { bytesToHex, createWalletClient, type Hex, http } from 'viem'
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { beforeAll, describe, expect, it } from 'vitest'
import { createMarketReader } from '../../src/chain/market-reader.ts'
import { openRpcClient } from '../../src/chain/rpc-client.ts'
import { fetchOrderHeader } from '../../src/contract/wire/fetch-header.ts'
import { connectMiner, type MinerClient } from '../../src/contract/wire/miner-client.ts'
import { marketEvents, moneyOf, orderOf, statementsOf } from './support/chain.ts'
import { makeTree } from './support/make-tree.ts'
import { addSource, backUp, MIB, mustRestoreEqual, offer, setUp } from './support/steps.ts'
import { call, journalOf, until, useWorld } from './support/world.ts'

/** One story from an empty disk to a challenge on chain; each test goes on where the one before it ended. */
const world = useWorld()
const hasher = createNodeHasher()
const SECTOR_MIB = 64n
const CAPACITY_MIB = 6n
const TOKEN = 10n ** 18n

let miner: AgentProcess
let user: AgentProcess
let minerWallet: PrivateKeyAccount
let userWallet: PrivateKeyAccount
let phraseFile: string
let sectorPath: string
let source: string
let sectorId: string
let sourceId: string
let billId: bigint
let orderId: bigint
let commitment: Commitment

beforeAll(async () => {
  await world.start()
  miner = await world.agent('miner')
  user = await world.agent('user')
  const [mine, theirs] = await Promise.all([setUp(world, user), setUp(world, miner)])
  ;({ wallet: userWallet, phraseFile } = mine)
  minerWallet = theirs.wallet
  await Promise.all([miner.start(), user.start()])
  sectorPath = join(world.folder, 'disk', 'sector')
  source = makeTree(join(world.folder, 'my files'), 'story', 3 << 20)
})

/** What lies on the miner's disk for the order. */
const dataFile = () => join(sectorPath, 'orders', `${orderId}.data`)
const onDisk = () => readFileSync(dataFile()).subarray(0, Number(commitment.size))

/** Everything a stranger needs to read: the chain, the phrase. */
async function asReader<T>(work: (client: MinerClient) => Promise<T>): Promise<T> {
  const { url, market, anvil } = world.devnet
  const reader = createMarketReader(openRpcClient({ urls: [url], chainId: anvil.chainId }), market)
  const { signal } = new AbortController()
  const { leaf } = await fetchOrderHeader({ reader, orderId, allowPrivate: true, signal })
  const { sourceKey } = unlockHeader(crypto, phraseToEntropy(readFileSync(phraseFile, 'utf8')), leaf)
  const signer = privateKeyToAccount(deriveReaderKey(crypto, sourceKey))
  const client = await connectMiner({
    endpoint: null,
    reader,
    orderId,
    role: 'reader',
    signer,
    allowPrivate: true,
    signal,
    patienceMs: 30_000,
  })
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}

describe('one order, from disk to challenge', () => {
  it('flow 0: the miner offers a path of its own; a path that is not there is not made', async () => {
    const missing = join(world.folder, 'not mounted', 'sector')
    await expect(call(miner, 'sector.add', { path: missing, size: SECTOR_MIB * MIB })).rejects.toMatchObject({
      code: 'SECTOR_PATH_REFUSED',
    })
    expect(existsSync(join(world.folder, 'not mounted'))).toBe(false)
  })

  it('flow 1: the sector service gives a sector id, and marks the folder', async () => {
    const cheap = await offer(miner, sectorPath, { size: SECTOR_MIB * MIB, price: TOKEN / 2n, pledgeRate: 4 })
    ;({ sectorId, billId } = cheap)
    const { sectors } = await call(miner, 'sector.list', {})
    expect(sectors).toMatchObject([
      { sectorId, path: sectorPath, size: Number(SECTOR_MIB * MIB), mounted: true },
    ])
    expect(JSON.parse(readFileSync(join(sectorPath, 'dmc-sector.json'), 'utf8'))).toMatchObject({
      id: sectorId,
    })
  })

  it('flow 2: the account service links sector and bill', async () => {
    const { bills } = await call(miner, 'bill.list', {})
    expect(bills).toMatchObject([{ billId, sectorId, own: true, state: 'open', capacity: SECTOR_MIB }])
  })

  it('flow 3: the bill is on chain as signed, with endpoint, pledge and the right of this host to act', async () => {
    const [created] = await marketEvents(world.devnet, 'BillCreated')
    expect(created?.args).toMatchObject({
      billId,
      miner: minerWallet.address,
      capacity: SECTOR_MIB,
      price: TOKEN / 2n,
    })
    const { bills } = await call(miner, 'bill.list', {})
    const status = await call(miner, 'status.get', {})
    expect(bills[0]?.endpoint).toBe(status.endpoint.published)
    expect(bills[0]?.endpoint).toMatch(/^https:\/\/127\.0\.0\.1:\d+#spki=[\w-]{43}$/)
    expect(status.wallet?.operator.scopes).toEqual(['PREPARE', 'REFUSE', 'ENDPOINT'])
    // pledge = price x capacity / 1,024 x rate, locked when the bill is made
    const pledge = ((TOKEN / 2n) * SECTOR_MIB * 4n) / 1024n
    expect((await moneyOf(world.devnet, minerWallet.address)).token).toBe(100_000n * TOKEN - pledge)
  })

  it('flow 4: the user has files, and nothing of them is touched', () => {
    expect(statSync(join(source, 'photos/a.raw')).size).toBe((3 << 20) / 2)
  })

  it('flow 5: the source service gives a source id; the same path again is the same source', async () => {
    sourceId = await addSource(user, source, 'story')
    expect(await addSource(user, source, 'another name')).toBe(sourceId)
    const { sources } = await call(user, 'source.list', {})
    expect(sources).toMatchObject([{ sourceId, name: 'story', path: source, orders: [], snapshots: 0 }])
  })

  it('flow 6: order terms are registered with the source, and shown with it', async () => {
    const terms = { weeks: 8, maxPrice: TOKEN, minPledgeRate: 3, maxBond: 2n * TOKEN, challenges: 1 }
    await call(user, 'source.add', { path: source, terms: { ...terms, capacity: CAPACITY_MIB * MIB } })
    const { sources } = await call(user, 'source.list', {})
    expect(sources[0]?.terms).toMatchObject(terms)
  })

  it('flow 7: of all bills the cheapest that fits the filter is taken, in one signature, to the last wei', async () => {
    // cheaper but pledges too little; dearer than the cap
    await offer(miner, join(world.folder, 'disk', 'weak'), {
      size: 8n * MIB,
      price: TOKEN / 4n,
      pledgeRate: 1,
    })
    await offer(miner, join(world.folder, 'disk', 'dear'), {
      size: 8n * MIB,
      price: 3n * TOKEN,
      pledgeRate: 9,
    })
    const before = await moneyOf(world.devnet, userWallet.address)
    const { plan, bill, terms } = await call(user, 'order.preview', { source: sourceId })
    expect(bill.billId).toBe(billId)
    expect(plan.problems).toEqual([])
    const cost = ((TOKEN / 2n) * CAPACITY_MIB * 8n) / 1024n
    expect(plan).toMatchObject({ cost, reserve: TOKEN })
    const ordered = await call(user, 'order.create', { source: sourceId, billId, terms, maxCost: cost })
    ;({ orderId } = ordered)
    expect(ordered.hashes).toHaveLength(1)
    const order = await orderOf(world.devnet, orderId)
    expect(order).toMatchObject({
      billId,
      state: 'preparing',
      capacity: CAPACITY_MIB,
      weeks: 8,
      escrow: cost,
    })
    const after = await moneyOf(world.devnet, userWallet.address)
    expect(before.token - after.token).toBe(cost + TOKEN)
  })

  it('flow 8: the order reaches the miner, which reserves its whole capacity', async () => {
    await until('the order to be accepted', async () =>
      (await journalOf(miner)).some(
        ({ event, subject }) => event === 'order-accepted' && subject === `order:${orderId}`,
      ),
    )
    const { size, blocks } = statSync(dataFile())
    expect(size).toBe(Number(CAPACITY_MIB * MIB))
    expect(blocks * 512).toBeGreaterThanOrEqual(size)
    const { sectors } = await call(miner, 'sector.list', {})
    expect(sectors.find((sector) => sector.sectorId === sectorId)).toMatchObject({
      reserved: size,
      orders: 1,
    })
  })

  it('flow 9: the data is written to the sector', async () => {
    const result = await backUp(user, sourceId)
    commitment = result.commitment
    expect(result).toMatchObject({ orderId, unchanged: false, missing: [] })
    expect(result.snapshot.bytes).toBeGreaterThan(3 << 20)
    // sealed: nothing of what the user has is readable on the miner's disk
    expect(onDisk().includes(readFileSync(join(source, 'docs/letter.txt')).subarray(0, 64))).toBe(false)
    expect(onDisk().includes('letter.txt')).toBe(false)
  })

  it('flow 10: equal statements of both sides, each made once, have made the order active', async () => {
    const order = await orderOf(world.devnet, orderId)
    expect(order.state).toBe('active')
    expect(order.commitment).toEqual(commitment)
    expect(order.endsAt - order.start).toBe(8n * 604_800n)
    const stated = await statementsOf(world.devnet, orderId)
    expect(stated.map(({ side, root, size }) => ({ side, root, size })).sort(bySide)).toEqual([
      { side: 'miner', ...commitment },
      { side: 'user', ...commitment },
    ])
    // signed by the hosts' own keys, never by the wallets
    for (const { signer } of stated) expect([userWallet.address, minerWallet.address]).not.toContain(signer)
  })

  it('flow 11: the agents talk directly: hello, status, header, proven data, challenges off chain', async () => {
    await asReader(async (client) => {
      // the user may have seen the agreement a moment before the miner
      const asAgreed = expect.objectContaining({ state: 'active', commitment })
      await expect.poll(() => client.status(), { timeout: 10_000 }).toEqual(asAgreed)
      const { leaf } = await client.header()
      expect(leaf.equals(onDisk().subarray(0, 1024))).toBe(true)
      expect(
        (await client.data(1024 * 700, 4096, commitment)).equals(onDisk().subarray(1024 * 700, 1024 * 704)),
      ).toBe(true)
      const last = commitment.size / 1024n - 1n
      const answers = await client.challenge([0n, 1500n, last], commitment)
      expect(answers.map(({ index }) => index)).toEqual([0n, 1500n, last])
      const key = new Uint8Array(32).fill(9)
      const probe = { offset: 1024n, length: 2n << 20n, key }
      const expected = createHmac('sha256', key)
        .update(onDisk().subarray(1024, 1024 + (2 << 20)))
        .digest()
      expect(Buffer.from(await client.probe(probe, commitment)).equals(expected)).toBe(true)
    })
    const [snapshot] = (await call(user, 'snapshot.list', {})).snapshots
    await mustRestoreEqual(user, snapshot?.snapshotId ?? '', source, join(world.folder, 'restored'))
  })

  it('flow 12: the commitment that the source service made is the one on chain and on the miner’s disk', async () => {
    const depth = treeDepth(CAPACITY_MIB)
    const tree = new ChunkTree({ hasher, depth, chunkRoots: hashChunks(hasher, onDisk()) })
    expect(tree.commitment(commitment.size)).toEqual(commitment)
    expect((await orderOf(world.devnet, orderId)).commitment).toEqual(commitment)
  })

  it('flow 13: the log begins with the header that belongs to this phrase, and ends with a footer leaf', async () => {
    const header = decodeHeader(onDisk().subarray(0, 1024))
    expect(header).toMatchObject({ number: 0, keyEpoch: 0, maxSize: Number(CAPACITY_MIB * MIB) })
    const master = phraseToEntropy(readFileSync(phraseFile, 'utf8'))
    expect(() => unlockHeader(crypto, master, onDisk().subarray(0, 1024))).not.toThrow()
    expect(() => unlockHeader(crypto, new Uint8Array(32).fill(1), onDisk().subarray(0, 1024))).toThrow(
      expect.objectContaining({ code: 'PHRASE_WRONG' }),
    )
    // generation 1, in clear at the front of the footer
    expect(onDisk().readBigUInt64BE(Number(commitment.size) - 1024)).toBe(1n)
  })

  it('flow 14: a challenge on chain is answered with a path made from the miner’s own disk, and only with the right one', async () => {
    const { client, market, url } = world.devnet
    const chain = client.chain
    const wallet = createWalletClient({ chain, transport: http(url), account: userWallet })
    const send = async (functionName: 'challenge' | 'answer', args: unknown[]) => {
      const { request } = await client.simulateContract({
        address: market,
        abi: marketAbi,
        functionName,
        args,
        account: userWallet,
      } as never)
      const hash = await wallet.writeContract(request as never)
      expect((await client.waitForTransactionReceipt({ hash })).status).toBe('success')
    }
    const leafIndex = commitment.size / 1024n - 3n
    // its agent would answer by itself, now and then before the wrong answers here
    await miner.stop()
    await send('challenge', [orderId, leafIndex])
    expect((await orderOf(world.devnet, orderId)).challenge).toMatchObject({ leafIndex, bond: TOKEN })
    const depth = treeDepth(CAPACITY_MIB)
    const chunk = Math.floor(Number(leafIndex) / 1024)
    const chunkData = onDisk().subarray(chunk << 20, (chunk + 1) << 20)
    const tree = new ChunkTree({ hasher, depth, chunkRoots: hashChunks(hasher, onDisk()) })
    const leaf = onDisk().subarray(Number(leafIndex) * 1024, Number(leafIndex + 1n) * 1024)
    const path = leafPath({ hasher, tree, chunkData, leafIndex, size: commitment.size, depth })
    verifyLeaf({ hasher, ...commitment, depth, index: leafIndex, leaf, path })
    const hex = (nodes: readonly Uint8Array[]): Hex[] => nodes.map((node) => bytesToHex(node))
    const wrong = Buffer.from(leaf)
    wrong[512] = (wrong[512] ?? 0) ^ 1
    await expect(send('answer', [orderId, bytesToHex(wrong), hex(path)])).rejects.toThrow('InvalidProof')
    await expect(send('answer', [orderId, bytesToHex(leaf), hex(path.slice(1))])).rejects.toThrow(
      'PathLength',
    )
    await send('answer', [orderId, bytesToHex(leaf), hex(path)])
    expect((await marketEvents(world.devnet, 'ChallengeAnswered')).map(({ args }) => args)).toMatchObject([
      { orderId, leafIndex, bond: TOKEN },
    ])
    const order = await orderOf(world.devnet, orderId)
    expect(order).toMatchObject({ state: 'active', challenge: null, reserve: 0n })
    expect((await moneyOf(world.devnet, minerWallet.address)).credit).toBe(TOKEN)
    await miner.start()
  })

  it('flow 15: both sides know what the order is about: which source, which miner, which sector', async () => {
    const mine = await call(user, 'order.show', { orderId })
    expect(mine.order).toMatchObject({
      role: 'user',
      sourceId,
      miner: minerWallet.address,
      contractState: 'active',
    })
    const theirs = await until('the miner to note the agreement', async () => {
      const shown = await call(miner, 'order.show', { orderId })
      return shown.order.contractState === 'active' && shown
    })
    expect(theirs.order).toMatchObject({ role: 'miner', sectorId, user: userWallet.address, sourceId: null })
  })
})

const bySide = (a: { side: string }, b: { side: string }) => a.side.localeCompare(b.side)
