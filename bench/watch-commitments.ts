import { decodeLogs } from '../packages/core/src/chain/decode-log.ts'
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
export function watchCommitments({ client, market }: Pick<Devnet, 'client' | 'market'>): CommitmentWatch {
  const started = performance.now()
  const seen = new Map<string, number>()
  const ending = new AbortController()
  const watch = async () => {
    let next = (await client.getBlockNumber({ cacheTime: 0 })) + 1n
    while (!ending.signal.aborted) {
      const head = await client.getBlockNumber({ cacheTime: 0 })
      if (head >= next) {
        const logs = await client.getLogs({ address: market, fromBlock: next, toBlock: head })
        const at = (performance.now() - started) / 1000
        for (const event of decodeLogs(market, logs))
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
