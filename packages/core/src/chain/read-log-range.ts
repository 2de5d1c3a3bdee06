import { type Address, type Hex, hexToBytes, keccak256, type PublicClient } from 'viem'
import { reading } from './chain-error.ts'
import { decodeLog, type MarketEvent, type RawLog } from './decode-log.ts'

export interface BlockHeader {
  number: bigint
  hash: Hex
  parentHash: Hex
  logsBloom: Hex | null
  /** Unix seconds. */
  timestamp: bigint
}

export interface BlockEvents {
  number: bigint
  hash: Hex
  /** Unix seconds. */
  timestamp: bigint
  /** In log order; may be empty. */
  events: MarketEvent[]
}

/** Up to so many blocks are read header by header. */
export const NEAR = 64n

/**
 * The Market's events of blocks `from`..`to`, each block whole and all of one chain; null when the node's answers do not fit together
 * (it reorganises, or two nodes answer in turn): read again later.
 *
 * Few blocks: every header is read, the parents are followed from `parent` on, and a block whose bloom filter speaks of the Market is
 * asked for its logs by hash, so that a node that lags can't pass it off as empty. Many blocks: one range, its end read before and
 * after, and the blocks that have logs. Blocks without events are listed only among few.
 */
export async function readLogRange(
  client: PublicClient,
  range: { market: Address; from: bigint; to: bigint; parent: Hex | null },
): Promise<BlockEvents[] | null> {
  const { market, from, to } = range
  const near = to - from < NEAR
  const numbers = near ? Array.from({ length: Number(to - from) + 1 }, (_, i) => from + BigInt(i)) : [to]
  const headers = new Map<bigint, BlockHeader>()
  const read = async (wanted: readonly bigint[]) => {
    for (const header of await readHeaders(client, wanted)) {
      if (header === null) return false
      const known = headers.get(header.number)
      if (known !== undefined && known.hash !== header.hash) return false
      headers.set(header.number, header)
    }
    return true
  }
  if (!(await read(numbers))) return null
  if (
    near &&
    !linked(
      numbers.map((number) => headers.get(number)),
      range.parent,
    )
  )
    return null

  const logs = await reading(`the events of blocks ${from} to ${to}`, () =>
    readLogs(client, market, near ? [[from, to]] : partsOf(from, to)),
  )
  if (!(await read(near ? [to] : [to, ...new Set(logs.map((log) => log.blockNumber))]))) return null

  const blocks = new Map<bigint, BlockEvents>()
  for (const { number, hash, timestamp } of headers.values())
    blocks.set(number, { number, hash, timestamp, events: [] })
  if (!(await fillSilent(client, market, near ? [...headers.values()] : [], logs))) return null
  for (const log of logs) {
    const block = log.blockNumber === null ? undefined : blocks.get(log.blockNumber)
    if (block === undefined || block.hash !== log.blockHash) return null
    const event = decodeLog(market, log as RawLog)
    if (event !== null) block.events.push(event)
  }
  const ordered = [...blocks.values()].sort((a, b) => (a.number < b.number ? -1 : 1))
  for (const { events } of ordered) events.sort((a, b) => a.logIndex - b.logIndex)
  return ordered
}

/** A long range in parts that are asked for at once: what one part's blocks say is read while the node looks for the next one's. */
const PARTS = 4n

function partsOf(from: bigint, to: bigint): [bigint, bigint][] {
  const length = (to - from) / PARTS + 1n
  const parts: [bigint, bigint][] = []
  for (let first = from; first <= to; first += length)
    parts.push([first, first + length - 1n < to ? first + length - 1n : to])
  return parts
}

async function readLogs(client: PublicClient, market: Address, ranges: readonly [bigint, bigint][]) {
  const parts = await Promise.all(
    ranges.map(async ([fromBlock, toBlock], i) => {
      // calls of one tick travel as one batch, and that is answered as a whole
      if (i > 0) await new Promise((resolve) => setTimeout(resolve, i * 2))
      return client.getLogs({ address: market, fromBlock, toBlock })
    }),
  )
  return parts.flat()
}

export async function readHeaders(
  client: PublicClient,
  numbers: readonly bigint[],
): Promise<(BlockHeader | null)[]> {
  return reading('blocks', () =>
    Promise.all(
      numbers.map(async (blockNumber) => {
        try {
          const { number, hash, parentHash, logsBloom, timestamp } = await client.getBlock({ blockNumber })
          return number === blockNumber ? { number, hash, parentHash, logsBloom, timestamp } : null
        } catch (error) {
          if ((error as { name?: string }).name === 'BlockNotFoundError') return null
          throw error
        }
      }),
    ),
  )
}

function linked(headers: readonly (BlockHeader | undefined)[], parent: Hex | null): boolean {
  let before = parent
  for (const header of headers) {
    if (header === undefined || (before !== null && header.parentHash !== before)) return false
    before = header.hash
  }
  return true
}

type Logs = { blockNumber: bigint | null; blockHash: Hex | null }[]

/** Asks by hash for the logs of blocks that should have some and show none; adds them to `logs`. False when a node refuses. */
async function fillSilent(
  client: PublicClient,
  market: Address,
  headers: readonly BlockHeader[],
  logs: Logs,
): Promise<boolean> {
  const heard = new Set(logs.map((log) => log.blockNumber))
  const silent = headers.filter(
    ({ number, logsBloom }) => !heard.has(number) && mayConcern(logsBloom, market),
  )
  try {
    const found = await Promise.all(
      silent.map(({ hash }) => client.getLogs({ address: market, blockHash: hash })),
    )
    for (const more of found) logs.push(...more)
    return true
  } catch {
    return false
  }
}

/** Could a block with this bloom filter have a log of the address? (Yellow Paper 4.4.3: three bits of the address's hash.) */
export function mayConcern(bloom: Hex | null, address: Address): boolean {
  if (bloom === null || bloom.length !== 514) return true
  const filter = hexToBytes(bloom)
  const hash = hexToBytes(keccak256(address))
  return [0, 2, 4].every((at) => {
    const bit = (((hash[at] ?? 0) << 8) | (hash[at + 1] ?? 0)) & 2047
    return ((filter[255 - (bit >> 3)] ?? 0) & (1 << (bit & 7))) !== 0
  })
}
