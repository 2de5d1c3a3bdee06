import type { RawLog } from '@dmc/core/chain/decode-log'
import type { Address, Hex } from 'viem'
import type { Store } from '../store/open-store.ts'
import { decodeUrgency, encodeUrgency, type Urgency } from './urgency.ts'

export type TransactionState = 'recorded' | 'sent' | 'mined' | 'confirmed' | 'failed' | 'replaced'

/** One intent and the newest signed form of its transaction. */
export interface TransactionRow {
  intent: string
  chainId: number
  name: string
  subject: string
  sender: Address
  nonce: number
  target: Address
  data: Hex
  value: bigint
  gas: bigint
  maxFee: bigint
  priorityFee: bigint
  raw: Hex
  hash: Hex
  state: TransactionState
  createdMs: number
  /** Head when the nonce was chosen: whoever else used it did so later. */
  createdBlock: number
  signedMs: number
  blockNumber: bigint | null
  blockHash: Hex | null
  gasUsed: bigint | null
  feeWei: bigint | null
  logs: RawLog[] | null
  /** JSON of a DmcError. */
  error: string | null
  /** null: it is worth as much tomorrow. */
  urgency: Urgency | null
}

export type SignedRow = Omit<
  TransactionRow,
  'state' | 'blockNumber' | 'blockHash' | 'gasUsed' | 'feeWei' | 'logs' | 'error'
>

const OPEN = `('recorded','sent','mined')`

