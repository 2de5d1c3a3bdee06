import { reading, revertDataIn } from '@dmc/core/chain/chain-error'
import type { RawLog } from '@dmc/core/chain/decode-log'
import { decodeMarketError } from '@dmc/core/chain/market-errors'
import { DmcError } from '@dmc/core/errors/dmc-error'
import type { Hex, LocalAccount, TransactionReceipt } from 'viem'
import { broadcast } from './broadcast.ts'
import { noGas } from './check-balances.ts'
import { bumpFees, estimateFees, type Fees } from './estimate-fees.ts'
import { findNonceUser } from './find-nonce-user.ts'
import { signTransaction } from './sign-transaction.ts'
import type { TransactionRow, TransactionRows } from './transaction-rows.ts'
import type { SenderOptions, TransactionProgress } from './transaction-types.ts'
import { boldness, isLate, patience, timeLeft, type Urgency } from './urgency.ts'

/** What one look at a transaction found out. */
export type Look =
  /** `gapAt`: the chain waits for this lower nonce of the sender, and nothing that is known will use it. */
  | { kind: 'waiting'; gapAt?: number }
  | { kind: 'ended' }
  /** Its nonce was used by another transaction, confirmed: none of its signed forms can ever be mined. */
  | { kind: 'dead'; usedBy: Hex }
  /** Recorded, but the sender can't pay for it now. */
  | { kind: 'no-gas'; error: DmcError }

export interface FollowContext extends SenderOptions {
  rows: TransactionRows
  accountOf: (address: string) => LocalAccount | null
  progress: (intent: string, progress: TransactionProgress) => void
  /** When each intent was last handed to the chain, by this process (performance.now). */
  lastSent: Map<string, number>
  /** Recorded by this process a moment ago, when the chain was asked for everything: nothing but sending is left to do. */
  fresh: Set<string>
  /** When a dearer form of each intent was last thought of, by this process (Date.now). */
  lastBump: Map<string, number>
  /** What was already written into the journal: a trouble that stays is told once. */
  noted: Set<string>
}

/**
 * Looks at one recorded transaction once and does what is next: sends it (again), notes that it was mined, dropped by a reorg,
 * confirmed or reverted, offers more for gas, or finds that its nonce was used by somebody else.
 * @throws RPC_UNREACHABLE, RPC_BAD_ANSWER, WRONG_CHAIN
 */
export async function followTransaction(context: FollowContext, row: TransactionRow): Promise<Look> {
  const { rpc, rows } = context
  if (context.fresh.delete(row.intent)) return send(context, row)
  const head = await rpc.head(0)
  const receipt = await findReceipt(context, row)
  if (receipt !== null) return noteReceipt(context, row, receipt, head)
  if (row.state === 'mined') {
    rows.setState(row.intent, 'sent')
    note(
      context,
      row,
      'warning',
      'tx-reorg',
      `A reorg took ${row.name} (${row.hash}) off the chain; it is sent again.`,
    )
    return (await isTooLate(context, row)) ? giveUp(context, row) : send(context, { ...row, state: 'sent' })
  }
  const used = await reading(`the nonce of ${row.sender}`, () =>
    rpc.client.getTransactionCount({ address: row.sender, blockTag: 'latest' }),
  )
  if (used > row.nonce) return whoUsedNonce(context, row, head)
  if (await isTooLate(context, row)) return giveUp(context, row)
  const sentAt = context.lastSent.get(row.intent)
  const again = context.rebroadcastMs ?? Math.max(3_000, rpc.pollMs * 10)
  if (row.state === 'recorded' || sentAt === undefined || performance.now() - sentAt > again) {
    const look = await send(context, row)
    if (look.kind !== 'waiting') return look
  }
  if (used < row.nonce && rows.nonces(row.sender, row.chainId).lowest === row.nonce) {
    return { kind: 'waiting', gapAt: used }
  }
  // only the next of its sender can be mined now; what waits for it behind it lends it its hurry
  const pressed = used === row.nonce ? pressureOn(context, row) : null
  const wait =
    pressed === null
      ? (context.bumpAfterMs ?? 90_000)
      : patience(pressed.urgency, await chainTime(context), {
          otherwiseMs: context.bumpAfterMs ?? 90_000,
          pollMs: rpc.pollMs,
        })
  if (used === row.nonce && Date.now() - row.signedMs > wait) await offerMore(context, row, pressed)
  return { kind: 'waiting' }
}

interface Pressure {
  urgency: Urgency
  /** Units of gas of what is urgent. */
  gas: bigint
}

function pressureOn({ rows }: FollowContext, row: TransactionRow): Pressure | null {
  return row.urgency === null ? rows.urgentBehind(row) : { urgency: row.urgency, gas: row.gas }
}

const chainTime = (context: FollowContext): Promise<bigint> =>
  reading(
    'the newest block',
    async () => (await context.rpc.client.getBlock({ blockTag: 'latest' })).timestamp,
  )

async function isTooLate(context: FollowContext, row: TransactionRow): Promise<boolean> {
  if (row.urgency === null) return false
  return isLate(row.urgency, await chainTime(context))
}

