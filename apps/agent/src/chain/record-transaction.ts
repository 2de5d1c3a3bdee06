import { reading } from '@dmc/core/chain/chain-error'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { formatTokens } from '@dmc/core/units/format-tokens'
import type { Address, LocalAccount, PublicClient } from 'viem'
import { interrupted } from './back-off.ts'
import { checkTokens, noGas, readGasMoney, type TokensTaken } from './check-balances.ts'
import { estimateFees, type Fees } from './estimate-fees.ts'
import { signTransaction } from './sign-transaction.ts'
import { simulateCall } from './simulate-call.ts'
import type { TransactionRow, TransactionRows } from './transaction-rows.ts'
import type { SenderOptions } from './transaction-types.ts'
import { type Urgency, urgentFees } from './urgency.ts'

export type Wish = Pick<
  TransactionRow,
  'intent' | 'name' | 'subject' | 'target' | 'data' | 'value' | 'urgency'
>

export interface RecordOptions {
  takes?: TokensTaken
  /** This nonce; default: the next. */
  nonce?: number
}

/**
 * Simulates, checks balances, signs and records; sends nothing. One at a time per sender, for an intent that is not on its way.
 * @throws MARKET_*, TX_REVERTED, NO_GAS, NO_TOKEN, NO_ALLOWANCE, CHAIN_STALE, RPC_*, INTERRUPTED: then nothing was recorded
 */
export async function recordTransaction(
  context: Pick<SenderOptions, 'rpc'> & { rows: TransactionRows },
  signal: AbortSignal,
  wish: Wish,
  account: LocalAccount,
  how: RecordOptions,
): Promise<void> {
  const { rpc, rows } = context
  const { client, chainId } = rpc
  const from = account.address
  const { intent, name, subject, target, data, value, urgency } = wish
  // one question to the node, not six one after the other: each way there and back may take a tenth of a second
  const asked = {
    tokens: how.takes === undefined ? null : checkTokens(client, from, how.takes),
    simulated: simulateCall(client, { from, to: target, data, value, name }),
    fees: estimateFees(client),
    money: readGasMoney(client, from),
    head: rpc.head(0),
    nonce: how.nonce ?? nextNonce(context, from),
  }
  // the first that is in the way is told, in this order
  for (const one of Object.values(asked)) if (one instanceof Promise) one.catch(() => {})
  await asked.tokens
  const { gas } = await asked.simulated
  const today = await asked.fees
  const fees = urgency === null ? today : await feesFor(client, urgency, today, gas)
  const need = gas * fees.maxFeePerGas + value
  const money = await asked.money
  if (money < need) throw noGas(from, money, need)
  const createdBlock = Number(await asked.head)
  const nonce = await asked.nonce
  const { raw, hash } = await signTransaction(account, { chainId, nonce, target, data, value, gas, ...fees })
  const now = Date.now()
  if (signal.aborted) throw interrupted()
  rows.record({
    intent,
    name,
    subject,
    target,
    data,
    value,
    chainId,
    sender: from,
    nonce,
    gas,
    maxFee: fees.maxFeePerGas,
    priorityFee: fees.maxPriorityFeePerGas,
    raw,
    hash,
    createdMs: now,
    createdBlock,
    signedMs: now,
    urgency,
  })
}

/** @throws GAS_TOO_DEAR when it could not be mined for what it may cost: recorded, it would only hold up what comes after it. */
async function feesFor(client: PublicClient, urgency: Urgency, today: Fees, gas: bigint): Promise<Fees> {
  const block = await reading('the newest block', () => client.getBlock({ blockTag: 'latest' }))
  const fees = urgentFees(today, urgency, block.timestamp, gas)
  const least = block.baseFeePerGas ?? today.maxFeePerGas
  if (fees.maxFeePerGas >= least) return fees
  const coin = { symbol: 'ETH' }
  throw new DmcError(
    'GAS_TOO_DEAR',
    `Its gas would cost at least ${formatTokens(least * gas, { ...coin, round: 'up' })} now; ${formatTokens(urgency.mostWei, coin)} is the most that may be spent on it.`,
    {
      hint: 'It is tried again until its time is over. To spend more: dmc-agent config set answer.mostGas AMOUNT',
    },
  )
}

/** Above everything that the chain knows of the sender and that was recorded for it here. @throws CHAIN_STALE, RPC_* */
async function nextNonce(
  { rpc, rows }: Pick<SenderOptions, 'rpc'> & { rows: TransactionRows },
  sender: Address,
): Promise<number> {
  const [latest, pending] = await reading(`the nonce of ${sender}`, () =>
    Promise.all([
      rpc.client.getTransactionCount({ address: sender, blockTag: 'latest' }),
      rpc.client.getTransactionCount({ address: sender, blockTag: 'pending' }),
    ]),
  )
  const own = rows.nonces(sender, rpc.chainId)
  if (own.done !== null && latest <= own.done) {
    throw new DmcError(
      'CHAIN_STALE',
      `The RPC knows ${latest} transactions of ${sender}, but ${own.done + 1} were confirmed.`,
      { hint: 'The node is behind, or the chain was set back: wait, or use another RPC URL (DMC_RPC_URLS).' },
    )
  }
  return Math.max(latest, pending, own.open === null ? 0 : own.open + 1)
}
