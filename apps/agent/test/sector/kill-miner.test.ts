import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterEach, expect, it } from 'vitest'
import { deliver } from '../../src/contract/wire/deliver.ts'
import { connectMiner } from '../../src/contract/wire/miner-client.ts'
import { createMemoryMarket, newAccount } from '../support/memory-market.ts'
import { createMemoryRun } from '../support/memory-run.ts'
import { NODE } from '../support/node-command.ts'
import { openSectors } from '../support/open-sectors.ts'
import { useTempFolders } from '../support/temp-folder.ts'
import { seededBytes, seededRandom } from '../support/volume-bytes.ts'

const MIB = 1024 * 1024
const LEAF = 1024
const KILLS = process.env.DMC_TEST_LONG === '1' ? 200 : 20
const CAPACITY = 16
const ORDER = 1n
const tempFolder = useTempFolders()
const children = new Set<ChildProcess>()

afterEach(async () => {
  for (const child of children) await kill(child)
})

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  children.delete(child)
}

async function start(
  folder: string,
  port: number,
  order: object,
): Promise<{ child: ChildProcess; port: number; ms: number }> {
  const script = fileURLToPath(new URL('../support/miner-process.ts', import.meta.url))
  const [program, ...flags] = NODE
  const child = spawn(program, [...flags, script, folder, String(port), JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.add(child)
  let text = ''
  for await (const part of child.stdout ?? []) {
    text += part
    const ready = /^ready (\d+) (\d+)$/m.exec(text)
    if (ready) return { child, port: Number(ready[1]), ms: Number(ready[2]) }
  }
  throw new Error(`the miner did not start: ${text}`)
}

/** Leaves that the sector's journal says are durable. */
function durableLeaves(folder: string, session: string): Set<number> {
  const db = new DatabaseSync(join(folder, 'sector', 'sector.db'))
  const row = db.prepare('SELECT session, ranges FROM order_data').get()
  db.close()
  expect(row?.session).toBe(session)
  const held = new Set<number>()
  for (const [first, end] of JSON.parse(String(row?.ranges)) as [number, number][]) {
    for (let leaf = first; leaf < end; leaf++) held.add(leaf)
  }
  return held
}

function contiguous(leaves: Set<number>): number {
  let count = 0
  while (leaves.has(count)) count++
  return count
}

/**
 * X1: a miner killed at random moments while it receives. Everything that was acknowledged is there afterwards, byte by
 * byte; the delivery completes by itself; what was never acknowledged is not counted.
 */
it(`loses nothing that it acknowledged in ${KILLS} kills (flow 9)`, async () => {
  const folder = join(await tempFolder(), 'miner')
  const key = generatePrivateKey()
  const miner = privateKeyToAccount(key)
  const user = newAccount()
  const market = createMemoryMarket()
  market.addOrder({ orderId: ORDER, capacity: BigInt(CAPACITY), user: user.address, miner: miner.address })
  let total = 0
  const order = { key, user: user.address, orderId: ORDER.toString(), capacity: CAPACITY }
  const random = seededRandom(7)
  let { child, port } = await start(folder, 0, order)
  market.endpoints.set(1n, `http://127.0.0.1:${port}`)
  const never = new AbortController().signal
  const connect = () =>
    connectMiner({
      endpoint: null,
      reader: market,
      orderId: ORDER,
      role: 'user',
      signer: user,
      allowPrivate: true,
      signal: never,
    })
  let client = await connect()
  for (let round = 0; round < KILLS; round++) {
    // a session of its own, with other bytes than any before: what is found on disk is of this round
    const log = seededBytes(CAPACITY * MIB, 100 + round)
    const session = randomBytes(16).toString('hex')
    await client.append(session, null)
    const acknowledged = new Set<number>()
    const sender = async () => {
      // pieces of odd sizes at odd places, several at once, until the kill
      for (;;) {
        const first = Math.floor(random() * (log.length / LEAF))
        const end = Math.min(log.length / LEAF, first + 1 + Math.floor(random() * 1500))
        await client.putLeaves(session, first, log.subarray(first * LEAF, end * LEAF))
        for (let leaf = first; leaf < end; leaf++) acknowledged.add(leaf)
      }
    }
    const senders = [sender(), sender(), sender()].map((work) =>
      expect(work).rejects.toMatchObject({ code: 'INTERRUPTED' }),
    )
    // every other time only once something is acknowledged, however slow the machine is
    while (round % 2 === 1 && acknowledged.size === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await new Promise((resolve) => setTimeout(resolve, 5 + random() * 400))
    await kill(child)
    await client.close()
    await Promise.all(senders)

    // what the disk says, without any of our own code but SQLite
    const held = durableLeaves(folder, session)
    for (const leaf of acknowledged) if (!held.has(leaf)) expect.fail(`round ${round}: leaf ${leaf} is lost`)
    const disk = await readFile(join(folder, 'sector', 'orders', `${ORDER}.data`))
    for (const leaf of held) {
      const at = leaf * LEAF
      if (!disk.subarray(at, at + LEAF).equals(log.subarray(at, at + LEAF))) {
        expect.fail(`round ${round}: leaf ${leaf} counts as durable and is different`)
      }
    }
    ;({ child } = await start(folder, port, order))
    client = await connect()
    expect((await client.append(session, null)).durableSize).toBe(contiguous(held) * LEAF)
    total += acknowledged.size
  }
  // the test has killed real work
  expect(total).toBeGreaterThan(KILLS / 2)

  const log = seededBytes(CAPACITY * MIB - 3 * LEAF, 1)
  const run = createMemoryRun(log, CAPACITY, null)
  await deliver({ client, run, signal: never })
  await client.close()
  await kill(child)
  const sectors = openSectors(folder)
  const store = await sectors.service.open(ORDER)
  expect(store?.sealed).toEqual(run.commitment)
  expect((await store?.read(0, log.length))?.equals(log)).toBe(true)
  expect(await store?.scrub()).toMatchObject({ orderId: ORDER, chunks: CAPACITY, damaged: [] })
  await sectors.close()
}, 600_000)