/** The transaction tables; every write is durable when it returns. */
export function transactionRows(store: Store) {
  const { db } = store
  const sql = {
    find: db.prepare('SELECT * FROM chain_transaction WHERE intent = ?'),
    open: db.prepare(`SELECT * FROM chain_transaction WHERE state IN ${OPEN} ORDER BY id`),
    record: db.prepare(
      `INSERT INTO chain_transaction (intent, chain_id, name, subject, sender, nonce, target, data, value, gas, max_fee,
         priority_fee, raw, hash, state, created_ms, created_block, signed_ms, urgency)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'recorded', ?, ?, ?, ?)
       ON CONFLICT (intent) DO UPDATE SET chain_id = excluded.chain_id, name = excluded.name, subject = excluded.subject,
         sender = excluded.sender, nonce = excluded.nonce, target = excluded.target, data = excluded.data,
         value = excluded.value, gas = excluded.gas, max_fee = excluded.max_fee, priority_fee = excluded.priority_fee,
         raw = excluded.raw, hash = excluded.hash, state = 'recorded', created_ms = excluded.created_ms,
         created_block = excluded.created_block, signed_ms = excluded.signed_ms, urgency = excluded.urgency, block_number = NULL, block_hash = NULL,
         gas_used = NULL, fee_wei = NULL, logs = NULL, error = NULL`,
    ),
    resign: db.prepare(
      'UPDATE chain_transaction SET raw = ?, hash = ?, max_fee = ?, priority_fee = ?, signed_ms = ? WHERE intent = ?',
    ),
    empty: db.prepare(
      'UPDATE chain_transaction SET target = ?, data = ?, value = ?, gas = ?, urgency = NULL WHERE intent = ?',
    ),
    attempt: db.prepare(
      'INSERT OR IGNORE INTO chain_attempt (hash, intent, nonce, raw, signed_ms) VALUES (?, ?, ?, ?, ?)',
    ),
    attempts: db.prepare(
      'SELECT hash FROM chain_attempt WHERE intent = ? AND nonce = ? ORDER BY signed_ms DESC, rowid DESC',
    ),
    state: db.prepare(
      'UPDATE chain_transaction SET state = ?, block_number = NULL, block_hash = NULL WHERE intent = ?',
    ),
    mined: db.prepare(
      `UPDATE chain_transaction SET state = 'mined', hash = ?, block_number = ?, block_hash = ? WHERE intent = ?`,
    ),
    finish: db.prepare(
      `UPDATE chain_transaction SET state = ?, hash = ?, block_number = ?, block_hash = ?, gas_used = ?, fee_wei = ?, logs = ?,
         error = ? WHERE intent = ?`,
    ),
    error: db.prepare('UPDATE chain_transaction SET error = ? WHERE intent = ?'),
    doneFrom: db.prepare(
      `SELECT * FROM chain_transaction WHERE sender = ? AND chain_id = ? AND nonce >= ? AND state IN ('confirmed','failed') ORDER BY nonce`,
    ),
    behind: db.prepare(
      `SELECT urgency, gas FROM chain_transaction
       WHERE sender = ? AND chain_id = ? AND nonce > ? AND state IN ${OPEN} AND urgency IS NOT NULL ORDER BY nonce LIMIT 1`,
    ),
    top: db.prepare(
      `SELECT MAX(CASE WHEN state IN ('confirmed','failed') THEN nonce END) AS done,
              MAX(CASE WHEN state IN ${OPEN} THEN nonce END) AS open,
              MIN(CASE WHEN state IN ${OPEN} THEN nonce END) AS lowest
       FROM chain_transaction WHERE sender = ? AND chain_id = ?`,
    ),
  }
  const addAttempt = (intent: string, nonce: number, raw: Hex, hash: Hex, signedMs: number) =>
    sql.attempt.run(hash, intent, nonce, raw, signedMs)

  return {
    find(intent: string): TransactionRow | null {
      const row = sql.find.get(intent)
      return row === undefined ? null : toRow(row)
    },
    /** Not yet confirmed, failed or replaced; oldest first. */
    open: (): TransactionRow[] => sql.open.all().map(toRow),
    /** Confirmed or failed ones of a sender from a nonce on; the lowest first. */
    doneFrom: (sender: Address, chainId: number, nonce: number): TransactionRow[] =>
      sql.doneFrom.all(sender, chainId, nonce).map(toRow),
    /** Before the first send: the intent, its nonce and the signed bytes. An ended form of the same intent is overwritten. */
    record(row: SignedRow): void {
      store.transaction(() => {
        sql.record.run(
          row.intent,
          row.chainId,
          row.name,
          row.subject,
          row.sender,
          row.nonce,
          row.target,
          row.data,
          String(row.value),
          String(row.gas),
          String(row.maxFee),
          String(row.priorityFee),
          row.raw,
          row.hash,
          row.createdMs,
          row.createdBlock,
          row.signedMs,
          encodeUrgency(row.urgency),
        )
        addAttempt(row.intent, row.nonce, row.raw, row.hash, row.signedMs)
      })
    },
    /** A dearer form of the same transaction with the same nonce. */
    resign(
      row: Pick<TransactionRow, 'intent' | 'nonce' | 'raw' | 'hash' | 'maxFee' | 'priorityFee' | 'signedMs'>,
    ): void {
      store.transaction(() => {
        sql.resign.run(
          row.raw,
          row.hash,
          String(row.maxFee),
          String(row.priorityFee),
          row.signedMs,
          row.intent,
        )
        addAttempt(row.intent, row.nonce, row.raw, row.hash, row.signedMs)
      })
    },
    /** An empty form with the same nonce takes the place of what has become worthless. */
    giveUp(
      row: Pick<
        TransactionRow,
        | 'intent'
        | 'nonce'
        | 'target'
        | 'data'
        | 'value'
        | 'gas'
        | 'raw'
        | 'hash'
        | 'maxFee'
        | 'priorityFee'
        | 'signedMs'
      >,
    ): void {
      store.transaction(() => {
        sql.empty.run(row.target, row.data, String(row.value), String(row.gas), row.intent)
        sql.resign.run(
          row.raw,
          row.hash,
          String(row.maxFee),
          String(row.priorityFee),
          row.signedMs,
          row.intent,
        )
        addAttempt(row.intent, row.nonce, row.raw, row.hash, row.signedMs)
      })
    },
    /** Hashes of every form with the row's nonce, newest first. */
    attempts: (intent: string, nonce: number): Hex[] =>
      sql.attempts.all(intent, nonce).map((row) => String(row.hash) as Hex),
    setState: (intent: string, state: 'recorded' | 'sent' | 'replaced') => void sql.state.run(state, intent),
    setMined: (intent: string, hash: Hex, blockNumber: bigint, blockHash: Hex) =>
      void sql.mined.run(hash, blockNumber, blockHash, intent),
    finish(
      intent: string,
      end: {
        state: 'confirmed' | 'failed'
        hash: Hex
        blockNumber: bigint
        blockHash: Hex
        gasUsed: bigint
        feeWei: bigint
        logs: RawLog[]
        error: string | null
      },
    ): void {
      sql.finish.run(
        end.state,
        end.hash,
        end.blockNumber,
        end.blockHash,
        String(end.gasUsed),
        String(end.feeWei),
        encodeLogs(end.logs),
        end.error,
        intent,
      )
    },
    /** The next of the same sender that waits behind this one and is urgent. */
    urgentBehind({ sender, chainId, nonce }: TransactionRow): { urgency: Urgency; gas: bigint } | null {
      const row = sql.behind.get(sender, chainId, nonce)
      const urgency = decodeUrgency(row?.urgency)
      return urgency === null ? null : { urgency, gas: BigInt(String(row?.gas)) }
    },
    setError: (intent: string, error: string | null) => void sql.error.run(error, intent),
    /** Nonces of a sender: the highest on confirmed chain, the highest and lowest still on their way; null when none. */
    nonces(
      sender: Address,
      chainId: number,
    ): { done: number | null; open: number | null; lowest: number | null } {
      return sql.top.get(sender, chainId) as {
        done: number | null
        open: number | null
        lowest: number | null
      }
    },
  }
}

