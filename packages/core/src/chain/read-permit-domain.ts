import type { Address, PublicClient } from 'viem'
import { reading } from './chain-error.ts'
import { tokenAbi } from './generated/token-abi.ts'

/** What a permit of `owner` needs to be signed: the token's EIP-712 domain and the owner's nonce. */
export function readPermitDomain(
  client: PublicClient,
  at: { token: Address; owner: Address },
): Promise<{ tokenName: string; tokenVersion: string; nonce: bigint }> {
  const call = { address: at.token, abi: tokenAbi } as const
  return reading('the token’s permit domain', async () => {
    const [domain, nonce] = await Promise.all([
      client.readContract({ ...call, functionName: 'eip712Domain' }),
      client.readContract({ ...call, functionName: 'nonces', args: [at.owner] }),
    ])
    return { tokenName: domain[1], tokenVersion: domain[2], nonce }
  })
}
