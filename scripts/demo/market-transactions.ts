import { marketAbi } from '@dmc/core/chain/generated/market-abi'
import { tokenAbi } from '@dmc/core/chain/generated/token-abi'
import type { Devnet } from '@dmc/testkit/devnet'
import { decodeFunctionData, parseEventLogs } from 'viem'

export interface MarketTransaction {
  name: string
  from: string
  gas: bigint
  block: bigint
}

/** Every transaction to the Market or the token since a block, with what it was and the gas it took. */
export async function marketTransactions(devnet: Devnet, fromBlock: bigint): Promise<MarketTransaction[]> {
  const { client, market, token } = devnet
  const found: MarketTransaction[] = []
  const head = await client.getBlockNumber()
  for (let number = fromBlock; number <= head; number++) {
    const block = await client.getBlock({ blockNumber: number, includeTransactions: true })
    for (const transaction of block.transactions) {
      const to = transaction.to?.toLowerCase()
      const abi = to === market.toLowerCase() ? marketAbi : to === token.toLowerCase() ? tokenAbi : null
      if (abi === null) continue
      const receipt = await client.getTransactionReceipt({ hash: transaction.hash })
      const { functionName } = decodeFunctionData({ abi, data: transaction.input } as never) as {
        functionName: string
      }
      found.push({ name: functionName, from: transaction.from, gas: receipt.gasUsed, block: number })
    }
  }
  return found
}

export interface StatedCommitment {
  side: 'user' | 'miner'
  root: string
  size: bigint
  signer: string
  block: bigint
}

/** Both sides' statements of an order (flow 7, flow 10), as the chain's log has them; the newest of each side. */
export async function statedCommitments(
  devnet: Devnet,
  orderId: bigint,
  fromBlock: bigint,
): Promise<StatedCommitment[]> {
  const logs = await devnet.client.getLogs({ address: devnet.market, fromBlock })
  const bySide = new Map<string, StatedCommitment>()
  for (const event of parseEventLogs({ abi: marketAbi, logs, eventName: 'Prepared' })) {
    if (event.args.orderId !== orderId) continue
    const side = event.args.side === 0n ? 'user' : 'miner'
    bySide.set(side, {
      side,
      root: event.args.root,
      size: event.args.size,
      signer: event.args.signer,
      block: event.blockNumber,
    })
  }
  return ['user', 'miner'].flatMap((side) => bySide.get(side) ?? [])
}
