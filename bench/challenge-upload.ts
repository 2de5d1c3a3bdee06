import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { privateKeyToAccount } from 'viem/accounts'
import { connectMiner } from '../apps/agent/src/contract/wire/miner-client.ts'
import { createMemoryMarket } from '../apps/agent/test/support/memory-market.ts'
import { forceHasherTier } from '../packages/core/src/merkle/hasher-tier.ts'
import type { UploaderWish } from './wire-processes.ts'

/**
 * The user who uploads in `bench challenge` and `bench delivery`, a process of its own so that its hashing is in nobody's way.
 * For each line on stdin, the number of an empty order: sends `mib` MiB, has them sealed, and prints MiB/s.
 */
const MIB = 1 << 20
const { port, miner, user, mib, file, tier } = JSON.parse(process.argv[2] ?? '{}') as UploaderWish
forceHasherTier(tier ?? null)
// these choose their hasher when they are loaded
const { deliver } = await import('../apps/agent/src/contract/wire/deliver.ts')
const { createMemoryRun } = await import('../apps/agent/test/support/memory-run.ts')
const account = privateKeyToAccount(user)
const market = createMemoryMarket()
market.endpoints.set(1n, `http://127.0.0.1:${port}`)
const log = file === undefined ? randomBytes(mib * MIB) : readFileSync(file)
const { signal } = new AbortController()
process.stdout.write('0\n')
for await (const line of createInterface({ input: process.stdin })) {
  const orderId = BigInt(line)
  market.addOrder({ orderId, capacity: BigInt(mib), user: account.address, miner })
  const client = await connectMiner({
    endpoint: null,
    reader: market,
    orderId,
    role: 'user',
    signer: account,
    allowPrivate: true,
    signal,
  })
  const run = createMemoryRun(log, mib, null)
  const started = performance.now()
  await deliver({ client, run, signal })
  process.stdout.write(`${mib / ((performance.now() - started) / 1000)}\n`)
  await client.close()
}
