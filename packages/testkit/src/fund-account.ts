import { tokenAbi } from '@dmc/core/chain/generated/token-abi'
import { type Address, encodeFunctionData, type Hex, numberToHex, parseEther } from 'viem'
import { rpc } from './rpc.ts'

/**
 * Gives an account coin for gas (set, not sent) and tokens from the token's faucet, taken in its name. Waits for the blocks:
 * with manual mining the caller passes `mine`.
 */
export async function fundAccount(options: {
  url: string
  token: Address
  account: Address
  /** Wei; default 100 coins. */
  ethWei?: bigint
  /** Faucet calls, 100,000 DMC each; default 1. */
  faucetCalls?: number
  mine?: () => Promise<void>
}): Promise<void> {
  const { url, token, account, ethWei = parseEther('100'), faucetCalls = 1 } = options
  await rpc(url, 'anvil_setBalance', [account, numberToHex(parseEther('100'))])
  const mine = options.mine ?? (async () => {})
  for (let call = 0; call < faucetCalls; call++) {
    // Impersonation leaves the account's own nonce as it would be after its own call, so it must be mined before it signs.
    await rpc(url, 'anvil_impersonateAccount', [account])
    const data = encodeFunctionData({ abi: tokenAbi, functionName: 'faucet' })
    const hash = await rpc<Hex>(url, 'eth_sendTransaction', [{ from: account, to: token, data }])
    await mine()
    await waitMined(url, hash)
    await rpc(url, 'anvil_stopImpersonatingAccount', [account])
  }
  await rpc(url, 'anvil_setBalance', [account, numberToHex(ethWei)])
}

async function waitMined(url: string, hash: Hex): Promise<void> {
  const deadline = Date.now() + 30_000
  for (;;) {
    const receipt = await rpc<{ status: Hex } | null>(url, 'eth_getTransactionReceipt', [hash])
    if (receipt?.status === '0x1') return
    if (receipt !== null) throw new Error(`${hash} reverted`)
    if (Date.now() > deadline) throw new Error(`${hash} was not mined within 30 s`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
