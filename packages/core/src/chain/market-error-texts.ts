import type { Abi, ContractErrorArgs, ContractErrorName } from 'viem'
import type { ErrorCode } from '../errors/codes.ts'
import { ORDER_STATES } from '../market/states.ts'
import { formatDuration } from '../units/format-duration.ts'
import { formatSize } from '../units/format-size.ts'
import { formatTime } from '../units/format-time.ts'
import { formatTokens, formatTokensExact } from '../units/format-tokens.ts'
import type { marketAbi } from './generated/market-abi.ts'
import type { tokenAbi } from './generated/token-abi.ts'

type Named<A extends Abi> = {
  [N in ContractErrorName<A>]: Extract<ContractErrorArgs<A, N>, readonly unknown[]>
}
type Errors = Named<typeof marketAbi> & Named<typeof tokenAbi>

/** A custom error of the Market or its token. */
export type MarketErrorName = keyof Errors

export interface MarketErrorText {
  code: ErrorCode
  say: (...args: never[]) => string
  hint: string
}

const dmc = formatTokensExact
const mib = (capacity: bigint) => formatSize(capacity << 20n)
const late = (deadline: bigint, now: bigint) => `${formatTime(deadline)}, it is ${formatTime(now)}`
const state = (index: number) => ORDER_STATES[index] ?? `state ${index}`
const scopes = (bits: bigint) =>
  ['PREPARE', 'CHALLENGE', 'REFUSE', 'ENDPOINT'].filter((_, bit) => (bits >> BigInt(bit)) & 1n).join(', ') ||
  'none'

const BUG = 'This is a fault of the program that sent it: report it with the values.'
const DEPLOYER = 'Correct the parameter and deploy again.'
const OTHER_BILL = 'Choose another bill: dmc-agent market'
const LATER = 'Try again after that time.'
const SEE_ORDER = 'Look at the order: dmc-agent status'

