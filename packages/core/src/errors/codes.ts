/**
 * Every error code a person can meet, by area. `exit` is the process exit code (docs/ERRORS.md):
 * 1 failed, 2 incomplete, 3 partial, 4 verification failed, 5 key or operator, 6 network, RPC or peer,
 * 7 local storage, 64 usage, 78 configuration, 130 interrupted. `retryable`: may succeed later by itself.
 */
export interface CodeInfo {
  exit: number
  retryable: boolean
}

const failed = { exit: 1, retryable: false } as const
const incomplete = { exit: 2, retryable: false } as const
const partial = { exit: 3, retryable: false } as const
const verification = { exit: 4, retryable: false } as const
const key = { exit: 5, retryable: false } as const
const network = { exit: 6, retryable: true } as const
const peer = { exit: 6, retryable: false } as const
const storage = { exit: 7, retryable: false } as const
const usage = { exit: 64, retryable: false } as const
const config = { exit: 78, retryable: false } as const
const later = { exit: 1, retryable: true } as const

export const ERROR_CODES = {
  // general
  BUG: failed,
  INTERRUPTED: { exit: 130, retryable: false },
  USAGE: usage,
  BAD_SIZE: usage,
  BAD_AMOUNT: usage,
  BAD_DURATION: usage,
  NOT_CONFIRMED: incomplete,

  // configuration, data folder, daemon
  CONFIG_INVALID: config,
  ENV_INVALID: config,
  NOT_INITIALISED: config,
  ALREADY_INITIALISED: config,
  DATA_DIR_LOCKED: storage,
  DATA_DIR_VERSION: config,
  AGENT_NOT_RUNNING: config,
  CONTROL_PROTOCOL: failed,
  STORE_CORRUPT: storage,
  NODE_TOO_OLD: config,
  HASHER_UNAVAILABLE: config,

  // keys
  KEY_PASSWORD_WRONG: key,
  KEY_PASSWORD_MISSING: key,
  KEY_PERMISSIONS: key,
  KEY_CORRUPT: key,
  KEY_MISSING: key,
  PHRASE_INVALID: key,
  PHRASE_WRONG: key,
  NOT_OPERATOR: key,
  OPERATOR_EXPIRED: key,
  DEVNET_KEY_REFUSED: key,

  // chain
  RPC_UNREACHABLE: network,
  RPC_BAD_ANSWER: network,
  WRONG_CHAIN: config,
  NOT_A_DMC_MARKET: config,
  CHAIN_STALE: network,
  TX_REVERTED: failed,
  TX_DROPPED: { exit: 6, retryable: true },
  NO_GAS: incomplete,
  NO_TOKEN: incomplete,
  NO_ALLOWANCE: incomplete,

  // market
  BILL_NOT_FOUND: failed,
  BILL_NOT_OPEN: failed,
  BILL_TOO_SMALL: failed,
  BILL_TOO_DEAR: failed,
  NO_BILL_MATCHES: failed,
  ORDER_NOT_FOUND: failed,
  ORDER_STATE: failed,
  ORDER_REFUSED: failed,
  ORDER_TERMS: usage,

  // what Market and token refuse on chain: one code for each custom error, by test
  MARKET_ZERO_PARAMETER: failed,
  MARKET_WINDOWS_TOO_LONG: failed,
  MARKET_SHARES_TOO_HIGH: failed,
  MARKET_NOT_A_CONTRACT: failed,
  MARKET_OUT_OF_RANGE: failed,
  MARKET_ZERO_CAPACITY: failed,
  MARKET_ZERO_STEP: failed,
  MARKET_ZERO_PRICE: failed,
  MARKET_ZERO_PLEDGE_RATE: failed,
  MARKET_ZERO_AMOUNT: failed,
  MARKET_NOT_MULTIPLE: failed,
  MARKET_PRICE_NOT_DIVISIBLE: failed,
  MARKET_WEEKS_OUT_OF_RANGE: failed,
  MARKET_EXPIRY_OUT_OF_RANGE: failed,
  MARKET_TEXT_TOO_LONG: failed,
  MARKET_UNKNOWN_BILL: failed,
  MARKET_UNKNOWN_ORDER: failed,
  MARKET_BILL_IS_CANCELLED: failed,
  MARKET_BILL_EXPIRED: failed,
  MARKET_BILL_NOT_EXPIRED: later,
  MARKET_MINER_CHANGED: failed,
  MARKET_SELF_ORDER: failed,
  MARKET_NOT_ENOUGH_CAPACITY: failed,
  MARKET_PRICE_TOO_HIGH: failed,
  MARKET_PLEDGE_RATE_TOO_LOW: failed,
  MARKET_BOND_TOO_HIGH: failed,
  MARKET_WRONG_STATE: failed,
  MARKET_CHALLENGE_OPEN: later,
  MARKET_ORDER_OVER: failed,
  MARKET_ORDER_NOT_OVER: later,
  MARKET_PREPARE_WINDOW_OPEN: later,
  MARKET_PREPARE_WINDOW_OVER: failed,
  MARKET_END_TOO_LATE: later,
  MARKET_END_IN_PAST: failed,
  MARKET_NOTICE_GIVEN: failed,
  MARKET_NOTICE_TOO_LATE: failed,
  MARKET_NOTHING_TO_CLAIM: later,
  MARKET_NOTHING_TO_WITHDRAW: failed,
  MARKET_ZERO_ROOT: failed,
  MARKET_BAD_SIZE: failed,
  MARKET_SIZE_TOO_LARGE: failed,
  MARKET_SIZE_SHRINKS: failed,
  MARKET_NO_CHALLENGE: failed,
  MARKET_COOLDOWN_ACTIVE: later,
  MARKET_LEAF_OUT_OF_RANGE: failed,
  MARKET_RESERVE_TOO_SMALL: failed,
  MARKET_ANSWER_TOO_LATE: failed,
  MARKET_ANSWER_NOT_LATE: later,
  MARKET_INVALID_PROOF: verification,
  MARKET_LEAF_LENGTH: verification,
  MARKET_PATH_LENGTH: verification,
  MARKET_HASH_FAILED: later,
  MARKET_REWARD_TO_OPERATOR: failed,
  MARKET_BAD_REWARD_ADDRESS: failed,
  MARKET_NOT_OWNER: key,
  MARKET_NOT_PARTY: key,
  MARKET_OPERATOR_UNKNOWN: key,
  MARKET_OPERATOR_EXPIRED: key,
  MARKET_OPERATOR_SCOPE: key,
  MARKET_BAD_OPERATOR: failed,
  MARKET_UNKNOWN_SCOPES: failed,
  MARKET_UNEXPECTED_VALUE: failed,
  MARKET_GAS_FLOAT_FAILED: failed,
  MARKET_TRANSFER_AMOUNT_MISMATCH: failed,
  MARKET_SAFE_ERC20_FAILED_OPERATION: failed,
  MARKET_REENTRANCY_GUARD_REENTRANT_CALL: failed,
  MARKET_ERC20_INSUFFICIENT_ALLOWANCE: failed,
  MARKET_ERC20_INSUFFICIENT_BALANCE: failed,
  MARKET_ERC20_INVALID_APPROVER: failed,
  MARKET_ERC20_INVALID_RECEIVER: failed,
  MARKET_ERC20_INVALID_SENDER: failed,
  MARKET_ERC20_INVALID_SPENDER: failed,
  MARKET_ERC2612_EXPIRED_SIGNATURE: failed,
  MARKET_ERC2612_INVALID_SIGNER: failed,
  MARKET_ECDSA_INVALID_SIGNATURE: failed,
  MARKET_ECDSA_INVALID_SIGNATURE_LENGTH: failed,
  MARKET_ECDSA_INVALID_SIGNATURE_S: failed,
  MARKET_INVALID_ACCOUNT_NONCE: failed,
  MARKET_INVALID_SHORT_STRING: failed,
  MARKET_STRING_TOO_LONG: failed,
  MARKET_FAUCET_LIMIT: failed,

  // sources
  SOURCE_NOT_FOUND: usage,
  SOURCE_UNKNOWN: usage,
  SOURCE_UNREADABLE: storage,
  SOURCE_NOT_REGULAR: usage,
  SOURCE_OVERLAPS_AGENT: usage,
  SOURCE_TOO_LARGE: incomplete,
  SOURCE_BUSY: failed,
  FILE_CHANGED: partial,
  READ_ERROR: storage,

  // sectors
  SECTOR_PATH_REFUSED: usage,
  SECTOR_OVERLAP: usage,
  SECTOR_NOT_FOUND: usage,
  SECTOR_NOT_MOUNTED: storage,
  SECTOR_LOCKED: storage,
  SECTOR_IN_USE: failed,
  SECTOR_DAMAGED: storage,
  NOT_ENOUGH_SPACE: storage,
  DISK_FULL: storage,

  // the tree and proofs
  PROOF_LEAF_SIZE: verification,
  PROOF_INDEX_OUT_OF_RANGE: verification,
  PROOF_PATH_LENGTH: verification,
  PROOF_INVALID: verification,
  TREE_NOT_WHOLE_LEAVES: verification,
  COMMITMENT_MISMATCH: verification,

  // log, snapshots, restore
  LOG_VERSION: verification,
  LOG_CORRUPT: verification,
  LOG_FORK: verification,
  SNAPSHOT_NOT_FOUND: usage,
  PATH_NOT_FOUND: usage,
  UNSAFE_PATH: verification,
  TARGET_NOT_EMPTY: usage,
  TARGET_UNWRITABLE: storage,
  RESTORE_PARTIAL: partial,
  NOTHING_TO_RESTORE: failed,

  // agents between each other
  ENDPOINT_INVALID: usage,
  ENDPOINT_REFUSED: peer,
  ENDPOINT_MISSING: { exit: 6, retryable: true },
  PEER_UNREACHABLE: network,
  PEER_KEY_MISMATCH: peer,
  PEER_NOT_AUTHORISED: peer,
  PEER_WRONG_MARKET: peer,
  PEER_PROTOCOL: peer,
  PEER_ERROR: peer,
  HELLO_EXPIRED: peer,
  HELLO_REPLAYED: peer,
  TOKEN_INVALID: { exit: 6, retryable: true },
  REQUEST_INVALID: peer,
  REQUEST_TOO_LARGE: peer,
  TOO_MANY_REQUESTS: network,
  STATEMENT_STANDS: { exit: 6, retryable: true },
  SESSION_FENCED: peer,
  SESSION_UNKNOWN: peer,
  SESSION_BASE_MISMATCH: peer,
  LEAVES_OUT_OF_RANGE: peer,
  CAPACITY_EXCEEDED: peer,
  CHUNK_ROOT_MISMATCH: { exit: 4, retryable: true },
  READ_NOT_ALLOWED: peer,
  COMMITMENT_UNKNOWN: peer,
} as const satisfies Record<string, CodeInfo>

export type ErrorCode = keyof typeof ERROR_CODES
