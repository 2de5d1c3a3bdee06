import { createWalletClient, encodeFunctionData, http } from 'viem'
import { marketAbi } from '../packages/core/src/chain/generated/market-abi.ts'
import { readLogRange } from '../packages/core/src/chain/read-log-range.ts'
import { devAccount } from '../packages/testkit/src/dev-accounts.ts'
import { type Devnet, startDevnet } from '../packages/testkit/src/devnet.ts'
import type { BenchDocument, BenchOptions } from './bench.ts'
import { type Measured, medians } from './measure.ts'

const PER_BLOCK = 50
/** The aim: at least so many times the speed of viem's own reader. */
const AT_LEAST = 1.5

/**
 * Reads 10,000 events of the Market from a node on loopback: our reader (whole blocks of one chain, their times, typed events) against
 * viem's `getContractEvents` on the same range, in alternation. `--size` is the number of events.
 */
export async function run(options: BenchOptions): Promise<BenchDocument> {
  const count = options.size === 1024 ? 10_000 : options.size
  const devnet = await startDevnet({ blockTime: 'manual' })
  try {
    await makeEvents(devnet, count)
    const { client, market, deploymentBlock: from } = devnet
    // the client keeps an answer for a while: a short run would miss its own blocks
    const to = await client.getBlockNumber({ cacheTime: 0 })
    const readOurs = async () => {
      const blocks = await readLogRange(client, { market, from, to, parent: null })
      return blocks?.flatMap(({ events }) => events) ?? []
    }
    const readTheirs = () =>
      client.getContractEvents({
        address: market,
        abi: marketAbi,
        fromBlock: from,
        toBlock: to,
        strict: true,
      })
    await mustBeEqual(await readOurs(), await readTheirs(), count)
    const ours: Measured[] = []
    const theirs: Measured[] = []
    for (let round = 0; round < Math.max(options.rounds, 3); round++) {
      ours.push(await measure(readOurs))
      theirs.push(await measure(readTheirs))
      console.error(
        `round ${round + 1}: dmc ${JSON.stringify(ours.at(-1))}, viem ${JSON.stringify(theirs.at(-1))}`,
      )
    }
    const middle = medians(ours)
    const peer = medians(theirs)
    const ratio = Number((peer.wall_s / middle.wall_s).toFixed(2))
    return {
      bench: 'index',
      data: 'events',
      tier: 'none',
      inputs: { events: count, blocks: Number(to - from), node: process.version },
      rounds: ours.length,
      ours: { ...middle, mib_s: 0 },
      peers: [{ name: 'viem getContractEvents', version: null, ...peer, ratio }],
      figures: [
        {
          name: `index ${count} events: viem's time / ours`,
          value: ratio,
          unit: 'x',
          limit: `at least ${AT_LEAST}`,
          ok: ratio >= AT_LEAST,
        },
      ],
    }
  } finally {
    await devnet.stop()
  }
}

/** Endpoints and withdrawn ones: an indexed address and number, and a text. */
async function makeEvents({ client, market, anvil, url }: Devnet, count: number): Promise<void> {
  const account = devAccount(1)
  const wallet = createWalletClient({ chain: client.chain, transport: http(url), account })
  const miner = account.address
  for (let made = 0; made < count; made += PER_BLOCK) {
    const calls = Array.from({ length: Math.min(PER_BLOCK, count - made) }, (_, i) =>
      encodeFunctionData({
        abi: marketAbi,
        functionName: 'setDefaultEndpoint',
        args: [miner, `https://host-${made + i}.example:4600`],
      }),
    )
    const hash = await wallet.writeContract({
      chain: client.chain ?? null,
      address: market,
      abi: marketAbi,
      functionName: 'multicall',
      args: [calls],
      gas: 29_000_000n,
    })
    await anvil.mine()
    const { status } = await client.getTransactionReceipt({ hash })
    if (status !== 'success') throw new Error(`The events ${made} and later were not made.`)
  }
}

async function measure(work: () => Promise<unknown>): Promise<Measured> {
  globalThis.gc?.()
  const cpu = process.cpuUsage()
  const started = process.hrtime.bigint()
  await work()
  const wall_s = Number(process.hrtime.bigint() - started) / 1e9
  const { user, system } = process.cpuUsage(cpu)
  return { wall_s, cpu_s: (user + system) / 1e6, rss_mib: Math.round(process.memoryUsage.rss() / 2 ** 20) }
}

/** Both have every event, with the same arguments in the same order. */
async function mustBeEqual(
  ours: { name: string; args: unknown }[],
  theirs: { eventName: string; args: unknown }[],
  count: number,
): Promise<void> {
  const text = (name: string, args: unknown) =>
    JSON.stringify([name, args], (_, value) => (typeof value === 'bigint' ? String(value) : value))
  const found = ours.filter(({ name }) => name === 'EndpointSet').length
  if (found !== count) throw new Error(`Our reader found ${found} of ${count} events.`)
  const differs = ours.findIndex(
    ({ name, args }, i) => text(name, args) !== text(theirs[i]?.eventName ?? '', theirs[i]?.args),
  )
  if (differs >= 0 || ours.length !== theirs.length) throw new Error(`Event ${differs} differs.`)
}
