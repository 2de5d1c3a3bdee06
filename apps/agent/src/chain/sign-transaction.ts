import { type Hex, keccak256, type LocalAccount } from 'viem'
import type { Fees } from './estimate-fees.ts'
import type { TransactionRow } from './transaction-rows.ts'

/** The signed bytes of a call with an explicit nonce, and their hash. Type 2; a chain without base fee gets both fees equal. */
export async function signTransaction(
  account: LocalAccount,
  call: Pick<TransactionRow, 'chainId' | 'nonce' | 'target' | 'data' | 'value' | 'gas'> & Fees,
): Promise<{ raw: Hex; hash: Hex }> {
  const raw = await account.signTransaction({
    type: 'eip1559',
    chainId: call.chainId,
    nonce: call.nonce,
    to: call.target,
    data: call.data,
    value: call.value,
    gas: call.gas,
    maxFeePerGas: call.maxFeePerGas,
    maxPriorityFeePerGas: call.maxPriorityFeePerGas,
  })
  return { raw, hash: keccak256(raw) }
}
