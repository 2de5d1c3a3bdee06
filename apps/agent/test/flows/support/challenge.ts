import { join } from 'node:path'
import { type MarketAct, type MarketActArgs, marketCall } from '@dmc/core/chain/acts/market-call'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import { createWalletClient, http, type TransactionReceipt } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import { marketEvents } from './chain.ts'
import { makeTree } from './make-tree.ts'
import { addSource, backUp, placeOrder } from './steps.ts'
import type { World } from './world.ts'

/** An act of the Market by a wallet's own key, as the browser would send it; resolves when it is mined. */
export async function act<N extends MarketAct>(
  world: World,
  account: PrivateKeyAccount,
  name: N,
  args: MarketActArgs<N>,
): Promise<TransactionReceipt> {
  const { client, url, market } = world.devnet
  const signer = createWalletClient({ chain: client.chain, transport: http(url), account })
  const { to, data } = marketCall(market, name, args)
  // with room, as wallets and our agents send: what an act settles, and so what it stores, grows with the seconds until it is mined
  const estimate = await client.estimateGas({ account, to, data } as never)
  const hash = await signer.sendTransaction({ to, data, gas: (estimate * 3n) / 2n } as never)
  const receipt = await client.waitForTransactionReceipt({ hash, pollingInterval: 50 })
  if (receipt.status !== 'success') {
    // asked again where it was tried: the node then says why
    const why = await client
      .call({ account, to, data, blockNumber: receipt.blockNumber - 1n } as never)
      .then(() => 'it would not revert on the block before')
      .catch((error: Error) => error.message.split('\n')[0])
    const { gas } = await client.getTransaction({ hash })
    throw new Error(`${name} reverted with ${receipt.gasUsed} of ${gas} gas used: ${why}`)
  }
  return receipt
}

/** A source, an order that may be challenged, and a backup in it; what two agents do. */
export async function storedOrder(
  world: World,
  user: AgentProcess,
  name: string,
  { bytes = 300_000, capacityMib = 2n, challenges = 5, weeks = 4 } = {},
): Promise<{ orderId: bigint; sourceId: string; path: string }> {
  const path = makeTree(join(world.folder, name), name, bytes)
  const sourceId = await addSource(user, path, name)
  const { orderId } = await placeOrder(user, sourceId, { capacityMib, challenges, weeks })
  await backUp(user, sourceId)
  return { orderId, sourceId, path }
}

/** Challenges of an order that were answered: by whom, in which block. */
export async function answersOf(world: World, orderId: bigint) {
  const events = await marketEvents(world.devnet, 'ChallengeAnswered')
  return events
    .filter(({ args }) => args.orderId === orderId)
    .map(({ args, blockNumber }) => ({ leaf: args.leafIndex, by: args.caller, block: blockNumber }))
}
