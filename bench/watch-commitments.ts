import { decodeLogs, type RawLog } from '../packages/core/src/chain/decode-log.ts'
import type { Devnet } from '../packages/testkit/src/devnet.ts'

/** Between two looks at the chain: what is told is late by so much at most. */
const LOOK_MS = 40

export interface CommitmentWatch {
  /**
   * Seconds from the start of the watch until a block held both sides' statements of this root: the order is active with it.
   * @throws when no block did
   */
  seconds(root: string): number
  stop(): Promise<void>
}

/** Looks at the chain itself, as whoever asks the Market would; agents wait for some blocks more before they rely on it. */
export function watchCommitments(
  { client, market }: Pick<Devnet, 'client' | 'market'>,
  now = () => performance.now(),
): CommitmentWatch {
  const started = now()
  const seen = new Map<string, number>()
  const ending = new AbortController()
  const number = async (): Promise<bigint> => BigInt(await client.request({ method: 'eth_blockNumber' }))
  const watch = async () => {
    let next = (await number()) + 1n
    while (!ending.signal.aborted) {
      const head = await number()
      if (head >= next) {
        const range = { fromBlock: hex(next), toBlock: hex(head), address: market }
        const logs = await client.request({ method: 'eth_getLogs', params: [range] })
        const at = (now() - started) / 1000
        for (const event of decodeLogs(market, logs.map(asRaw)))
          if (event.name === 'OrderActivated' || event.name === 'CommitmentReplaced')
            seen.set(event.args.root, at)
        next = head + 1n
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  }
  const watching = watch()
  watching.catch(() => {}) // thrown by `stop`
  return {
    seconds(root) {
      const at = seen.get(root)
      if (at === undefined) throw new Error(`No block has brought the commitment ${root} into force.`)
      return at
    },
    async stop() {
      ending.abort()
      await watching
    },
  }
}

const hex = (value: bigint): `0x${string}` => `0x${value.toString(16)}`

const asRaw = (log: {
  address: string
  topics: readonly `0x${string}`[]
  data: `0x${string}`
  blockNumber: `0x${string}` | null
  blockHash: `0x${string}` | null
  logIndex: `0x${string}` | null
  transactionHash: `0x${string}` | null
}): RawLog => ({
  ...log,
  blockNumber: log.blockNumber === null ? null : BigInt(log.blockNumber),
  logIndex: log.logIndex === null ? null : Number(log.logIndex),
})
