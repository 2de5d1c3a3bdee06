import { reading } from '@dmc/core/chain/chain-error'
import type { MarketEvent } from '@dmc/core/chain/decode-log'
import { decodeLogs, type RawLog } from '@dmc/core/chain/decode-log'
import { type BlockEvents, NEAR, readHeaders, readLogRange } from '@dmc/core/chain/read-log-range'
import { DmcError } from '@dmc/core/errors/dmc-error'
import type { Address, Hex } from 'viem'
import type { Store } from '../store/open-store.ts'
import { backOff, rest } from './back-off.ts'
import { type BlockRow, cursorRows } from './cursor-rows.ts'
import type { RpcClient } from './rpc-client.ts'

export interface FollowLogsOptions {
  rpc: RpcClient
  store: Store
  market: Address
  /** The Market's block of creation, or any before the first event that matters. */
  fromBlock: bigint
  /** Which cursor; one per consumer. Default 'market'. */
  name?: string
  /** Default: the client's. */
  confirmations?: number
  /**
   * The Market's events of one confirmed block, in order. Runs inside the store transaction that moves the cursor, so what it writes
   * to the store happens exactly once; it must not wait for anything.
   */
  onEvents(events: MarketEvent[], block: { blockNumber: bigint; blockHash: Hex }): void
  /**
   * Blocks above `ancestor` were confirmed and are gone all the same: take back what came from them; the events of the new chain
   * follow. hash null: nothing that was read is left. Runs inside the store transaction that rewinds the cursor.
   */
  onReorg(ancestor: { blockNumber: bigint; blockHash: Hex | null }): void
  /** Events of blocks that are not confirmed yet, once each; may still vanish. For a quick reaction, never for money. */
  onHint?(events: MarketEvent[]): void
  /** Told when the chain can't be followed (once) and when it can again (null). */
  onTrouble?(error: DmcError | null): void
  signal: AbortSignal
  /** Blocks per request while catching up; default 2,000, halved when the node refuses. */
  chunk?: number
  /** First pause after a failed look; default 1 s, doubled up to 30 s. */
  firstBackOffMs?: number
}

/**
 * Follows the Market's logs until the signal aborts: confirmed blocks only, in order, each delivered at least once and never twice
 * into the store; survives RPC loss, heads that go back, nodes that contradict themselves, and reorgs deeper than the confirmations.
 * @throws whatever onEvents or onReorg threw, if it is not retryable
 */
export async function followLogs(options: FollowLogsOptions): Promise<void> {
  const { rpc, signal } = options
  const follower = createLogFollower(options)
  const pauses = backOff({ firstMs: options.firstBackOffMs ?? 1_000 })
  let troubled = false
  while (!signal.aborted) {
    let pause = rpc.pollMs
    try {
      if (await follower.step()) pause = 0
      pauses.reset()
      if (troubled) options.onTrouble?.(null)
      troubled = false
    } catch (error) {
      if (signal.aborted) return
      if (!DmcError.is(error) || !(error.retryable || error.code === 'WRONG_CHAIN')) throw error
      if (!troubled) options.onTrouble?.(error)
      troubled = true
      pause = pauses.next()
    }
    if (pause > 0) await rest(pause, signal)
  }
}

export interface LogFollower {
  /** Reads on once; true when there is more to read at once. @throws RPC_UNREACHABLE, RPC_BAD_ANSWER, CHAIN_STALE, WRONG_CHAIN */
  step(): Promise<boolean>
  /** The next block to be read. */
  nextBlock(): bigint
}

