/** Version of everything in this folder (docs/PROTOCOL.md 4). A peer with another one is refused. */
export const PROTOCOL_VERSION = 1
/** What a header `dmc-session` or a session id is: 16 bytes hex. */
export const SESSION_PATTERN = /^[0-9a-f]{32}$/
/** Header of `GET data`, whatever it holds: what came before does not prove, so the miner is to check what its disk gives it. */
export const RECHECK = 'dmc-recheck'

const SECOND = 1000
const KIB = 1024
const MIB = 1024 * KIB

/** Bounds on everything that a peer may send or hold (docs/PROTOCOL.md 4). Bytes and milliseconds. */
export interface WireLimits {
  headerBytes: number
  /** A JSON request. Replies may be longer: see `replyBytes`. */
  jsonBytes: number
  /** A JSON reply: 64 leaves with their paths, as hex, fit. */
  replyBytes: number
  /** The data of one PUT or GET, siblings not counted. */
  dataBytes: number
  /** A connection that says nothing for so long is closed. */
  idleMs: number
  /** Time for a whole request head, and for a whole JSON body. */
  headMs: number
  connectionsPerOrder: number
  /** Data of one order in work at once, each way; what comes beyond waits. */
  bytesPerOrder: number
  connections: number
  /** Data on its way through memory, all orders together. */
  bufferBytes: number
  /** Slower than this after `slowAfterMs`: closed. Bytes per second, both directions. */
  minRate: number
  slowAfterMs: number
  /** Uploads alone: the same in place of `minRate`, while another order waits for memory and would have less of it than this one. */
  crowdedRate: number
  /** Hello attempts per address: as many at once, and so many per second. */
  helloBurst: number
  helloPerSecond: number
  nonceMs: number
  tokenMs: number
  challengeLeaves: number
  probeBytes: number
}

export const WIRE_LIMITS: WireLimits = {
  headerBytes: 8 * KIB,
  jsonBytes: 64 * KIB,
  replyBytes: 512 * KIB,
  dataBytes: 8 * MIB,
  idleMs: 30 * SECOND,
  headMs: 10 * SECOND,
  connectionsPerOrder: 16,
  bytesPerOrder: 16 * MIB,
  connections: 128,
  bufferBytes: 64 * MIB,
  minRate: 32 * KIB,
  slowAfterMs: 10 * SECOND,
  crowdedRate: 512 * KIB,
  helloBurst: 32,
  helloPerSecond: 4,
  nonceMs: 60 * SECOND,
  tokenMs: 15 * 60 * SECOND,
  challengeLeaves: 64,
  probeBytes: 64 * MIB,
}

/** TLS exporter of a hello (RFC 5705, RFC 8446 7.5): binds the signatures to one connection. */
export const EXPORTER_LABEL = 'EXPORTER-dmc-hello-1'
export const EXPORTER_BYTES = 32
