import { join } from 'node:path'
import { afterEach } from 'vitest'
import { type ConnectOptions, connectMiner, type MinerClient } from '../../src/contract/wire/miner-client.ts'
import { createMemoryMarket, type MemoryMarket, newAccount } from './memory-market.ts'
import { givenOrder, type StartMinerOptions, startMiner, type TestMiner } from './start-miner.ts'
import { useTempFolders } from './temp-folder.ts'

export interface GivenMiner {
  folder: string
  market: MemoryMarket
  /** The miner's wallet; its agent signs with it too, unless a test says otherwise. */
  account: ReturnType<typeof newAccount>
  miner: TestMiner
  user: ReturnType<typeof newAccount>
  orderId: bigint
  store: Awaited<ReturnType<typeof givenOrder>>['store']
  connect(options?: Partial<ConnectOptions>): Promise<MinerClient>
  /** Another user with an order of its own at the same miner. */
  another(): Promise<Pick<GivenMiner, 'user' | 'orderId' | 'store' | 'connect'>>
  /** Stops and starts again on the same folder and port. */
  /** Away for `awayMs` in between. */
  restart(options?: Partial<StartMinerOptions>, awayMs?: number): Promise<void>
}

/** One miner with one order, a market, and a client; all gone when the test is over. */
export function useMiners(): (
  options?: Partial<StartMinerOptions> & { capacity?: number },
) => Promise<GivenMiner> {
  const tempFolder = useTempFolders()
  const closing: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })
  return async ({ capacity = 64, ...options } = {}) => {
    const folder = join(await tempFolder(), 'miner')
    const market = createMemoryMarket()
    const account = newAccount()
    const start = { folder, market, signer: account, ...options }
    const miner = await startMiner(start)
    const order = await givenOrder(miner, market, account, capacity)
    const connectAs =
      ({ orderId, user }: Pick<GivenMiner, 'user' | 'orderId'>) =>
      async (more: Partial<ConnectOptions> = {}) => {
        const client = await connectMiner({
          endpoint: null,
          reader: market,
          orderId,
          role: 'user',
          signer: user,
          allowPrivate: true,
          signal: new AbortController().signal,
          ...more,
        })
        closing.push(() => client.close())
        return client
      }
    const given: GivenMiner = {
      folder,
      market,
      account,
      miner,
      ...order,
      connect: connectAs(order),
      async another() {
        const more = await givenOrder(given.miner, market, account, capacity)
        return { ...more, connect: connectAs(more) }
      },
      async restart(more = {}, awayMs = 0) {
        const { port } = given.miner.server
        await given.miner.close()
        await new Promise((resolve) => setTimeout(resolve, awayMs))
        given.miner = await startMiner({ ...start, port, ...more })
        const store = await given.miner.sectors.open(order.orderId)
        if (store) given.store = store
      },
    }
    closing.push(() => given.miner.close())
    return given
  }
}