export type TransactionRows = ReturnType<typeof transactionRows>

function encodeLogs(logs: readonly RawLog[]): string {
  return JSON.stringify(
    logs.map(({ address, topics, data, blockNumber, blockHash, logIndex, transactionHash }) => ({
      address,
      topics,
      data,
      blockNumber: blockNumber === null ? null : String(blockNumber),
      blockHash,
      logIndex,
      transactionHash,
    })),
  )
}

function decodeStoredLogs(text: string): RawLog[] {
  const logs = JSON.parse(text) as (Omit<RawLog, 'blockNumber'> & { blockNumber: string | null })[]
  return logs.map((log) => ({
    ...log,
    blockNumber: log.blockNumber === null ? null : BigInt(log.blockNumber),
  }))
}

function toRow(row: Record<string, unknown>): TransactionRow {
  const big = (value: unknown) => (value === null ? null : BigInt(String(value)))
  return {
    intent: String(row.intent),
    chainId: Number(row.chain_id),
    name: String(row.name),
    subject: String(row.subject),
    sender: row.sender as Address,
    nonce: Number(row.nonce),
    target: row.target as Address,
    data: row.data as Hex,
    value: BigInt(String(row.value)),
    gas: BigInt(String(row.gas)),
    maxFee: BigInt(String(row.max_fee)),
    priorityFee: BigInt(String(row.priority_fee)),
    raw: row.raw as Hex,
    hash: row.hash as Hex,
    state: row.state as TransactionState,
    createdMs: Number(row.created_ms),
    createdBlock: Number(row.created_block),
    signedMs: Number(row.signed_ms),
    blockNumber: big(row.block_number),
    blockHash: row.block_hash as Hex | null,
    gasUsed: big(row.gas_used),
    feeWei: big(row.fee_wei),
    logs: row.logs === null ? null : decodeStoredLogs(String(row.logs)),
    error: row.error as string | null,
    urgency: decodeUrgency(row.urgency),
  }
}
