import type { Address, Hex, LocalAccount } from 'viem'
import { parseSignature } from 'viem'

/** An EIP-2612 permit for the Market, as its `openAs…` functions take it; value 0: none. */
export interface SignedPermit {
  value: bigint
  deadline: bigint
  v: number
  r: Hex
  s: Hex
}

const ZERO: Hex = `0x${'00'.repeat(32)}`
export const NO_PERMIT: SignedPermit = { value: 0n, deadline: 0n, v: 0, r: ZERO, s: ZERO }

export interface PermitRequest {
  /** The token and its EIP-712 domain, as `eip712Domain()` tells it. */
  token: Address
  tokenName: string
  tokenVersion: string
  chainId: number
  owner: Address
  spender: Address
  value: bigint
  /** The token's `nonces(owner)`. */
  nonce: bigint
  /** Unix seconds. */
  deadline: bigint
}

/** The typed data of an EIP-2612 permit: what a wallet shows and signs. */
export function permitTypedData(request: PermitRequest) {
  return {
    domain: {
      name: request.tokenName,
      version: request.tokenVersion,
      chainId: request.chainId,
      verifyingContract: request.token,
    },
    types: {
      Permit: [
        { name: 'owner', type: 'address' },
        { name: 'spender', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'nonce', type: 'uint256' },
        { name: 'deadline', type: 'uint256' },
      ],
    },
    primaryType: 'Permit',
    message: {
      owner: request.owner,
      spender: request.spender,
      value: request.value,
      nonce: request.nonce,
      deadline: request.deadline,
    },
  } as const
}

/** Signs the permit with the wallet, so that the first order or bill needs no approve transaction. */
export async function signPermit(
  wallet: Pick<LocalAccount, 'signTypedData'>,
  request: PermitRequest,
): Promise<SignedPermit> {
  const { r, s, yParity } = parseSignature(await wallet.signTypedData(permitTypedData(request)))
  return { value: request.value, deadline: request.deadline, v: 27 + yParity, r, s }
}
