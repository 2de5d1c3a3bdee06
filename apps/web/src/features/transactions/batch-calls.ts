import type { ChainCall } from '@dmc/core/chain/acts/market-call'
import { type Address, type Hex, isHex, numberToHex } from 'viem'

/** A wallet as it is spoken to (EIP-1193). */
export interface WalletProvider {
  request(of: { method: string; params?: unknown }): Promise<unknown>
}

interface Whose {
  owner: Address
  chainId: number
}

/**
 * Does the wallet carry out several calls of this account as one (EIP-5792)? Only a plain "supported" counts: "ready" would have the
 * person turn the account into another kind of account first. A wallet that does not know the question can't.
 */
export async function canBatch(provider: WalletProvider, { owner, chainId }: Whose): Promise<boolean> {
  const id = numberToHex(chainId)
  const answer = await provider
    .request({ method: 'wallet_getCapabilities', params: [owner, [id]] })
    .catch(() => null)
  const atomic = fieldOf(fieldOf(answer, id), 'atomic')
  return fieldOf(atomic, 'status') === 'supported'
}

/** With these nothing was sent, and the calls can be asked for one by one: the wallet does not know or not do it after all. */
const CANT = new Set([-32601, -32602, 4200, 5700, 5710, 5740, 5750, 5760])

/**
 * One question for all calls: all of them happen, or none. `id` is our name for them, to ask for them by should the answer be missed.
 * @returns the wallet's name for them; null when it can't do that (nothing was sent). @throws what else the wallet says
 */
export async function sendBatch(
  provider: WalletProvider,
  { owner, chainId, id, calls }: Whose & { id: Hex; calls: readonly ChainCall[] },
): Promise<string | null> {
  let answer: unknown
  try {
    answer = await provider.request({
      method: 'wallet_sendCalls',
      params: [
        {
          version: '2.0.0',
          id,
          chainId: numberToHex(chainId),
          from: owner,
          atomicRequired: true,
          calls: calls.map(({ to, data, value }) => ({ to, data, value: numberToHex(value) })),
        },
      ],
    })
  } catch (error) {
    if (CANT.has(Number(fieldOf(error, 'code')))) return null
    throw error
  }
  const given = typeof answer === 'string' ? answer : fieldOf(answer, 'id')
  return typeof given === 'string' && given !== '' ? given : id
}

/**
 * What has become of the calls: their transaction once it is in a block, and whether it did what was asked; `failed` when the wallet has
 * given them up and nothing happened; `unknown` when the wallet has no calls of this name.
 */
export async function lookAtBatch(
  provider: WalletProvider,
  id: string,
): Promise<{ hash: Hex; reverted: boolean } | 'waiting' | 'failed' | 'unknown'> {
  let answer: unknown
  try {
    answer = await provider.request({ method: 'wallet_getCallsStatus', params: [id] })
  } catch (error) {
    if (Number(fieldOf(error, 'code')) === 5730) return 'unknown'
    throw error
  }
  const status = Number(fieldOf(answer, 'status'))
  const receipts = fieldOf(answer, 'receipts')
  // all calls as one are one transaction; in whose name it is sent is the wallet's affair, so that only the wallet knows if ours went well
  const hash = Array.isArray(receipts) ? fieldOf(receipts.at(-1), 'transactionHash') : undefined
  if (isHex(hash) && status >= 200) return { hash, reverted: status >= 400 }
  return status >= 400 ? 'failed' : 'waiting'
}

const fieldOf = (of: unknown, name: string): unknown =>
  typeof of === 'object' && of !== null ? (of as Record<string, unknown>)[name] : undefined