/** Its time is over: an empty transaction uses its nonce up, so that what comes after it is not held up, and gas is not wasted. */
async function giveUp(context: FollowContext, row: TransactionRow): Promise<Look> {
  const account = context.accountOf(row.sender)
  if (account === null) return { kind: 'waiting' }
  const old = { maxFeePerGas: row.maxFee, maxPriorityFeePerGas: row.priorityFee }
  const fees = bumpFees(old, await estimateFees(context.rpc.client))
  const empty = { target: row.sender, data: '0x', value: 0n, gas: 21_000n } as const
  const { raw, hash } = await signTransaction(account, { ...row, ...empty, ...fees })
  context.rows.giveUp({
    intent: row.intent,
    nonce: row.nonce,
    ...empty,
    raw,
    hash,
    maxFee: fees.maxFeePerGas,
    priorityFee: fees.maxPriorityFeePerGas,
    signedMs: Date.now(),
  })
  note(
    context,
    row,
    'warning',
    'tx-late',
    `The time of ${row.name} is over and it was not mined; an empty transaction (${hash}) uses its nonce up.`,
  )
  await broadcast(context.rpc.client, raw)
  return { kind: 'waiting' }
}

/** The receipt of whichever signed form was mined, if its block is on the node's chain. */
async function findReceipt(context: FollowContext, row: TransactionRow): Promise<TransactionReceipt | null> {
  const { client } = context.rpc
  const hashes = context.rows.attempts(row.intent, row.nonce)
  const receipts = await reading(`transaction ${row.hash}`, () =>
    Promise.all(
      hashes.map((hash) =>
        client.getTransactionReceipt({ hash }).catch((error: unknown) => {
          if ((error as { name?: string }).name === 'TransactionReceiptNotFoundError') return null
          throw error
        }),
      ),
    ),
  )
  const receipt = receipts.find((candidate) => candidate !== null) ?? null
  if (receipt === null) return null
  // A node in the middle of a reorg may still hand out receipts of blocks that it has left.
  const block = await reading(`block ${receipt.blockNumber}`, () => blockHashAt(context, receipt.blockNumber))
  return block === receipt.blockHash ? receipt : null
}

async function blockHashAt(context: FollowContext, blockNumber: bigint): Promise<Hex | null> {
  try {
    return (await context.rpc.client.getBlock({ blockNumber })).hash
  } catch (error) {
    if ((error as { name?: string }).name === 'BlockNotFoundError') return null
    throw error
  }
}

async function noteReceipt(
  context: FollowContext,
  row: TransactionRow,
  receipt: TransactionReceipt,
  head: bigint,
): Promise<Look> {
  const { rpc, rows } = context
  const { transactionHash: hash, blockNumber, blockHash, gasUsed } = receipt
  rpc.noteHead(blockNumber)
  const depth = head < blockNumber ? 1n : head - blockNumber + 1n
  const wanted = rpc.confirmations
  const progress = { name: row.name, hash, confirmations: Math.min(Number(depth), wanted), wanted, gasUsed }
  if (row.state !== 'mined' || row.blockHash !== blockHash)
    rows.setMined(row.intent, hash, blockNumber, blockHash)
  if (depth < BigInt(wanted)) {
    context.progress(row.intent, { ...progress, state: 'mined' })
    return { kind: 'waiting' }
  }
  const succeeded = receipt.status === 'success'
  const error = succeeded ? null : await whyReverted(context, row, blockNumber)
  const feeWei = gasUsed * receipt.effectiveGasPrice
  const end = { hash, blockNumber, blockHash, gasUsed, feeWei, logs: receipt.logs as RawLog[] }
  rows.finish(row.intent, {
    ...end,
    state: succeeded ? 'confirmed' : 'failed',
    error: error === null ? null : JSON.stringify(error),
  })
  if (error !== null)
    note(
      context,
      row,
      'error',
      'tx-reverted',
      `${row.name} (${hash}) was mined and reverted: ${error.message}`,
    )
  context.progress(row.intent, { ...progress, state: 'confirmed' })
  return { kind: 'ended' }
}

/** The same call on the state around its block usually fails for the same reason. */
async function whyReverted(
  context: FollowContext,
  row: TransactionRow,
  blockNumber: bigint,
): Promise<DmcError> {
  const { sender: account, target: to, data, value } = row
  for (const at of [blockNumber - 1n, blockNumber]) {
    try {
      await context.rpc.client.call({ account, to, data, value, blockNumber: at })
    } catch (error) {
      const revert = revertDataIn(error)
      if (revert !== null) return decodeMarketError(revert)
    }
  }
  return new DmcError(
    'TX_REVERTED',
    `${row.name} was mined in block ${blockNumber}, but reverted; alone it would not have.`,
    {
      hint: 'Something else in the same block changed its ground, or its gas ran out: try again.',
    },
  )
}

