import type { ChainCall } from '@dmc/core/chain/acts/market-call'
import { type ActExplanation, creditedTo } from '@dmc/core/market/acts/act'
import type { LocalAccount } from 'viem'
import type { Draft } from './plan.ts'

/** An explained act as the draft of a plan: the same words, amounts and refusals that every other place shows. */
export function explainedDraft({
  account,
  explained,
  call,
  approve,
}: {
  account: LocalAccount
  explained: Pick<
    ActExplanation,
    'title' | 'sentence' | 'facts' | 'takes' | 'credits' | 'endsAt' | 'problems'
  >
  call: ChainCall
  approve: (amount: bigint) => ChainCall
}): Draft {
  const { title, sentence, facts, takes, credits, endsAt, problems } = explained
  const refund = creditedTo(credits, account.address)
  return {
    title,
    account,
    call: () => call,
    ...(takes === 0n ? {} : { takes, approve: approve(takes) }),
    money: {
      ...(takes === 0n ? {} : { cost: takes }),
      ...(refund === 0n ? {} : { refund }),
      ...(endsAt === null ? {} : { endsAt }),
    },
    facts: [['What it does', sentence], ...facts],
    problems,
  }
}
