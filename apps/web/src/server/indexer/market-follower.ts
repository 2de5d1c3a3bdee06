import { reading } from '@dmc/core/chain/chain-error'
import { checkMarket } from '@dmc/core/chain/check-market'
import { type BlockEvents, NEAR, readHeaders, readLogRange } from '@dmc/core/chain/read-log-range'
import { readParameters, readToken } from '@dmc/core/chain/read-parameters'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { listBlocks } from '@dmc/db/chain/list-blocks'
import { noteHead } from '@dmc/db/chain/note-head'
import { pruneBlocks } from '@dmc/db/chain/prune-blocks'
import { type ChainStateRow, readChainState } from '@dmc/db/chain/read-chain-state'
import { startChain } from '@dmc/db/chain/start-chain'
import type { BlockRow } from '@dmc/db/market/rows'
import type { Database } from '@dmc/db/open-database'
import type { Address, PublicClient } from 'viem'
import { findAncestor } from './find-ancestor.ts'
import { findDeploymentBlock } from './find-deployment-block.ts'
import { indexBlocks } from './index-blocks.ts'
import { rollBack } from './roll-back.ts'

export interface MarketFollowerOptions {
  db: Database
  client: PublicClient
  chainId: number
  market: Address
  /** Absent: it is searched. */
  deploymentBlock?: bigint | undefined
  /** Blocks per request while catching up; default 5,000, halved when the node refuses. */
  chunk?: number | undefined
  /** How long to wait for a second look before a deep reorg is believed; default 500 ms. */
  secondLookMs?: number | undefined
}

export interface MarketFollower {
  /**
   * Looks at the chain once and writes what is next; true when there is more to do at once.
   * @throws RPC_UNREACHABLE, RPC_BAD_ANSWER, CHAIN_STALE, WRONG_CHAIN, NOT_A_DMC_MARKET
   */
  step(): Promise<boolean>
  /** Forgets what was read and begins again at the deployment block with the next step. */
  forget(): void
}

/** The channel on which each new head is told, as its number. */
export const HEAD_CHANNEL = 'head'

/** Blocks without events are kept for so long: deeper reorgs are found by the blocks with events. */
const KEPT_BLOCKS = 4_096n

/**
 * Follows the Market's logs into the database, up to the head: unconfirmed blocks too, since rows carry their block and a reorg is
 * rolled back. Where it stands is in the database alone, so it may be killed at any moment.
 */
export function createMarketFollower(options: MarketFollowerOptions): MarketFollower {
  const { db, client, chainId, market } = options
  const most = BigInt(options.chunk ?? 5_000)
  let chunk = most
  /** Hash of the head that was told: a reorg may put another block at the same height. */
  let told: string | null = null
  let prunedAt = 0n
  let begun = false

  async function step(): Promise<boolean> {
    const head = await reading('the newest block', () => client.getBlock({ blockTag: 'latest' }))
    const state = begun ? await readChainState(db.prisma) : null
    if (state === null) {
      await begin(head.number)
      begun = true
      return true
    }
    if (head.hash !== told) {
      await noteHead(db.prisma, head)
      await db.notify(HEAD_CHANNEL, String(head.number))
      told = head.hash
    }
    const last = state.nextBlock - 1n
    const [newest] = await listBlocks(db.prisma, { upTo: least(last, head.number), limit: 1 })
    if (newest !== undefined) {
      const [header] = await readHeaders(client, [newest.number])
      if (header === null || header === undefined) return false
      if (header.hash !== newest.hash) return rewind(state, head.number)
    }
    if (head.number < last) throw stale(head.number, last)
    if (head.number === last) return false
    return read(state, newest ?? null, head.number)
  }

  async function read(state: ChainStateRow, newest: BlockRow | null, head: bigint): Promise<boolean> {
    const { nextBlock: from, parameters } = state
    const far = head - from >= NEAR * 2n
    const to = far ? least(from + chunk - 1n, head - NEAR / 2n) : least(from + NEAR - 1n, head)
    const parent = newest !== null && newest.number === from - 1n ? (newest.hash as `0x${string}`) : null
    let blocks: BlockEvents[] | null
    try {
      blocks = await readLogRange(client, { market, from, to, parent })
    } catch (error) {
      // Nodes limit ranges and results, each in its own words.
      if (!far || chunk <= NEAR || !DmcError.is(error) || error.code !== 'RPC_BAD_ANSWER') throw error
      chunk = chunk / 2n > NEAR ? chunk / 2n : NEAR
      return true
    }
    if (blocks === null) return false
    chunk = least(chunk * 2n, most)
    for (const part of partsOf(blocks, from, to)) {
      if (!(await indexBlocks(db, { ...part, parameters }))) return true
    }
    if (to - prunedAt > KEPT_BLOCKS / 4n) {
      await pruneBlocks(db.prisma, to - KEPT_BLOCKS)
      prunedAt = to
    }
    return to < head
  }

  async function rewind(state: ChainStateRow, head: bigint): Promise<boolean> {
    const found = await findAncestor(options, { upTo: least(state.nextBlock - 1n, head), head })
    if (found === 'unknown') return false
    if (found === 'none') {
      begun = false
      forgotten = true
      return true
    }
    await rollBack(db, { ancestor: found, position: state.nextBlock, parameters: state.parameters })
    return true
  }

  let forgotten = false

  /** The database's chain is ours, or becomes it. */
  async function begin(head: bigint): Promise<void> {
    const actual = await reading('the chain’s id', () => client.getChainId())
    if (actual !== chainId) throw wrongChain(chainId, actual)
    await checkMarket(client, market)
    const known = forgotten ? null : await readChainState(db.prisma)
    if (known !== null && known.chainId === BigInt(chainId) && known.market === market) return
    const [token, parameters] = await Promise.all([
      readToken(client, { market }),
      readParameters(client, { market }),
    ])
    const deploymentBlock = options.deploymentBlock ?? (await findDeploymentBlock(client, market, head))
    await db.transaction((tx) =>
      startChain(tx, { chainId: BigInt(chainId), market, token, deploymentBlock, parameters }),
    )
    forgotten = false
    told = null
  }

  return {
    step,
    forget() {
      begun = false
      forgotten = true
    },
  }
}

/** So many events go into one transaction, and not many more. */
const AT_ONCE = 2_000

/** The range in parts of whole blocks, none with too many events. */
function partsOf(blocks: readonly BlockEvents[], from: bigint, to: bigint) {
  const parts: { from: bigint; to: bigint; blocks: BlockEvents[] }[] = []
  let part = { from, to, blocks: [] as BlockEvents[] }
  let events = 0
  for (const block of blocks) {
    part.blocks.push(block)
    events += block.events.length
    if (events < AT_ONCE || block.number === to) continue
    parts.push({ ...part, to: block.number })
    part = { from: block.number + 1n, to, blocks: [] }
    events = 0
  }
  return [...parts, part]
}

const least = (a: bigint, b: bigint) => (a < b ? a : b)

const stale = (head: bigint, read: bigint) =>
  new DmcError('CHAIN_STALE', `The RPC’s newest block is ${head}; block ${read} was already read.`, {
    hint: 'The node is behind, or reorganises: it is asked again by itself. If it stays, use another RPC URL.',
  })

const wrongChain = (wanted: number, actual: number) =>
  new DmcError('WRONG_CHAIN', `The RPC is of chain ${actual}; the dashboard is for chain ${wanted}.`, {
    hint: 'Check DMC_RPC_URLS and DMC_CHAIN_ID.',
  })
