import { decodeLogs } from '@dmc/core/chain/decode-log'
import { decodeMarketError } from '@dmc/core/chain/market-errors'
import type { Address, Hex, PublicClient, TransactionReceipt } from 'viem'
import { TransactionNotFoundError, TransactionReceiptNotFoundError } from 'viem'
import { lookAtBatch, type WalletProvider } from './batch-calls.ts'
import type { TrayEntry } from './tray-store.ts'

/** A transaction that no node knows for so long is as good as gone. */
const FORGOTTEN_MS = 120_000
/** Blocks that are searched for the transaction that took the nonce. */
const SEARCHED_BLOCKS = 64n

/** Calls that the wallet carries out as one, and whose transaction only it knows yet. */
export async function followBatch(
  provider: WalletProvider,
  entry: TrayEntry & { batch: string },
): Promise<Partial<TrayEntry>> {
  const now = await lookAtBatch(provider, entry.batch)
  if (now === 'failed') return { state: 'dropped' }
  if (now === 'unknown') return Date.now() - entry.submittedAt > FORGOTTEN_MS ? { state: 'dropped' } : {}
  if (now === 'waiting') return {}
  return now.reverted ? { hash: now.hash, state: 'reverted', problem: CHANGED } : { hash: now.hash }
}

/** One look at a transaction: what has become of it since, as changes to its entry. */
export async function followOnce(
  client: PublicClient,
  entry: TrayEntry,
  { confirmations, market }: { confirmations: number; market: Address },
): Promise<Partial<TrayEntry>> {
  const receipt = await receiptOf(client, entry.hash)
  if (receipt !== null) return mined(client, entry, receipt, confirmations, market)
  // the chain took it back: only the wallet knows where its calls are now
  if (entry.batch !== undefined) return { hash: '0x' }
  const nonce = await client.getTransactionCount({ address: entry.from, blockTag: 'latest' })
  if (nonce > entry.nonce) {
    const other = await findByNonce(client, entry)
    if (other === null) {
      // The receipt may have come between the two questions.
      return (await receiptOf(client, entry.hash)) === null ? { state: 'dropped' } : {}
    }
    // Sped up in the wallet: the same act under another hash.
    if (other.to?.toLowerCase() === entry.to.toLowerCase() && other.input === entry.data)
      return { hash: other.hash }
    return { state: 'replaced', replacedBy: other.hash }
  }
  const known = await client.getTransaction({ hash: entry.hash }).catch(nullWhen(TransactionNotFoundError))
  if (known === null && Date.now() - entry.submittedAt > FORGOTTEN_MS) return { state: 'dropped' }
  return {}
}

async function mined(
  client: PublicClient,
  entry: TrayEntry,
  receipt: TransactionReceipt,
  wanted: number,
  market: Address,
): Promise<Partial<TrayEntry>> {
  if (receipt.status === 'reverted') {
    const { message, hint } = entry.batch === undefined ? await whyReverted(client, entry, receipt) : CHANGED
    return { state: 'reverted', problem: { message, hint } }
  }
  const head = await client.getBlockNumber({ cacheTime: 0 })
  const confirmations = Number(head - receipt.blockNumber) + 1
  if (confirmations < wanted) return { confirmations }
  const result: NonNullable<TrayEntry['result']> = {}
  const own = (address: Address) => address.toLowerCase() === entry.from.toLowerCase()
  for (const event of decodeLogs(market, receipt.logs)) {
    // a wallet may have its calls sent in one transaction with those of strangers
    if (event.name === 'OrderCreated' && own(event.args.user)) result.orderId = String(event.args.orderId)
    if (event.name === 'BillCreated' && own(event.args.miner)) result.billId = String(event.args.billId)
  }
  return { state: 'done', confirmations, result }
}

/** The same call again says why: on the block before, or after what came first in the same block. */
async function whyReverted(client: PublicClient, entry: TrayEntry, receipt: TransactionReceipt) {
  for (const blockNumber of [receipt.blockNumber - 1n, receipt.blockNumber]) {
    try {
      const { from: account, to, data, value } = entry
      await client.call({ account, to, data, value: BigInt(value), blockNumber })
    } catch (error) {
      return decodeMarketError(error)
    }
  }
  return CHANGED
}

const CHANGED = {
  message: 'The transaction was reverted: something changed on chain just before it.',
  hint: 'Nothing but gas was spent. Look at the current state and try again.',
}

async function findByNonce(client: PublicClient, entry: TrayEntry) {
  const head = await client.getBlockNumber({ cacheTime: 0 })
  const from = BigInt(entry.submittedBlock)
  for (let number = head; number >= from && head - number < SEARCHED_BLOCKS; number -= 1n) {
    const block = await client.getBlock({ blockNumber: number, includeTransactions: true })
    const found = block.transactions.find(
      (tx) => tx.nonce === entry.nonce && tx.from.toLowerCase() === entry.from.toLowerCase(),
    )
    if (found !== undefined) return found
    if (number === 0n) break
  }
  return null
}

const receiptOf = (client: PublicClient, hash: Hex) =>
  client.getTransactionReceipt({ hash }).catch(nullWhen(TransactionReceiptNotFoundError))

const nullWhen =
  (kind: new (...args: never[]) => Error) =>
  (error: unknown): null => {
    if (error instanceof kind) return null
    throw error
  }
