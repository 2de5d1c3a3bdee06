import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { OPERATOR_SCOPES } from '@dmc/core/chain/types'
import { forceHasherTier } from '@dmc/core/merkle/hasher-tier'
import { quickAccount } from '../apps/agent/src/keys/quick-account.ts'
import { createMemoryMarket } from '../apps/agent/test/support/memory-market.ts'
import { commitmentOf } from '../apps/agent/test/support/memory-run.ts'
import { startMiner } from '../apps/agent/test/support/start-miner.ts'
import type { MinerWish } from './wire-processes.ts'

/**
 * The miner of `bench challenge` and `bench delivery`, a process of its own: orders of the sizes it is told, filled, sealed and in
 * force, and empty ones for uploads. Prints its port and commitments as JSON when it listens. Reads nothing; ends with its parent.
 */
const MIB = 1 << 20
const { folder, key, user, sizes, uploads, tier } = JSON.parse(process.argv[2] ?? '{}') as MinerWish
forceHasherTier(tier ?? null)
const miner = quickAccount(key)
const market = createMemoryMarket()
market.now = BigInt(Math.floor(Date.now() / 1000))
market.authorise(user, miner.address, OPERATOR_SCOPES.PREPARE)
const all = [...sizes, ...uploads]
const total = all.reduce((sum, size) => sum + size, 0)
const { sectors, server, sectorId } = await startMiner({
  folder: join(folder, 'miner'),
  market,
  signer: miner,
  tls: false,
  size: total + 64,
})
const commitments: { root: string; size: number }[] = []
for (const [i, size] of all.entries()) {
  const orderId = BigInt(i + 1)
  market.addOrder({ orderId, capacity: BigInt(size), user, miner: miner.address })
  const store = await sectors.reserve(orderId, sectorId, size * MIB)
  if (i >= sizes.length) continue
  const session = randomBytes(16).toString('hex')
  const data = Buffer.allocUnsafe(size * MIB)
  for (let at = 0; at < data.length; at += 64 * MIB) {
    randomBytes(Math.min(64 * MIB, data.length - at)).copy(data, at)
  }
  await store.openSession(session, null)
  for (let at = 0; at < data.length; at += 8 * MIB) {
    await store.write(session, at / 1024, data.subarray(at, Math.min(at + 8 * MIB, data.length)))
  }
  const commitment = commitmentOf(data, size)
  await store.seal(session, commitment)
  await store.committed(commitment)
  market.agree(orderId, commitment)
  commitments.push({ root: commitment.root, size: Number(commitment.size) })
}
process.stdout.write(`${JSON.stringify({ port: server.port, commitments })}\n`)
process.once('disconnect', () => process.exit(0))
process.stdin.resume()
process.stdin.once('end', () => process.exit(0))
