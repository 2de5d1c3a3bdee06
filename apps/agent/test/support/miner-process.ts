import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { OPERATOR_SCOPES } from '@dmc/core/chain/types'
import type { Address, Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { createMemoryMarket } from './memory-market.ts'
import { startMiner } from './start-miner.ts'

/**
 * A miner in a process of its own, to be killed: `node miner-process.ts <folder> <port> <json>`. The order is in the
 * json; a line `ready` on stdout when it listens. A file `agreed.json` in the folder is the chain's commitment.
 */
const [, , folder = '', port = '0', json = ''] = process.argv
const { key, user, orderId, capacity } = JSON.parse(json) as {
  key: Hex
  user: Address
  orderId: string
  capacity: number
}
const account = privateKeyToAccount(key)
const market = createMemoryMarket()
market.authorise(user, account.address, OPERATOR_SCOPES.PREPARE)
market.addOrder({ orderId: BigInt(orderId), capacity: BigInt(capacity), user, miner: account.address })
const agreed = join(folder, 'agreed.json')
if (existsSync(agreed)) {
  const { root, size } = JSON.parse(readFileSync(agreed, 'utf8'))
  market.agree(BigInt(orderId), { root, size: BigInt(size) })
}
const started = performance.now()
const miner = await startMiner({ folder, market, signer: account, port: Number(port), tls: false })
// what goes wrong in here is wanted in the test's output
miner.journal.onEntry((entry) => {
  if (entry.level !== 'info') process.stderr.write(`${JSON.stringify(entry)}\n`)
})
await miner.sectors.reserve(BigInt(orderId), miner.sectorId, capacity * 1024 * 1024)
process.stdout.write(`ready ${miner.server.port} ${Math.round(performance.now() - started)}\n`)