async function send(context: FollowContext, row: TransactionRow): Promise<Look> {
  const { rows, rpc } = context
  const outcome = await broadcast(rpc.client, row.raw)
  context.lastSent.set(row.intent, performance.now())
  if (outcome.kind === 'no-gas') {
    const have = await reading('a balance', () => rpc.client.getBalance({ address: row.sender }))
    return { kind: 'no-gas', error: noGas(row.sender, have, row.gas * row.maxFee + row.value) }
  }
  if (outcome.kind === 'refused') {
    noteOnce(
      context,
      row,
      'tx-refused',
      `The node does not take ${row.name} (${row.hash}): ${outcome.reason}. It is tried again.`,
    )
  }
  if (outcome.kind === 'outbid') {
    // Another host with the same key: no bidding against it. Its transaction is mined, then ours gets the next nonce.
    noteOnce(
      context,
      row,
      'tx-outbid',
      `Another transaction with nonce ${row.nonce} of ${row.sender} waits to be mined; ${row.name} waits for it.`,
    )
  }
  if (row.state === 'recorded' && outcome.kind === 'taken') rows.setState(row.intent, 'sent')
  if (outcome.kind === 'taken') {
    context.progress(row.intent, {
      name: row.name,
      hash: row.hash,
      state: 'sent',
      confirmations: 0,
      wanted: rpc.confirmations,
    })
  }
  return { kind: 'waiting' }
}

/** Signs a dearer form with the same nonce, records it, and sends it: whichever is mined, the intent happens once. */
async function offerMore(
  context: FollowContext,
  row: TransactionRow,
  pressed: Pressure | null,
): Promise<void> {
  const account = context.accountOf(row.sender)
  if (account === null) return
  const old = { maxFeePerGas: row.maxFee, maxPriorityFeePerGas: row.priorityFee }
  const today = await estimateFees(context.rpc.client)
  const left = pressed === null ? 1 : timeLeft(pressed.urgency, await chainTime(context))
  const fees = bumpFees(old, today, boldness(left))
  const cap = mostFor(context, today, left, pressed)
  if (fees.maxFeePerGas > cap) {
    const dearest = { maxFeePerGas: cap, maxPriorityFeePerGas: smaller(fees.maxPriorityFeePerGas, cap) }
    const least = bumpFees(old, old)
    // what is left up to the cap, if nodes take that for a replacement
    if (
      pressed === null ||
      cap < least.maxFeePerGas ||
      dearest.maxPriorityFeePerGas < least.maxPriorityFeePerGas
    ) {
      noteOnce(
        context,
        row,
        'tx-fee-cap',
        `${row.name} (${row.hash}) waits; more than ${cap} wei for a unit of gas is not offered.`,
      )
      return
    }
    Object.assign(fees, dearest)
  }
  const { raw, hash } = await signTransaction(account, { ...row, ...fees })
  context.rows.resign({
    intent: row.intent,
    nonce: row.nonce,
    raw,
    hash,
    maxFee: fees.maxFeePerGas,
    priorityFee: fees.maxPriorityFeePerGas,
    signedMs: Date.now(),
  })
  note(
    context,
    row,
    'info',
    'tx-bumped',
    `${row.name} was not mined yet; it is sent with a higher fee as ${hash}.`,
  )
  await broadcast(context.rpc.client, raw)
}

async function whoUsedNonce(context: FollowContext, row: TransactionRow, head: bigint): Promise<Look> {
  const to = head - BigInt(context.rpc.confirmations - 1)
  const user = await findNonceUser(context.rpc.client, {
    account: row.sender,
    nonce: row.nonce,
    from: BigInt(row.createdBlock),
    to,
  })
  // Not confirmed yet, or one of our own forms whose receipt the node does not show: both are a matter of time.
  if (user === null || context.rows.attempts(row.intent, row.nonce).includes(user.hash))
    return { kind: 'waiting' }
  return { kind: 'dead', usedBy: user.hash }
}

/** The most for a unit of gas. */
function mostFor(context: FollowContext, today: Fees, left: number, pressed: Pressure | null): bigint {
  // More than four times today's price would not make it any faster: something else holds it up.
  const usual = today.maxFeePerGas * 4n
  if (pressed === null) return smaller(context.maxFeePerGas ?? 500_000_000_000n, usual)
  const stake = pressed.urgency.mostWei / pressed.gas
  return left > 0.25 ? smaller(stake, usual) : stake
}

const smaller = (a: bigint, b: bigint) => (a < b ? a : b)

export function noteOnce(context: FollowContext, row: TransactionRow, event: string, message: string): void {
  const key = `${row.intent} ${event} ${message}`
  if (context.noted.has(key)) return
  context.noted.add(key)
  note(context, row, 'warning', event, message)
}

export function note(
  context: Pick<FollowContext, 'journal'>,
  row: Pick<TransactionRow, 'subject' | 'intent' | 'hash' | 'nonce'>,
  level: 'info' | 'warning' | 'error',
  event: string,
  message: string,
): void {
  const data = { intent: row.intent, hash: row.hash, nonce: row.nonce }
  context.journal.add({ level, event, subject: row.subject, message, data })
}
