import { readOrder } from '@dmc/core/chain/read-order'
import type { MarketReader } from '@dmc/core/chain/types'
import type { LocalAccount } from 'viem'
import type { RpcClient } from '../chain/rpc-client.ts'
import type { AgentConfig } from '../config/agent-config.ts'
import type { Journal } from '../store/journal.ts'
import type { Store } from '../store/open-store.ts'
import { Checker } from './checker.ts'

interface Parts {
  config: AgentConfig
  store: Store
  journal: Journal
  reader: MarketReader
  rpc: RpcClient
  operator: LocalAccount
  signal: AbortSignal
}

/** The checker of an agent; `start` sets it to work by itself. */
export function openChecker({ config, store, journal, reader, rpc, operator, signal }: Parts): Checker {
  const { market } = config.chain
  return new Checker({
    store,
    journal,
    reader,
    newest: (orderId) => readOrder(rpc.client, { market, orderId }),
    signer: operator,
    allowPrivate: config.allowPrivateEndpoints,
    dataDir: config.dataDir,
    perDay: config.checks.perDay,
    leaves: config.checks.leaves,
    signal,
  })
}
