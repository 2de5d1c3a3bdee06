import type { Address, Hex } from 'viem'
import type { Store } from '../store/open-store.ts'

export interface BlockRow {
  number: bigint
  hash: Hex
}

/** Hashes that are kept: how deep a reorg is found without reading everything again. */
export const KEPT_BLOCKS = 256n

/** How far one follower has read, and the hashes of the last blocks. Writes belong into the caller's store transaction. */
export function cursorRows(store: Store, name: string) {
  const { db } = store
  const sql = {
    get: db.prepare('SELECT chain_id, market, next_block FROM chain_cursor WHERE name = ?'),
    set: db.prepare(
      `INSERT INTO chain_cursor (name, chain_id, market, next_block) VALUES (?, ?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET chain_id = excluded.chain_id, market = excluded.market, next_block = excluded.next_block`,
    ),
    move: db.prepare('UPDATE chain_cursor SET next_block = ? WHERE name = ?'),
    last: db.prepare('SELECT number, hash FROM chain_block WHERE name = ? ORDER BY number DESC LIMIT 1'),
    blocks: db.prepare('SELECT number, hash FROM chain_block WHERE name = ? ORDER BY number DESC'),
    add: db.prepare('INSERT OR REPLACE INTO chain_block (name, number, hash) VALUES (?, ?, ?)'),
    prune: db.prepare('DELETE FROM chain_block WHERE name = ? AND number < ?'),
    drop: db.prepare('DELETE FROM chain_block WHERE name = ? AND number > ?'),
  }
  const toBlock = (row: Record<string, unknown>): BlockRow => ({
    number: BigInt(Number(row.number)),
    hash: row.hash as Hex,
  })
  return {
    get(): { chainId: number; market: string; nextBlock: bigint } | null {
      const row = sql.get.get(name)
      if (row === undefined) return null
      return {
        chainId: Number(row.chain_id),
        market: String(row.market),
        nextBlock: BigInt(Number(row.next_block)),
      }
    },
    start(chainId: number, market: Address, nextBlock: bigint): void {
      sql.set.run(name, chainId, market.toLowerCase(), nextBlock)
      sql.drop.run(name, -1)
    },
    /** The highest block that was read. */
    last(): BlockRow | null {
      const row = sql.last.get(name)
      return row === undefined ? null : toBlock(row)
    },
    /** Newest first. */
    blocks: (): BlockRow[] => sql.blocks.all(name).map(toBlock),
    add: (block: BlockRow) => void sql.add.run(name, block.number, block.hash),
    move(nextBlock: bigint): void {
      sql.move.run(nextBlock, name)
      sql.prune.run(name, nextBlock - KEPT_BLOCKS)
    },
    /** Forgets everything above `number`. */
    rewind(number: bigint): void {
      sql.drop.run(name, number)
      sql.move.run(number + 1n, name)
    },
  }
}
