import { openDatabase } from '@dmc/db/open-database'
import { type Address, createPublicClient, http, type PublicClient } from 'viem'
import { startIndexer } from '../../src/server/indexer/start-indexer.ts'

/** A dashboard's indexer in a process of its own, to be killed: folder, RPC URL, Market. Says each new position. */
const [folder = '', url = '', market = ''] = process.argv.slice(2)
const db = await openDatabase({ folder })
await db.listen('head', (head) => console.log(`head ${head}`))
const client = createPublicClient({ transport: http(url), cacheTime: 0 }) as PublicClient
startIndexer({ db, client, chainId: 31337, market: market as Address, pollMs: 5, secondLookMs: 5 })
