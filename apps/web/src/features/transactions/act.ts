import type { ChainCall } from '@dmc/core/chain/acts/market-call'
import type { SignedPermit } from '@dmc/core/chain/acts/permit'
import type { FollowUp } from './tell-follow-up.ts'

/** `batch`: the wallet is asked once for all, the approval and the act. */
export type TransactStep =
  | 'idle'
  | 'checking'
  | 'permit'
  | 'approve'
  | 'approving'
  | 'batch'
  | 'wallet'
  | 'sent'

/** Something to be sent. */
export interface Act {
  title: string
  /**
   * Token wei that the Market takes. 0: none. A wallet that carries out several calls as one is asked once, for an approval of exactly
   * that and the act; with any other a permit over exactly that is signed first.
   */
  takes: bigint
  /**
   * The call takes no permit: the Market is allowed exactly what is missing by a transaction of its own, first. Otherwise a permit is
   * signed and goes with the call.
   */
  approve?: true
  /** The transaction; without a permit it is only simulated. */
  call: (permit: SignedPermit | null) => ChainCall | Promise<ChainCall>
  followUp?: FollowUp
}

/** What is wrong, and the way out. */
export interface Problem {
  message: string
  hint: string
}
