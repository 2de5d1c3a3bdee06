import { reading } from '@dmc/core/chain/chain-error'
import { tokenAbi } from '@dmc/core/chain/generated/token-abi'
import { readParameters, readToken } from '@dmc/core/chain/read-parameters'
import type { MarketReader } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import type { MarketParameters } from '@dmc/core/market/parameters'
import type { Address, LocalAccount } from 'viem'
import type { RpcClient } from '../chain/rpc-client.ts'
import type { TransactionSender } from '../chain/send-transaction.ts'
import type { Journal } from '../store/journal.ts'
import type { Store } from '../store/open-store.ts'

/** What never changes about a Market; read once at start. */
export interface MarketFacts {
  token: Address
  symbol: string
  parameters: MarketParameters
}

/** What the account service stands on; assembled once. */
export interface AccountContext {
  store: Store
  journal: Journal
  rpc: RpcClient
  sender: TransactionSender
  reader: MarketReader
  market: Address
  facts: MarketFacts
  /** Signs bills and orders; null on a host that does not hold it. */
  wallet: LocalAccount | null
  /** This host's key; signs prepares, refusals, endpoints within what the wallet lets it. */
  operator: LocalAccount
}

/** @throws RPC_UNREACHABLE, RPC_BAD_ANSWER */
export async function readMarketFacts(rpc: RpcClient, market: Address): Promise<MarketFacts> {
  const { client } = rpc
  const [token, parameters] = await Promise.all([
    readToken(client, { market }),
    readParameters(client, { market }),
  ])
  const symbol = await reading('the token’s symbol', () =>
    client.readContract({ address: token, abi: tokenAbi, functionName: 'symbol' }),
  )
  // A token may call itself anything; people see it in every line.
  return { token, symbol: /^[\w.$-]{1,12}$/.test(symbol) ? symbol : 'tokens', parameters }
}

/** @throws KEY_MISSING when this host does not hold the wallet. */
export function needWallet(context: Pick<AccountContext, 'wallet'>, act: string): LocalAccount {
  if (context.wallet !== null) return context.wallet
  throw new DmcError('KEY_MISSING', `${act} is signed by the wallet, which is not on this host.`, {
    hint: 'Run it on the host that holds the wallet, or bring it here: dmc-agent wallet import',
  })
}
