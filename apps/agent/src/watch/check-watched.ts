import { readOrder } from '@dmc/core/chain/read-order'
import { nextCheckAt } from '@dmc/core/challenge/next-check'
import { pickLeaves } from '@dmc/core/challenge/pick-leaves'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import { LEAF_SIZE } from '@dmc/core/merkle/constants'
import { privateKeyToAccount } from 'viem/accounts'
import type { AgentContext } from '../agent-context.ts'
import { rest } from '../chain/back-off.ts'
import { type CheckResult, checkOrder } from '../challenge/check-order.ts'
import { addCheck, lastChecks, listChecks } from '../challenge/check-rows.ts'
import { strongRandom } from '../challenge/checker.ts'
import { TellOnce } from '../contract/tell-once.ts'
import { readStubs } from './stubs-file.ts'
import { listWatched, type WatchedOrder } from './watch-rows.ts'

const TICK_MS = 1000
/** A check that comes to nothing once is no news; so often in a row it is. */
const IN_A_ROW = 2

/**
 * Has the miners of watched orders prove random leaves for users whose machines sleep (flow 14), with the key in the user's stubs, as
 * often as `checks.perDay` says. What fails is an alarm here: only the user's own side can open a challenge on chain.
 */
export function checkWatched(ctx: AgentContext): { close(): Promise<void> } {
  const { signal, store } = ctx
  const { perDay } = ctx.config.checks
  const next = new Map<bigint, number>()
  const told = new TellOnce()
  let working: Promise<void> = Promise.resolve()

  const checkOne = async (watched: WatchedOrder) => {
    const { orderId } = watched
    try {
      noteOutcome(ctx, await check(ctx, watched))
    } catch (thrown) {
      const error = toDmcError(thrown)
      if (signal.aborted || error.code === 'INTERRUPTED' || !told.isNews(`order:${orderId}`, error)) return
      ctx.journal.add({
        level: 'warning',
        event: 'check-trouble',
        subject: `order:${orderId}`,
        message: `The watched order ${orderId} could not be checked: ${error.message} ${error.hint}`,
      })
    }
  }

  const due = (watched: WatchedOrder, now: number): boolean => {
    const { orderId, addedMs } = watched
    const at = next.get(orderId)
    if (at !== undefined && at > now) return false
    const slot = { now, phaseMs: addedMs, perDay }
    next.set(orderId, nextCheckAt(slot, strongRandom))
    // after a restart the schedule goes on; only an order that was never checked is checked at once
    return at !== undefined || lastChecks(store, orderId).last === null
  }

  const looking = (async () => {
    if (perDay === 0) return
    while (!signal.aborted) {
      const now = Date.now()
      for (const watched of listWatched(store)) {
        if (watched.stubs !== null && due(watched, now)) working = working.then(() => checkOne(watched))
      }
      await rest(TICK_MS, signal)
    }
  })()
  return {
    async close() {
      await looking
      await working
    },
  }
}

/** One check with the reader's key; its row is kept like every other. @throws SOURCE_UNKNOWN when the stubs are not there any more */
async function check(ctx: AgentContext, { orderId, stubs }: WatchedOrder): Promise<CheckResult> {
  const { chainId, market } = ctx.config.chain
  const { readerKey } = await readStubs(stubs ?? '', { orderId, chainId, market })
  const result = await checkOrder({
    reader: ctx.contract.reader,
    orderId,
    role: 'reader',
    signer: privateKeyToAccount(readerKey),
    question: ({ size }) => ({
      leaves: pickLeaves(size / BigInt(LEAF_SIZE), ctx.config.checks.leaves, strongRandom),
    }),
    newest: (id) => readOrder(ctx.rpc.client, { market, orderId: id }),
    allowPrivate: ctx.config.allowPrivateEndpoints,
    signal: ctx.signal,
  })
  const { commitment, error } = result
  addCheck(ctx.store, {
    ...result,
    why: 'watch',
    root: commitment?.root ?? '',
    size: commitment?.size ?? 0n,
    error: error && { code: error.code, message: error.message, hint: error.hint },
  })
  return result
}

function noteOutcome(ctx: AgentContext, { orderId, outcome, error }: CheckResult): void {
  const key = `watch:${orderId}`
  if (outcome === 'passed') {
    ctx.alarms.clear(key, `The miner of the watched order ${orderId} proves its data again.`)
    return
  }
  // once may be chance, or this host's own doing; a miner that has lost the header can't even greet a reader, and that is `unknown`
  const certain = outcome === 'wrong' || outcome === 'refused'
  const recent = listChecks(ctx.store, orderId, IN_A_ROW)
  if (!certain && (recent.length < IN_A_ROW || recent.some((row) => row.outcome === 'passed'))) return
  ctx.alarms.raise({
    key,
    level: outcome === 'wrong' ? 'error' : 'warning',
    subject: `order:${orderId}`,
    message: `The miner of the watched order ${orderId} did not prove what it was asked (${outcome}): ${error?.message ?? ''}`,
    hint: 'Tell its user: only the user’s side can open a challenge on chain.',
  })
}
