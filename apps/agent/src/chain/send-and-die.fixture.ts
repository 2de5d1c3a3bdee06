import { approveCall } from '@dmc/core/chain/acts/token-call'
import { privateKeyToAccount } from 'viem/accounts'
import { openJournal } from '../store/journal.ts'
import { openStore } from '../store/open-store.ts'
import { openRpcClient } from './rpc-client.ts'
import { createTransactionSender } from './send-transaction.ts'

/**
 * A process that sends `count` transactions, one after the other, each under its own intent, and says so when all are confirmed.
 * Killed anywhere and started again it must not send one twice. Arguments: data folder, RPC URL, key, token, spender, count.
 */
const [dir = '', url = '', key = '', token = '', spender = '', count = '0'] = process.argv.slice(2)
const store = openStore(dir)
const account = privateKeyToAccount(key as `0x${string}`)
const market = spender as `0x${string}`
const rpc = openRpcClient({ urls: [url], chainId: 31337, confirmations: 2, pollMs: 10 })
const sender = createTransactionSender({
  store,
  journal: openJournal(store),
  rpc,
  market,
  accounts: [account],
})
sender.resumeTransactions()
console.log('started')
for (let i = 0; i < Number(count); i++) {
  const call = approveCall(token as `0x${string}`, market, BigInt(i))
  await sender.send({ intent: `approve:${i}`, account, call })
}
console.log('done')
await sender.close()
store.close()
