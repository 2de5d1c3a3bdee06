import type { Address, Hex, PublicClient } from 'viem'
import type { Asked } from './asked-notes.ts'

/** Transactions of the account that are looked at, from the one that it was about to send. */
const MOST_LOOKED_AT = 16

/**
 * Was it sent after all? Only the very call counts; a wallet may give it another number than the account's next one, so all that the
 * account has sent since are looked at.
 * @returns the transaction; `waiting` when one is under way that no block shows yet; null when it was not sent
 */
export async function findSent(
  client: PublicClient,
  owner: Address,
  asked: Asked,
): Promise<{ hash: Hex; nonce: number } | 'waiting' | null> {
  const next = await client.getTransactionCount({ address: owner, blockTag: 'pending' })
  if (next <= asked.nonce) return null
  const isIt = (tx: { from: Address; to: Address | null; input: Hex }) =>
    tx.from.toLowerCase() === owner.toLowerCase() &&
    tx.to?.toLowerCase() === asked.to.toLowerCase() &&
    tx.input === asked.data
  const head = await client.getBlockNumber({ cacheTime: 0 })
  const mined = await client.getTransactionCount({ address: owner, blockNumber: head })
  for (let nonce = asked.nonce; nonce < mined && nonce < asked.nonce + MOST_LOOKED_AT; nonce++) {
    const blockNumber = await blockOf(client, owner, { nonce, from: BigInt(asked.block), to: head })
    const { transactions } = await client.getBlock({ blockNumber, includeTransactions: true })
    const found = transactions.find(isIt)
    if (found !== undefined) return { hash: found.hash, nonce: found.nonce }
  }
  if (next <= mined) return null
  // some nodes show what waits as a block to come
  const coming = await client.getBlock({ blockTag: 'pending', includeTransactions: true }).catch(() => null)
  const found = coming?.transactions.find(isIt)
  return found === undefined ? 'waiting' : { hash: found.hash, nonce: found.nonce }
}

/** The block in which the account's transaction with this number was mined; it is one of `from` to `to`. */
async function blockOf(
  client: PublicClient,
  address: Address,
  of: { nonce: number; from: bigint; to: bigint },
): Promise<bigint> {
  let [low, high] = [of.from, of.to]
  while (low < high) {
    const middle = (low + high) / 2n
    const count = await client.getTransactionCount({ address, blockNumber: middle })
    if (count > of.nonce) high = middle
    else low = middle + 1n
  }
  return low
}