export function createLogFollower(options: FollowLogsOptions): LogFollower {
  const { rpc, store, market, onEvents, onReorg, onHint, signal } = options
  const confirmations = BigInt(options.confirmations ?? rpc.confirmations)
  const rows = cursorRows(store, options.name ?? 'market')
  const most = BigInt(options.chunk ?? 2_000)
  let chunk = most
  let hinted = new Set<string>()
  let hintedAt = -1n
  /** The newest block when there was nothing left to do. */
  let quietAt = -1n

  const cursor = rows.get()
  if (cursor === null || cursor.chainId !== rpc.chainId || cursor.market !== market.toLowerCase()) {
    store.transaction(() => rows.start(rpc.chainId, market, options.fromBlock))
  }
  const nextBlock = () => rows.get()?.nextBlock ?? options.fromBlock

  async function step(): Promise<boolean> {
    const head = await rpc.head(0)
    // what replaced blocks without a new one is seen with the next one; until then half of all questions are saved
    if (head === quietAt) return false
    quietAt = -1n
    const last = rows.last()
    if (last !== null && (await isGone(last, head))) {
      await rewind()
      return true
    }
    const next = nextBlock()
    const target = head - confirmations + 1n
    if (target < next) return rested(await hint(next, head), head)
    const far = target - next >= NEAR * 2n
    const to = far ? least(next + chunk - 1n, target - NEAR / 2n) : least(next + NEAR - 1n, target)
    const parent = last !== null && last.number === next - 1n ? last.hash : null
    let blocks: BlockEvents[] | null
    try {
      blocks = await readLogRange(rpc.client, { market, from: next, to, parent })
    } catch (error) {
      // Nodes limit ranges and results, each in its own words.
      if (!far || chunk <= NEAR || !DmcError.is(error) || error.code !== 'RPC_BAD_ANSWER') throw error
      chunk = chunk / 2n > NEAR ? chunk / 2n : NEAR
      return true
    }
    if (blocks === null || signal.aborted) return false
    chunk = least(chunk * 2n, most)
    deliver(blocks, to)
    if (to < target) return true
    return rested(await hint(to + 1n, head), head)
  }

  /** Nothing is left to read up to `head`, if the news of it came as well. */
  function rested(told: boolean, head: bigint): false {
    if (told) quietAt = head
    return false
  }

  function deliver(blocks: readonly BlockEvents[], to: bigint): void {
    for (const { number, hash, events } of blocks) {
      if (events.length === 0) continue
      store.transaction(() => {
        onEvents(events, { blockNumber: number, blockHash: hash })
        rows.add({ number, hash })
        rows.move(number + 1n)
      })
    }
    // nothing has happened in them: what a power cut takes back is read once more
    store.lightTransaction(() => {
      for (const { number, hash } of blocks) rows.add({ number, hash })
      rows.move(to + 1n)
    })
  }

  /** Is the last block that was read no longer on the chain? A node that is behind can't say. */
  async function isGone(last: BlockRow, head: bigint): Promise<boolean> {
    if (head < last.number) {
      throw new DmcError(
        'CHAIN_STALE',
        `The RPC’s newest block is ${head}; block ${last.number} was already read.`,
        {
          hint: 'The node is behind, or reorganises: it is asked again by itself. If it stays, use another RPC URL.',
        },
      )
    }
    const hashNow = async () => (await readHeaders(rpc.client, [last.number]))[0]?.hash
    const first = await hashNow()
    if (first === undefined || first === last.hash) return false
    // A single node may stand on a fork for a moment; confirmed blocks are not given up for one answer.
    await rest(rpc.pollMs, signal)
    const second = await hashNow()
    return second !== undefined && second === first
  }

  async function rewind(): Promise<void> {
    const known = rows.blocks()
    let ancestor: BlockRow | null = null
    for (let i = 0; i < known.length && ancestor === null; i += 16) {
      const part = known.slice(i, i + 16)
      const headers = await readHeaders(
        rpc.client,
        part.map((block) => block.number),
      )
      // No answer is not an answer: rewinding further than needed would be undone only by reading it all again.
      if (headers.includes(null)) return
      ancestor = part.find((block, j) => headers[j]?.hash === block.hash) ?? null
    }
    const number = ancestor?.number ?? options.fromBlock - 1n
    store.transaction(() => {
      onReorg({ blockNumber: number, blockHash: ancestor?.hash ?? null })
      rows.rewind(number)
    })
  }

  /** Quick news of unconfirmed blocks; false is a failure, and only means that they are late. */
  async function hint(from: bigint, head: bigint): Promise<boolean> {
    if (onHint === undefined || from > head || hintedAt === head) return true
    try {
      const logs = await reading('the newest events', () =>
        rpc.client.getLogs({ address: market, fromBlock: from, toBlock: head }),
      )
      const events = decodeLogs(market, logs as RawLog[])
      const ids = events.map((event) => `${event.blockHash}:${event.logIndex}`)
      const fresh = events.filter((_, i) => !hinted.has(ids[i] ?? ''))
      hinted = new Set(ids)
      hintedAt = head
      if (fresh.length > 0) onHint(fresh)
      return true
    } catch {
      return false
    }
  }

  return { step, nextBlock }
}

const least = (a: bigint, b: bigint) => (a < b ? a : b)
