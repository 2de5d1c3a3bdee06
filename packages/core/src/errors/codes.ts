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

  // sources
  SOURCE_NOT_FOUND: usage,
  SOURCE_UNKNOWN: usage,
  SOURCE_UNREADABLE: storage,
  SOURCE_NOT_REGULAR: usage,
  SOURCE_OVERLAPS_AGENT: usage,
  SOURCE_TOO_LARGE: incomplete,
  SOURCE_BUSY: failed,
  SOURCE_PARTIAL: partial,
  FILE_CHANGED: partial,
  READ_ERROR: storage,
  SPOOL_FULL: storage,

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