/** What each custom error means to a person: the sentence with its values, and the next step. Names as in Solidity. */
export const MARKET_ERROR_TEXTS: {
  [N in MarketErrorName]: { code: ErrorCode; say: (...args: Errors[N]) => string; hint: string }
} = {
  // parameters of the constructor
  ZeroParameter: {
    code: 'MARKET_ZERO_PARAMETER',
    say: (position) => `Parameter ${position} of the Market is 0.`,
    hint: DEPLOYER,
  },
  WindowsTooLong: {
    code: 'MARKET_WINDOWS_TOO_LONG',
    say: (notice, windows) =>
      `Answer window and cooldown take ${formatDuration(windows)} together, but must be shorter than the notice, ${formatDuration(notice)}.`,
    hint: DEPLOYER,
  },
  SharesTooHigh: {
    code: 'MARKET_SHARES_TOO_HIGH',
    say: (max, actual) => `The shares are ${actual} basis points, at most ${max} are possible.`,
    hint: DEPLOYER,
  },
  NotAContract: {
    code: 'MARKET_NOT_A_CONTRACT',
    say: (account) => `${account} holds no contract, so it can't be the token.`,
    hint: DEPLOYER,
  },

  // amounts and terms
  OutOfRange: {
    code: 'MARKET_OUT_OF_RANGE',
    say: (max, actual) => `${actual} is too much: at most ${max} is possible.`,
    hint: 'Give a smaller number.',
  },
  ZeroCapacity: {
    code: 'MARKET_ZERO_CAPACITY',
    say: () => 'The capacity is 0.',
    hint: 'Give a capacity of at least one step of the bill.',
  },
  ZeroStep: {
    code: 'MARKET_ZERO_STEP',
    say: () => 'The step is 0.',
    hint: 'Give a step of at least 1 MiB.',
  },
  ZeroPrice: {
    code: 'MARKET_ZERO_PRICE',
    say: () => 'The price is 0.',
    hint: 'Give a price above 0.',
  },
  ZeroPledgeRate: {
    code: 'MARKET_ZERO_PLEDGE_RATE',
    say: () => 'The pledge rate is 0.',
    hint: 'Give a pledge rate of at least 1.',
  },
  ZeroAmount: {
    code: 'MARKET_ZERO_AMOUNT',
    say: () => 'Nothing would be added to the reserve.',
    hint: 'Give at least 1 challenge; a bill with bond 0 needs no reserve.',
  },
  NotMultiple: {
    code: 'MARKET_NOT_MULTIPLE',
    say: (step, capacity) => `A capacity of ${mib(capacity)} is not a multiple of the step, ${mib(step)}.`,
    hint: 'Give a multiple of the step.',
  },
  PriceNotDivisible: {
    code: 'MARKET_PRICE_NOT_DIVISIBLE',
    say: (divisor, product) =>
      `Price x step is ${product}, which is no multiple of ${divisor}: the price of a step would have to be rounded.`,
    hint: 'Round the price, or take a step of whole GiB.',
  },
  WeeksOutOfRange: {
    code: 'MARKET_WEEKS_OUT_OF_RANGE',
    say: (min, max, actual) => `${actual} weeks are not possible here: between ${min} and ${max} are.`,
    hint: 'Give a number of weeks within these limits.',
  },
  ExpiryOutOfRange: {
    code: 'MARKET_EXPIRY_OUT_OF_RANGE',
    say: (min, max, actual) =>
      `${formatTime(actual)} is not possible here: from ${formatTime(min)} to ${formatTime(max)} is.`,
    hint: 'Give a time within these limits; the clock that counts is the chain’s.',
  },
  TextTooLong: {
    code: 'MARKET_TEXT_TOO_LONG',
    say: (max, actual) => `The text has ${actual} bytes, at most ${max} are possible.`,
    hint: 'Shorten it.',
  },

  // bills and orders
  UnknownBill: {
    code: 'MARKET_UNKNOWN_BILL',
    say: (billId) => `There is no bill ${billId}.`,
    hint: 'List what is open: dmc-agent market',
  },
  UnknownOrder: {
    code: 'MARKET_UNKNOWN_ORDER',
    say: (orderId) => `There is no order ${orderId}.`,
    hint: 'List your orders: dmc-agent status',
  },
  BillIsCancelled: {
    code: 'MARKET_BILL_IS_CANCELLED',
    say: (billId) => `Bill ${billId} is cancelled.`,
    hint: OTHER_BILL,
  },
  BillExpired: {
    code: 'MARKET_BILL_EXPIRED',
    say: (expiresAt, now) => `The bill expired at ${late(expiresAt, now)}.`,
    hint: OTHER_BILL,
  },
  BillNotExpired: {
    code: 'MARKET_BILL_NOT_EXPIRED',
    say: (expiresAt, now) => `Only its miner may cancel the bill before ${late(expiresAt, now)}.`,
    hint: LATER,
  },
  MinerChanged: {
    code: 'MARKET_MINER_CHANGED',
    say: (expected, actual) => `The bill belongs to ${actual}, not to ${expected}.`,
    hint: 'The chain was reorganised since you looked: look at the bill again.',
  },
  SelfOrder: {
    code: 'MARKET_SELF_ORDER',
    say: (miner) => `${miner} is the bill’s own miner and can't order from itself.`,
    hint: OTHER_BILL,
  },
  NotEnoughCapacity: {
    code: 'MARKET_NOT_ENOUGH_CAPACITY',
    say: (free, wanted) => `The bill has ${mib(free)} free, ${mib(wanted)} are wanted.`,
    hint: 'Take less, or choose another bill: dmc-agent market',
  },
  PriceTooHigh: {
    code: 'MARKET_PRICE_TOO_HIGH',
    say: (max, price) => `The bill costs ${dmc(price)} DMC per GiB-week, more than your ${dmc(max)} DMC.`,
    hint: 'Raise your maximum price, or choose another bill: dmc-agent market',
  },
  PledgeRateTooLow: {
    code: 'MARKET_PLEDGE_RATE_TOO_LOW',
    say: (min, rate) => `The bill’s pledge rate is ${rate}, below your ${min}.`,
    hint: 'Lower your minimum pledge rate, or choose another bill: dmc-agent market',
  },
  BondTooHigh: {
    code: 'MARKET_BOND_TOO_HIGH',
    say: (max, bond) => `A challenge of the bill costs ${dmc(bond)} DMC, more than your ${dmc(max)} DMC.`,
    hint: 'Raise your maximum bond, or choose another bill: dmc-agent market',
  },
  WrongState: {
    code: 'MARKET_WRONG_STATE',
    say: (expected, actual) => `The order is ${state(actual)}; this needs one that is ${state(expected)}.`,
    hint: SEE_ORDER,
  },
  ChallengeOpen: {
    code: 'MARKET_CHALLENGE_OPEN',
    say: (orderId, deadline) =>
      `Order ${orderId} has an open challenge (deadline ${formatTime(deadline)}): until it is answered or slashed nothing else is possible.`,
    hint: 'Wait for the answer; after the deadline anyone may slash the order.',
  },
  OrderOver: {
    code: 'MARKET_ORDER_OVER',
    say: (endsAt, now) => `The order was over at ${late(endsAt, now)}.`,
    hint: 'It only waits to be finished, which anyone may do.',
  },
  OrderNotOver: {
    code: 'MARKET_ORDER_NOT_OVER',
    say: (endsAt, now) => `The order runs until ${late(endsAt, now)}.`,
    hint: LATER,
  },
  PrepareWindowOpen: {
    code: 'MARKET_PREPARE_WINDOW_OPEN',
    say: (deadline, now) => `Only its user may cancel the order before ${late(deadline, now)}.`,
    hint: LATER,
  },
  PrepareWindowOver: {
    code: 'MARKET_PREPARE_WINDOW_OVER',
    say: (deadline, now) => `The commitments had to agree before ${late(deadline, now)}.`,
    hint: 'Cancel the order: everything it holds is refunded. Then order again.',
  },
  EndTooLate: {
    code: 'MARKET_END_TOO_LATE',
    say: (latest, actual) =>
      `The order would end at ${formatTime(actual)}; the bill allows ${formatTime(latest)} at the latest now.`,
    hint: 'Add fewer weeks, or extend later.',
  },
  EndInPast: {
    code: 'MARKET_END_IN_PAST',
    say: (now, actual) => `The order would have ended at ${formatTime(actual)}, it is ${formatTime(now)}.`,
    hint: 'Keep more weeks.',
  },
  NoticeGiven: {
    code: 'MARKET_NOTICE_GIVEN',
    say: (noticeEndsAt) => `The miner gave notice; the order ends at ${formatTime(noticeEndsAt)}.`,
    hint: 'Back up to another miner before that time: dmc-agent market',
  },
  NoticeTooLate: {
    code: 'MARKET_NOTICE_TOO_LATE',
    say: (endsAt, noticeEndsAt) =>
      `The notice would end at ${formatTime(noticeEndsAt)}, not before the order does at ${formatTime(endsAt)}.`,
    hint: 'Let the order run out.',
  },
  NothingToClaim: {
    code: 'MARKET_NOTHING_TO_CLAIM',
    say: (orderId) => `Nothing of order ${orderId} can be claimed now: claims lag one week behind.`,
    hint: 'Try again later.',
  },
  NothingToWithdraw: {
    code: 'MARKET_NOTHING_TO_WITHDRAW',
    say: (account) => `${account} has no credit.`,
    hint: 'Claim or finish orders first.',
  },

  // commitments
  ZeroRoot: { code: 'MARKET_ZERO_ROOT', say: () => 'The commitment has a size but root 0.', hint: BUG },
  BadSize: {
    code: 'MARKET_BAD_SIZE',
    say: (multiple, actual) => `The size ${actual} is not a positive multiple of ${multiple} bytes.`,
    hint: BUG,
  },
  SizeTooLarge: {
    code: 'MARKET_SIZE_TOO_LARGE',
    say: (max, actual) => `The data have ${formatSize(actual)}, the order holds ${formatSize(max)}.`,
    hint: 'Put the rest into a further order.',
  },
  SizeShrinks: {
    code: 'MARKET_SIZE_SHRINKS',
    say: (min, actual) =>
      `The size ${actual} is below the commitment in force, ${min}: stored data never shrink.`,
    hint: 'Read the order again and go on from its commitment.',
  },

  // challenges
  NoChallenge: {
    code: 'MARKET_NO_CHALLENGE',
    say: (orderId) => `Order ${orderId} has no open challenge.`,
    hint: 'It was answered already, or never asked.',
  },
  CooldownActive: {
    code: 'MARKET_COOLDOWN_ACTIVE',
    say: (until, now) => `The next challenge is possible at ${late(until, now)}.`,
    hint: LATER,
  },
  LeafOutOfRange: {
    code: 'MARKET_LEAF_OUT_OF_RANGE',
    say: (leaves, index) => `Leaf ${index} does not exist: the commitment has ${leaves} leaves, from 0.`,
    hint: 'Ask for a leaf below that.',
  },
  ReserveTooSmall: {
    code: 'MARKET_RESERVE_TOO_SMALL',
    say: (bond, reserve) => `A challenge costs ${dmc(bond)} DMC, the reserve holds ${dmc(reserve)} DMC.`,
    hint: 'Top up the order’s reserve.',
  },
  AnswerTooLate: {
    code: 'MARKET_ANSWER_TOO_LATE',
    say: (deadline, now) => `The challenge had to be answered before ${late(deadline, now)}.`,
    hint: 'The order can only be slashed now.',
  },
  AnswerNotLate: {
    code: 'MARKET_ANSWER_NOT_LATE',
    say: (deadline, now) => `The miner may answer until ${late(deadline, now)}.`,
    hint: LATER,
  },
  InvalidProof: {
    code: 'MARKET_INVALID_PROOF',
    say: (root, computed) => `Leaf and path lead to ${computed}, the commitment’s root is ${root}.`,
    hint: 'Nothing is lost yet: check the stored data, rebuild the path and answer again in time.',
  },
  LeafLength: {
    code: 'MARKET_LEAF_LENGTH',
    say: (expected, actual) => `The leaf has ${actual} bytes instead of ${expected}.`,
    hint: BUG,
  },
  PathLength: {
    code: 'MARKET_PATH_LENGTH',
    say: (expected, actual) => `The path has ${actual} siblings instead of ${expected}.`,
    hint: BUG,
  },
  HashFailed: {
    code: 'MARKET_HASH_FAILED',
    say: () => 'The chain’s SHA-256 failed while it checked a proof.',
    hint: 'Send it again with more gas.',
  },
  RewardToOperator: {
    code: 'MARKET_REWARD_TO_OPERATOR',
    say: (owner, operator) => `${operator} is an operator of ${owner}, and operators never earn.`,
    hint: 'Name the owner’s wallet instead.',
  },
  BadRewardAddress: {
    code: 'MARKET_BAD_REWARD_ADDRESS',
    say: (rewardTo) => `${rewardTo} can't be rewarded.`,
    hint: 'Name a wallet.',
  },

  // callers and operators
  NotOwner: {
    code: 'MARKET_NOT_OWNER',
    say: (owner, caller) => `Only ${owner} may do this, not ${caller}.`,
    hint: 'Sign with that wallet.',
  },
  NotParty: {
    code: 'MARKET_NOT_PARTY',
    say: (user, miner, caller) => `Only ${user} and ${miner} may do this, not ${caller}.`,
    hint: 'Sign with one of these wallets; no operator may.',
  },
  OperatorUnknown: {
    code: 'MARKET_OPERATOR_UNKNOWN',
    say: (owner, caller) => `${caller} is not authorised by ${owner}.`,
    hint: 'Let the wallet authorise this host’s operator key.',
  },
  OperatorExpired: {
    code: 'MARKET_OPERATOR_EXPIRED',
    say: (expiresAt, now) => `The operator’s authorisation expired at ${late(expiresAt, now)}.`,
    hint: 'Let the wallet authorise this host’s operator key again.',
  },
  OperatorScope: {
    code: 'MARKET_OPERATOR_SCOPE',
    say: (required, granted) =>
      `This needs the scope ${scopes(required)}; the operator has ${scopes(granted)}.`,
    hint: 'Let the wallet authorise the operator for this scope, too.',
  },
  BadOperator: {
    code: 'MARKET_BAD_OPERATOR',
    say: (operator) => `${operator} can't be an operator: it is nobody, or the wallet itself.`,
    hint: 'Name the agent’s key.',
  },
  UnknownScopes: {
    code: 'MARKET_UNKNOWN_SCOPES',
    say: (known, actual) => `The scopes ${actual} hold unknown bits; all known ones are ${known}.`,
    hint: BUG,
  },
  UnexpectedValue: {
    code: 'MARKET_UNEXPECTED_VALUE',
    say: (expected, actual) =>
      `${actual} wei came along, ${expected} were expected: nobody would receive them.`,
    hint: 'Send no value, or name an operator for it.',
  },
  GasFloatFailed: {
    code: 'MARKET_GAS_FLOAT_FAILED',
    say: (operator, value) => `The operator ${operator} did not take its gas float of ${value} wei.`,
    hint: 'Name a plain key, not a contract.',
  },

  // token and transfers
  TransferAmountMismatch: {
    code: 'MARKET_TRANSFER_AMOUNT_MISMATCH',
    say: (expected, actual) => `The token moved ${actual} instead of ${expected}.`,
    hint: 'This token takes fees or lies; the Market can’t work with it.',
  },
  SafeERC20FailedOperation: {
    code: 'MARKET_SAFE_ERC20_FAILED_OPERATION',
    say: (token) => `The token ${token} refused a transfer without saying why.`,
    hint: 'Check balance and allowance.',
  },
  ReentrancyGuardReentrantCall: {
    code: 'MARKET_REENTRANCY_GUARD_REENTRANT_CALL',
    say: () => 'The Market was called from within one of its own acts.',
    hint: 'Call it from a wallet, or one act after the other.',
  },
  ERC20InsufficientAllowance: {
    code: 'MARKET_ERC20_INSUFFICIENT_ALLOWANCE',
    say: (spender, allowance, needed) =>
      `${spender} may take ${formatTokens(allowance)} of yours, ${formatTokens(needed, { round: 'up' })} are needed.`,
    hint: 'Approve the amount, or sign a permit.',
  },
  ERC20InsufficientBalance: {
    code: 'MARKET_ERC20_INSUFFICIENT_BALANCE',
    say: (sender, balance, needed) =>
      `${sender} has ${formatTokens(balance)}, ${formatTokens(needed, { round: 'up' })} are needed.`,
    hint: 'Get tokens first; a devnet has a faucet.',
  },
  ERC20InvalidApprover: {
    code: 'MARKET_ERC20_INVALID_APPROVER',
    say: (approver) => `${approver} can't approve a transfer.`,
    hint: BUG,
  },
  ERC20InvalidReceiver: {
    code: 'MARKET_ERC20_INVALID_RECEIVER',
    say: (receiver) => `${receiver} can't receive tokens.`,
    hint: 'Name a wallet.',
  },
  ERC20InvalidSender: {
    code: 'MARKET_ERC20_INVALID_SENDER',
    say: (sender) => `${sender} can't send tokens.`,
    hint: BUG,
  },
  ERC20InvalidSpender: {
    code: 'MARKET_ERC20_INVALID_SPENDER',
    say: (spender) => `${spender} can't be allowed to spend tokens.`,
    hint: BUG,
  },
  ERC2612ExpiredSignature: {
    code: 'MARKET_ERC2612_EXPIRED_SIGNATURE',
    say: (deadline) => `The permit expired at ${formatTime(deadline)}.`,
    hint: 'Sign a new one.',
  },
  ERC2612InvalidSigner: {
    code: 'MARKET_ERC2612_INVALID_SIGNER',
    say: (signer, owner) => `The permit was signed by ${signer} instead of ${owner}.`,
    hint: 'Sign with the owner’s wallet, on this chain and with the current nonce.',
  },
  ECDSAInvalidSignature: {
    code: 'MARKET_ECDSA_INVALID_SIGNATURE',
    say: () => 'The permit’s signature is no signature.',
    hint: 'Sign it again.',
  },
  ECDSAInvalidSignatureLength: {
    code: 'MARKET_ECDSA_INVALID_SIGNATURE_LENGTH',
    say: (length) => `The permit’s signature has ${length} bytes instead of 65.`,
    hint: 'Sign it again.',
  },
  ECDSAInvalidSignatureS: {
    code: 'MARKET_ECDSA_INVALID_SIGNATURE_S',
    say: (s) => `The permit’s signature has the malleable value s = ${s}.`,
    hint: 'Sign it again.',
  },
  InvalidAccountNonce: {
    code: 'MARKET_INVALID_ACCOUNT_NONCE',
    say: (account, nonce) => `The next nonce of ${account} is ${nonce}.`,
    hint: 'Sign it again with that nonce.',
  },
  InvalidShortString: {
    code: 'MARKET_INVALID_SHORT_STRING',
    say: () => 'The token holds a broken name.',
    hint: BUG,
  },
  StringTooLong: {
    code: 'MARKET_STRING_TOO_LONG',
    say: (text) => `The token’s name is too long: ${text.slice(0, 80)}`,
    hint: BUG,
  },
  FaucetLimit: {
    code: 'MARKET_FAUCET_LIMIT',
    say: (limit, total) =>
      `The faucet gives ${formatTokens(limit)} to an address; this would make ${formatTokens(total)}.`,
    hint: 'Use another address.',
  },
}
