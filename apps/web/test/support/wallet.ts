import type { ChainCall } from '@dmc/core/chain/acts/market-call'
import { decodeLog, type MarketEvent, type MarketEventName } from '@dmc/core/chain/decode-log'
import { tokenAbi } from '@dmc/core/chain/generated/token-abi'
import type { Devnet } from '@dmc/testkit/devnet'
import { createWalletClient, http, type LocalAccount } from 'viem'

/** What a person's wallet does: approves the tokens (in place of a permit) and sends one transaction. */
export async function approveAndSend(
  devnet: Devnet,
  account: LocalAccount,
  of: { pledgeOrEscrow: bigint; call: (now: bigint) => ChainCall },
) {
  const { client, market, token } = devnet
  const { chain = null } = client
  const wallet = createWalletClient({ account, transport: http(devnet.url) })
  const approve = await wallet.writeContract({
    chain,
    address: token,
    abi: tokenAbi,
    functionName: 'approve',
    args: [market, of.pledgeOrEscrow],
  })
  await client.waitForTransactionReceipt({ hash: approve })
  const { timestamp } = await client.getBlock()
  const { to, data, value } = of.call(timestamp)
  const hash = await wallet.sendTransaction({ chain, to, data, value })
  const receipt = await client.waitForTransactionReceipt({ hash })
  if (receipt.status !== 'success') throw new Error(`${hash} reverted`)
  const events = receipt.logs.map((log) => decodeLog(market, log)).filter((event) => event !== null)
  return {
    hash,
    event<N extends MarketEventName>(name: N): Extract<MarketEvent, { name: N }> {
      const found = events.find((event) => event.name === name)
      if (!found) throw new Error(`no ${name} in ${hash}`)
      return found as Extract<MarketEvent, { name: N }>
    },
  }
}
