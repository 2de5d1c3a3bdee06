import { reading } from '@dmc/core/chain/chain-error'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import type { Address, LocalAccount } from 'viem'
import { backOff, interrupted, rest } from './back-off.ts'
import { type FollowContext, followTransaction, note, noteOnce } from './follow-transaction.ts'
import { type RecordOptions, recordTransaction, type Wish } from './record-transaction.ts'
import { outcomeOf } from './transaction-result.ts'
import { type TransactionRow, transactionRows } from './transaction-rows.ts'
import type {
  SenderOptions,
  SendOptions,
  TransactionProgress,
  TransactionRequest,
  TransactionResult,
} from './transaction-types.ts'

export interface TransactionSender {
  /**
   * Sends a transaction at most once per intent and resolves when it has its confirmations. Simulated, checked and signed with an
   * explicit nonce, then recorded, then sent; after a crash the recorded bytes are sent again.
   * @throws TX_REVERTED and the Market's codes, NO_GAS, NO_TOKEN, NO_ALLOWANCE (nothing was sent), TX_DROPPED (not mined within the
   * caller's patience; it is followed on), CHAIN_STALE, RPC_UNREACHABLE, RPC_BAD_ANSWER, WRONG_CHAIN, INTERRUPTED
   */
  send(request: TransactionRequest, options?: SendOptions): Promise<TransactionResult>
  /** The result of an intent that is confirmed; 'pending' while it is on its way; null when it was never sent or failed. */
  find(intent: string): TransactionResult | 'pending' | null
  /**
   * Waits for an intent that is on its way or confirmed; null when there is nothing to wait for: never sent, reverted or overtaken.
   * Lets a verb go on after a restart without looking at balances that its own transaction has changed.
   */
  join(intent: string, options?: SendOptions): Promise<TransactionResult> | null
  /** What is on its way, oldest first. */
  pending(): { intent: string; name: string; subject: string; hash: `0x${string}`; sinceMs: number }[]
  /**
   * A reorg deeper than the confirmations: what was confirmed and is not on the chain any more is followed again, the same signed
   * bytes with the same nonces. @returns how many
   */
  reopenLost(sender: Address): Promise<number>
  /** After a start: follows everything recorded before to its end, in the background. */
  resumeTransactions(): void
  /** Stops following; nothing is lost. */
  close(): Promise<void>
}

interface Watch {
  done: Promise<TransactionResult>
  listeners: Set<(progress: TransactionProgress) => void>
  /** Rejects the callers that wait now; the transaction itself is followed on. */
  tell: Set<(error: DmcError) => void>
}

