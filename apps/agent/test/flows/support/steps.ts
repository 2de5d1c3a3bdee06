import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { expect } from 'vitest'
import type { BackupEvent, BackupResult } from '../../../src/control/types.ts'
import { compareTrees } from '../../../src/source/compare-trees.ts'
import { call, until, type World } from './world.ts'

export const MIB = 1n << 20n
const TOKEN = 10n ** 18n

export interface OfferWish {
  /** Bytes. */
  size: bigint
  price?: bigint
  pledgeRate?: number
}

/** flows 0 to 3 of a running miner, over its socket. Orders take whole MiB. */
export async function offer(
  miner: AgentProcess,
  sectorPath: string,
  { size, price = TOKEN / 2n, pledgeRate = 4 }: OfferWish,
): Promise<{ sectorId: string; billId: bigint }> {
  mkdirSync(dirname(sectorPath), { recursive: true })
  const { sectorId } = await call(miner, 'sector.add', { path: sectorPath, size })
  const { done } = await call(miner, 'bill.create', {
    mode: 'execute',
    sectorId,
    capacity: 0n,
    step: 1n,
    price,
    pledgeRate,
    minWeeks: 1,
    maxWeeks: 52,
    bond: TOKEN,
    openWeeks: 52,
  })
  if (!done) throw new Error('no bill was created')
  return { sectorId, billId: done.billId }
}

/** flow 5 */
export const addSource = async (user: AgentProcess, path: string, name: string): Promise<string> =>
  (await call(user, 'source.add', { path, name })).sourceId

export interface OrderTermsWish {
  capacityMib: bigint
  weeks?: number
  challenges?: number
}

/** flows 6 and 7: what a person confirmed, then the order. */
export async function placeOrder(
  user: AgentProcess,
  source: string,
  { capacityMib, weeks = 4, challenges = 0 }: OrderTermsWish,
): Promise<{ orderId: bigint; cost: bigint; reserve: bigint }> {
  const asked = { weeks, challenges, capacity: capacityMib * MIB }
  const { plan, bill, terms } = await call(user, 'order.preview', { source, terms: asked })
  const { cost = 0n, reserve = 0n } = plan
  const { orderId } = await call(user, 'order.create', {
    source,
    billId: bill.billId,
    miner: bill.miner,
    terms,
    maxCost: cost,
  })
  return { orderId, cost, reserve }
}

/** After a bill was published a moment ago: until the user's host has heard of one with so much room, too. */
export async function untilRoom(user: AgentProcess, source: string, capacityMib: bigint): Promise<void> {
  const terms = { weeks: 4, challenges: 0, capacity: capacityMib * MIB }
  await until(`a bill with room for ${capacityMib} MiB`, () => call(user, 'order.preview', { source, terms }))
}

export const backUp = (
  user: AgentProcess,
  source: string,
  onEvent?: (event: BackupEvent) => void,
): Promise<BackupResult> => call(user, 'backup.start', { source }, onEvent)

/** Restores a snapshot into a new folder and compares every byte, mode, time and link with the source. */
export async function mustRestoreEqual(
  user: AgentProcess,
  snapshot: string,
  original: string,
  target: string,
  source?: string,
): Promise<void> {
  const result = await call(user, 'restore.start', {
    snapshot,
    ...(source === undefined ? {} : { source }),
    to: target,
    paths: [],
    overwrite: 'never',
    intoExisting: false,
    verifyOnly: false,
  })
  expect(result.failed).toEqual([])
  const { differences, files } = await compareTrees(original, target)
  expect(differences).toEqual([])
  expect(files).toBeGreaterThan(0)
}

/** Keystore, phrase file, a wallet with a key that the test knows, coin and tokens; what a person does first. */
export async function setUp(
  world: World,
  agent: AgentProcess,
  options: { funded?: boolean } = {},
): Promise<{ wallet: PrivateKeyAccount; phraseFile: string; keyFile: string }> {
  const folder = dirname(agent.passwordFile)
  const phraseFile = join(folder, 'phrase')
  const keyFile = join(folder, 'key')
  const key = generatePrivateKey()
  writeFileSync(keyFile, key, { mode: 0o600 })
  await agent.json(['init', '--yes', '--phrase-file', phraseFile])
  await agent.json(['wallet', 'import', keyFile])
  const wallet = privateKeyToAccount(key)
  if (options.funded !== false) await world.devnet.fund(wallet.address)
  return { wallet, phraseFile, keyFile }
}

/** A miner that serves, with one bill over a sector of `size` bytes. */
export async function startMiner(
  world: World,
  miner: AgentProcess,
  wish: OfferWish,
): Promise<{ sectorId: string; billId: bigint; sectorPath: string; wallet: PrivateKeyAccount }> {
  const { wallet } = await setUp(world, miner)
  await miner.start()
  const sectorPath = join(world.folder, `${miner.name}-disk`, 'sector')
  return { ...(await offer(miner, sectorPath, wish)), sectorPath, wallet }
}
