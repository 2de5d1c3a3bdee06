import { formatSize } from '@dmc/core/units/format-size'
import { formatTime } from '@dmc/core/units/format-time'
import { dmc, space, weeksText } from '../../lib/amounts.ts'
import { scopeNames } from '../../lib/scopes.ts'
import { shortHex } from '../../lib/short-hex.ts'

type Args = Record<string, unknown>

const big = (args: Args, name: string) => {
  const value = args[name]
  try {
    return typeof value === 'bigint' ? value : BigInt(String(value ?? 0))
  } catch {
    return 0n
  }
}
const text = (args: Args, name: string) => String(args[name] ?? '').slice(0, 300)
const who = (args: Args, name: string) => shortHex(text(args, name))
const side = (args: Args) => (big(args, 'side') === 0n ? 'user' : 'miner')
const bytes = (args: Args) => formatSize(big(args, 'size'))

const ENDINGS = ['its term is over', 'after the miner’s notice', 'by consent of both']

/** Each event of the Market as a title and a sentence with its values. An unknown one keeps its name. */
const TEXTS: Record<string, (args: Args) => [title: string, sentence: string]> = {
  OperatorSet: (a) =>
    big(a, 'scopes') === 0n
      ? ['Key revoked', `${who(a, 'operator')} may no longer act for ${who(a, 'owner')}.`]
      : [
          'Key authorised',
          `${who(a, 'operator')} may ${scopeNames(Number(big(a, 'scopes'))).join(', ')} for ${who(a, 'owner')} until ${formatTime(big(a, 'expiresAt'))}.`,
        ],
  EndpointSet: (a) => [
    'Endpoint published',
    `The miner’s agent answers at ${text(a, 'url') || 'no address'}.`,
  ],
  BillCreated: (a) => [
    'Bill published',
    `${space(big(a, 'capacity'))} at ${dmc(big(a, 'price'), 6)} per GiB-week; ${dmc(big(a, 'pledge'))} pledged.`,
  ],
  BillShrunk: (a) => [
    'Bill shrunk',
    `${space(big(a, 'free'))} are left to sell; ${dmc(big(a, 'pledgeFreed'))} freed.`,
  ],
  BillCancelled: (a) => [
    'Bill cancelled',
    `Takes no more orders; ${dmc(big(a, 'pledgeFreed'))} of the pledge freed.`,
  ],
  OrderCreated: (a) => [
    'Order placed',
    `${space(big(a, 'capacity'))} for ${weeksText(Number(big(a, 'weeks_' in a ? 'weeks_' : 'weeks')))} from bill ${text(a, 'billId')}; ${dmc(big(a, 'escrow'))} in escrow.`,
  ],
  Prepared: (a) =>
    big(a, 'size') === 0n
      ? ['Commitment withdrawn', `The ${side(a)} took its statement back.`]
      : [
          side(a) === 'user' ? 'User stated its commitment' : 'Miner stated its commitment',
          `Root ${shortHex(text(a, 'root'), 6)}, ${bytes(a)}, signed by ${who(a, 'signer')}.`,
        ],
  OrderActivated: (a) => [
    'Order active',
    `Both commitments are equal: ${bytes(a)}, until ${formatTime(big(a, 'endsAt'))}.`,
  ],
  CommitmentReplaced: (a) => ['Commitment replaced', `Both agree on ${bytes(a)} now.`],
  OrderRefused: (a) => [
    'Order refused',
    `The miner gave the reason “${text(a, 'reason')}”; ${dmc(big(a, 'refund'))} went back.`,
  ],
  OrderCancelled: (a) => ['Order cancelled', `${dmc(big(a, 'refund'))} went back to the user.`],
  OrderExtended: (a) => [
    'Order extended',
    `Until ${formatTime(big(a, 'endsAt'))}, for ${dmc(big(a, 'cost'))}.`,
  ],
  OrderShortened: (a) => [
    'Order shortened',
    `Until ${formatTime(big(a, 'endsAt'))}; ${dmc(big(a, 'refund'))} went back.`,
  ],
  ReserveToppedUp: (a) => [
    'Reserve topped up',
    `${dmc(big(a, 'amount'))} for ${text(a, 'challenges')} more challenges.`,
  ],
  ChallengeOpened: (a) => [
    'Challenge opened',
    `Leaf ${text(a, 'leafIndex')} must be proven before ${formatTime(big(a, 'deadline'))}.`,
  ],
  ChallengeAnswered: (a) => [
    'Challenge answered',
    `Leaf ${text(a, 'leafIndex')} was proven; the bond of ${dmc(big(a, 'bond'))} is the miner’s.`,
  ],
  OrderSlashed: () => ['Order slashed', 'The challenge was not answered in time: the pledge was divided.'],
  Claimed: (a) => ['Miner paid', `${dmc(big(a, 'amount'))} earned so far were credited.`],
  EndStated: (a) => ['End wished for', `The ${side(a)} would end the order early.`],
  EndCleared: () => ['Wishes to end cleared', 'Something happened in between; both must state it again.'],
  NoticeStarted: (a) => ['Notice given', `The miner leaves at ${formatTime(big(a, 'noticeEndsAt'))}.`],
  OrderEnded: (a) => [
    'Order ended',
    `${ENDINGS[Number(big(a, 'ending'))] ?? 'It is over'}; ${dmc(big(a, 'toUser'))} to the user, ${dmc(big(a, 'toMiner'))} to the miner.`,
  ],
  Withdrawn: (a) => ['Credit withdrawn', `${dmc(big(a, 'amount'))} went to ${who(a, 'account')}.`],
}

export function eventText(name: string, args: unknown): [title: string, sentence: string] {
  const values = typeof args === 'object' && args !== null ? (args as Args) : {}
  return TEXTS[name]?.(values) ?? [name, '']
}

/** The names that have a text; a test compares them with the ABI. */
export const KNOWN_EVENTS = Object.keys(TEXTS)