export function createTransactionSender(options: SenderOptions): TransactionSender {
  const { store, rpc, market } = options
  const rows = transactionRows(store)
  const accounts = new Map<string, LocalAccount>()
  const watches = new Map<string, Watch>()
  const queues = new Map<string, Promise<unknown>>()
  const stop = new AbortController()
  const addAccount = (account: LocalAccount) => accounts.set(account.address.toLowerCase(), account)
  for (const account of options.accounts ?? []) addAccount(account)

  const context: FollowContext = {
    ...options,
    rows,
    accountOf: (address) => accounts.get(address.toLowerCase()) ?? null,
    lastSent: new Map(),
    fresh: new Set(),
    lastBump: new Map(),
    noted: new Set(),
    progress: (intent, progress) => {
      for (const listener of watches.get(intent)?.listeners ?? []) listener(progress)
    },
  }

  /** One at a time per sender: nonces are given in order and none is given twice. */
  function inQueue<T>(sender: Address, work: () => Promise<T>): Promise<T> {
    const before = queues.get(sender) ?? Promise.resolve()
    const next = before.then(work, work)
    queues.set(
      sender,
      next.catch(() => {}),
    )
    return next
  }

  const record = async (wish: Wish, account: LocalAccount, how: RecordOptions = {}) => {
    await recordTransaction(context, stop.signal, wish, account, how)
    // what is worth something only until a time is looked at first
    if (wish.urgency === null) context.fresh.add(wish.intent)
  }

  function watch(intent: string): Watch {
    const known = watches.get(intent)
    if (known !== undefined) return known
    const fresh: Watch = { done: Promise.resolve() as never, listeners: new Set(), tell: new Set() }
    watches.set(intent, fresh)
    fresh.done = drive(intent, fresh).finally(() => watches.delete(intent))
    fresh.done.catch(() => {})
    return fresh
  }

  /** Follows one intent to its end: through RPC losses, reorgs, drops and a nonce that somebody else used. */
  async function drive(intent: string, watchers: Watch): Promise<TransactionResult> {
    const pauses = backOff({ firstMs: options.firstBackOffMs ?? 1_000 })
    let gapSince = Number.POSITIVE_INFINITY
    for (;;) {
      if (stop.signal.aborted) throw interrupted()
      const row = rows.find(intent)
      if (row === null) throw new DmcError('BUG', `Intent ${intent} has no row.`, { hint: 'Report this.' })
      const outcome = outcomeOf(row, market)
      if (outcome !== null) {
        if ('result' in outcome) return outcome.result
        throw outcome.error
      }
      let pause = rpc.pollMs
      try {
        const look = await followTransaction(context, row)
        pauses.reset()
        if (look.kind === 'ended') continue
        if (look.kind === 'dead') {
          await renew(row, look.usedBy)
          continue
        }
        if (look.kind === 'waiting' && look.gapAt !== undefined) {
          gapSince = Math.min(gapSince, Date.now())
          if (Date.now() - gapSince > (options.fillGapAfterMs ?? 180_000)) await fillGap(row, look.gapAt)
        } else gapSince = Number.POSITIVE_INFINITY
        if (look.kind === 'no-gas') {
          for (const tell of watchers.tell) tell(look.error)
          pause = pauses.next()
        }
      } catch (thrown) {
        if (stop.signal.aborted) throw interrupted()
        const error = toDmcError(thrown)
        if (error.code === 'BUG') {
          note(context, row, 'error', 'tx-bug', `${row.name} is not followed any more: ${error.message}`)
          throw error
        }
        noteOnce(context, row, 'tx-waiting', `${row.name} (${row.hash}) waits: ${error.message}`)
        pause = pauses.next()
      }
      await rest(pause, stop.signal)
    }
  }

  /** Its nonce is gone for good: the same wish with a new nonce, if it still makes sense. */
  async function renew(row: TransactionRow, usedBy: string): Promise<void> {
    note(
      context,
      row,
      'warning',
      'tx-nonce-used',
      `Nonce ${row.nonce} of ${row.sender} was used by ${usedBy}; ${row.name} gets a new one.`,
    )
    const account = context.accountOf(row.sender)
    const giveUp = (error: DmcError) => {
      rows.setError(row.intent, JSON.stringify(error))
      rows.setState(row.intent, 'replaced')
    }
    if (row.intent.startsWith(FILL))
      return giveUp(new DmcError('TX_DROPPED', 'The gap was filled by another.', { hint: 'Nothing to do.' }))
    if (account === null) {
      return giveUp(
        new DmcError(
          'TX_DROPPED',
          `${row.name} was overtaken by another transaction of ${row.sender} and never happened.`,
          {
            hint: 'Unlock the wallet and repeat the command.',
          },
        ),
      )
    }
    try {
      await inQueue(row.sender, () => record(row, account))
    } catch (thrown) {
      const error = toDmcError(thrown)
      if (error.retryable || error.code === 'INTERRUPTED') throw error
      giveUp(error)
    }
  }

  /**
   * Somebody's transaction with a lower nonce was dropped after ours was signed; ours can't be signed again with that nonce, for
   * then both could be mined. An empty transaction uses the nonce up.
   */
  async function fillGap(row: TransactionRow, nonce: number): Promise<void> {
    const account = context.accountOf(row.sender)
    const intent = `${FILL}${row.chainId}:${row.sender}:${nonce}`
    const earlier = rows.find(intent)
    if (account === null || (earlier !== null && outcomeOf(earlier, market) === null)) return
    const pending = await reading(`the nonce of ${row.sender}`, () =>
      rpc.client.getTransactionCount({ address: row.sender, blockTag: 'pending' }),
    )
    if (pending > nonce) return
    note(
      context,
      row,
      'warning',
      'tx-gap',
      `Nonce ${nonce} of ${row.sender} was never used; an empty transaction uses it up.`,
    )
    const wish = {
      intent,
      name: 'fill',
      subject: '',
      target: row.sender,
      data: '0x' as const,
      value: 0n,
      urgency: null,
    }
    await inQueue(row.sender, () => record(wish, account, { nonce }))
    watch(intent)
  }

  async function send(request: TransactionRequest, how: SendOptions = {}): Promise<TransactionResult> {
    const { intent, account, call } = request
    addAccount(account)
    await inQueue(account.address, async () => {
      if (stop.signal.aborted || how.signal?.aborted) throw interrupted()
      const row = rows.find(intent)
      // An ended form may be repeated only where it provably changed nothing.
      const mayRepeat = row?.state === 'replaced' || (row?.state === 'failed' && request.retryFailed === true)
      if (row !== null && !mayRepeat) return
      const wish = {
        intent,
        name: call.name,
        subject: request.subject ?? '',
        target: call.to,
        data: call.data,
        value: call.value,
        urgency: request.urgency ?? null,
      }
      await record(wish, account, request.takes === undefined ? {} : { takes: request.takes })
    })
    return join(intent, how)
  }

  function join(intent: string, how: SendOptions): Promise<TransactionResult> {
    const row = rows.find(intent)
    const outcome = row === null ? null : outcomeOf(row, market)
    if (outcome !== null)
      return 'result' in outcome ? Promise.resolve(outcome.result) : Promise.reject(outcome.error)
    const watched = watch(intent)
    const { onProgress, signal, patienceMs = 600_000 } = how
    if (onProgress !== undefined) watched.listeners.add(onProgress)
    // who joins what was sent before hears of it at once, not with the next thing that happens
    if (row?.state === 'sent') {
      onProgress?.({
        name: row.name,
        hash: row.hash,
        state: 'sent',
        confirmations: 0,
        wanted: rpc.confirmations,
      })
    }
    return new Promise<TransactionResult>((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
        watched.tell.delete(onTell)
        if (onProgress !== undefined) watched.listeners.delete(onProgress)
      }
      const fail = (error: unknown) => {
        leave()
        reject(error)
      }
      const onAbort = () => fail(interrupted())
      const onTell = (error: DmcError) => fail(error)
      const timer = setTimeout(() => fail(notMined(row, patienceMs)), patienceMs)
      watched.tell.add(onTell)
      signal?.addEventListener('abort', onAbort, { once: true })
      if (signal?.aborted) onAbort()
      watched.done.then((result) => {
        leave()
        resolve(result)
      }, fail)
    })
  }

  return {
    send,
    find(intent) {
      const row = rows.find(intent)
      if (row === null || row.state === 'failed' || row.state === 'replaced') return null
      const outcome = outcomeOf(row, market)
      return outcome !== null && 'result' in outcome ? outcome.result : 'pending'
    },
    join(intent, how = {}) {
      const row = rows.find(intent)
      return row === null || row.state === 'failed' || row.state === 'replaced' ? null : join(intent, how)
    },
    pending: () =>
      rows.open().map(({ intent, name, subject, hash, createdMs }) => ({
        intent,
        name,
        subject,
        hash,
        sinceMs: createdMs,
      })),
    async reopenLost(sender) {
      const used = await reading(`the nonce of ${sender}`, () =>
        rpc.client.getTransactionCount({ address: sender, blockTag: 'latest' }),
      )
      // a node that is behind says the same: then it takes nothing, and its receipts come back with its blocks
      const lost = rows.doneFrom(sender, rpc.chainId, used)
      for (const row of lost) {
        note(
          context,
          row,
          'warning',
          'tx-reorg',
          `A deep reorg took ${row.name} (${row.hash}) off the chain; it is sent again.`,
        )
        rows.setState(row.intent, 'sent')
        watch(row.intent)
      }
      return lost.length
    },
    resumeTransactions() {
      for (const row of rows.open()) if (row.chainId === rpc.chainId) watch(row.intent)
    },
    async close() {
      stop.abort()
      const ends = Promise.allSettled([
        ...queues.values(),
        ...[...watches.values()].map((watched) => watched.done),
      ])
      // A node that does not answer must not hold the agent: nothing is written any more once it is stopped.
      const patience = new AbortController()
      await Promise.race([ends, rest(2_000, patience.signal)])
      patience.abort()
    },
  }
}

/** Intents of empty transactions that only use up a nonce. */
const FILL = 'fill:'

function notMined(row: TransactionRow | null, patienceMs: number): DmcError {
  return new DmcError(
    'TX_DROPPED',
    `${row?.name ?? 'The transaction'} (${row?.hash ?? '?'}) was not confirmed within ${Math.round(patienceMs / 1000)} s.`,
    { hint: 'It is followed on: run the same command again to see how it ends. It will not be sent twice.' },
  )
}
