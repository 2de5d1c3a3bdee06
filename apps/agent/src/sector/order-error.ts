import { DmcError } from '@dmc/core/errors/dmc-error'

const AGAIN = 'Open a new append session on the commitment in force and send the leaves after it again.'

export const sessionFenced = (orderId: bigint) =>
  new DmcError('SESSION_FENCED', `Another append session has taken over order ${orderId}.`, {
    hint: 'If no other agent of yours writes to this order, start the backup again.',
  })

export const sessionUnknown = (orderId: bigint) =>
  new DmcError('SESSION_UNKNOWN', `Order ${orderId} has no such append session.`, { hint: AGAIN })

export const baseMismatch = (orderId: bigint, found: string) =>
  new DmcError(
    'SESSION_BASE_MISMATCH',
    `The base is not the commitment in force of order ${orderId}: ${found}.`,
    {
      hint: 'Take the commitment from the chain again and build on it.',
    },
  )

export const leavesOutOfRange = (orderId: bigint, why: string) =>
  new DmcError('LEAVES_OUT_OF_RANGE', `These leaves can't be written to order ${orderId}: ${why}.`, {
    hint: 'Write whole leaves at or past the committed size, below the capacity.',
  })

export const commitmentUnknown = (orderId: bigint) =>
  new DmcError('COMMITMENT_UNKNOWN', `Order ${orderId} holds no data under that commitment.`, {
    hint: 'Take the commitment from the chain again; the newest one and the one before it are kept.',
  })

export const statementStands = (orderId: bigint) =>
  new DmcError('STATEMENT_STANDS', `The miner has stated the sealed data of order ${orderId} on chain.`, {
    hint: 'It is withdrawing that statement; the session opens when the withdrawal is confirmed. Nothing to do but wait.',
  })
