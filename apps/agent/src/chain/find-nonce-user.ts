import { reading } from '@dmc/core/chain/chain-error'
import type { Address, Hex, PublicClient } from 'viem'

/**
 * The transaction that used a nonce of an account, looked for in blocks `from`..`to` (both included); null when it can't be found
 * there. The account's nonce only grows, so the block is found by halving; then the transaction itself is looked at, for only it
 * proves who used the nonce.
 */
export function findNonceUser(
  client: PublicClient,
  search: { account: Address; nonce: number; from: bigint; to: bigint },
): Promise<{ hash: Hex; blockNumber: bigint } | null> {
  const { account, nonce } = search
  const usedAt = async (blockNumber: bigint) =>
    (await client.getTransactionCount({ address: account, blockNumber })) > nonce
  return reading(`who used nonce ${nonce} of ${account}`, async () => {
    let low = search.from
    let high = search.to
    if (low > high || !(await usedAt(high))) return null
    while (low < high) {
      const middle = (low + high) / 2n
      if (await usedAt(middle)) high = middle
      else low = middle + 1n
    }
    const block = await client.getBlock({ blockNumber: low, includeTransactions: true })
    const user = block.transactions.find(
      (transaction) =>
        transaction.from.toLowerCase() === account.toLowerCase() && transaction.nonce === nonce,
    )
    return user === undefined ? null : { hash: user.hash, blockNumber: low }
  })
}
