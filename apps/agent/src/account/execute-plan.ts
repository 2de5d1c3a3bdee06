import { type SignedPermit, signPermit } from '@dmc/core/chain/acts/permit'
import { readPermitDomain } from '@dmc/core/chain/read-permit-domain'
import type { LocalAccount } from 'viem'
import type { SendOptions, TransactionResult } from '../chain/transaction-types.ts'
import type { AccountContext } from './context.ts'
import { nextIntent } from './next-intent.ts'
import type { Plan, Planned } from './plan.ts'

/** How an act is told to happen. The intent names the wish: repeated with the same one it happens once. */
export interface Execution extends SendOptions {
  intent: string
  /** For the journal: `source:ab12`, `order:7`. */
  subject?: string
}

export interface Executed {
  /** null when there was nothing to do, or when an earlier start had sent it already (plan null too). */
  plan: Plan | null
  result: TransactionResult | null
}

/** A permit counts one nonce of the token, so acts of one wallet plan and sign one after the other. */
const turns = new WeakMap<object, Promise<unknown>>()

/**
 * Plans anew, and sends when nothing stands against it. An intent that an earlier start had recorded is only waited for: its own
 * effect on the balances must not stop it.
 * @throws the plan's first problem (NO_TOKEN, NO_GAS, MARKET_*, BILL_* …); everything that `send` throws
 */
export function executePlan<P extends Planned>(
  context: AccountContext,
  makePlanned: () => Promise<P>,
  execution: Execution,
  check?: (planned: P) => void,
): Promise<Executed> {
  const before = turns.get(context.sender) ?? Promise.resolve()
  const work = async (): Promise<Executed> => {
    const { intent, subject, ...how } = execution
    const underway = context.sender.join(intent, how)
    if (underway !== null) return { plan: null, result: await underway }
    const planned = await makePlanned()
    check?.(planned)
    const { draft, plan, problems, needsPermit } = planned
    if (problems[0] !== undefined) throw problems[0]
    if (draft.call === null) return { plan, result: null }
    const takes = draft.takes ?? 0n
    const allow = needsPermit ? draft.approve : undefined
    if (allow !== undefined) {
      // Killed in between, the next try finds the allowance and goes on with the act; what another act has used up is allowed anew.
      const first = {
        intent: nextIntent(context.sender, `${intent}:approve:${takes}`),
        account: draft.account,
        call: allow,
        retryFailed: true,
      }
      await context.sender.send(subject === undefined ? first : { ...first, subject }, how)
    }
    const permit = needsPermit && allow === undefined ? await permitFor(context, draft.account, takes) : null
    const call = draft.call(permit)
    const { market: spender, facts } = context
    const result = await context.sender.send(
      {
        intent,
        account: draft.account,
        call,
        retryFailed: true,
        ...(subject === undefined ? {} : { subject }),
        ...(takes === 0n
          ? {}
          : { takes: { token: facts.token, spender, amount: takes, byPermit: permit !== null } }),
      },
      how,
    )
    return { plan, result }
  }
  const turn = before.then(work, work)
  turns.set(
    context.sender,
    turn.catch(() => {}),
  )
  return turn
}

const DAY = 86_400n

/** Exactly the amount, for a day: long enough for a slow chain. */
async function permitFor(
  context: AccountContext,
  wallet: LocalAccount,
  value: bigint,
): Promise<SignedPermit> {
  const { rpc, facts, market, reader } = context
  const [domain, now] = await Promise.all([
    readPermitDomain(rpc.client, { token: facts.token, owner: wallet.address }),
    reader.chainTime(),
  ])
  return signPermit(wallet, {
    ...domain,
    token: facts.token,
    chainId: rpc.chainId,
    owner: wallet.address,
    spender: market,
    value,
    deadline: now + DAY,
  })
}
