import { marketCall } from '@dmc/core/chain/acts/market-call'
import { readOrder } from '@dmc/core/chain/read-order'
import { type MarketReader, OPERATOR_SCOPES } from '@dmc/core/chain/types'
import type { LocalAccount } from 'viem'
import { operatorAllowed } from '../account/operator-allowed.ts'
import type { RpcClient } from '../chain/rpc-client.ts'
import type { TransactionSender } from '../chain/send-transaction.ts'
import type { AgentConfig } from '../config/agent-config.ts'
import type { Alarms } from '../health/alarms.ts'
import { crashPoint } from '../store/crash-point.ts'
import type { Journal } from '../store/journal.ts'
import type { Store } from '../store/open-store.ts'
import { Checker } from './checker.ts'

interface Parts {
  config: AgentConfig
  store: Store
  journal: Journal
  reader: MarketReader
  rpc: RpcClient
  sender: TransactionSender
  alarms: Alarms
  operator: LocalAccount
  signal: AbortSignal
}

/** The checker of an agent; `start` sets it to work by itself. */
export function openChecker(parts: Parts): Checker {
  const { config, store, journal, reader, rpc, sender, alarms, operator, signal } = parts
  const { market } = config.chain
  const newest = (orderId: bigint) => readOrder(rpc.client, { market, orderId })
  return new Checker({
    store,
    journal,
    reader,
    newest,
    signer: operator,
    allowPrivate: config.allowPrivateEndpoints,
    dataDir: config.dataDir,
    perDay: config.checks.perDay,
    leaves: config.checks.leaves,
    signal,
    escalation: {
      alarms,
      market,
      policy: config.checks.policy,
      spendCap: config.checks.spendCap,
      newest,
      confirmed: (orderId) => reader.order(orderId),
      chainTime: () => reader.chainTime(),
      mayChallenge: (owner) =>
        operatorAllowed({ rpc, market, operator, reader }, owner, OPERATOR_SCOPES.CHALLENGE),
      open: (orderId, leaf, intent) =>
        sender.send(
          {
            intent,
            account: operator,
            call: marketCall(market, 'challenge', [orderId, leaf]),
            subject: `order:${orderId}`,
            retryFailed: true,
          },
          {
            signal,
            onProgress: ({ state }) => {
              if (state === 'sent') crashPoint('challenge-sent')
            },
          },
        ),
    },
  })
}
