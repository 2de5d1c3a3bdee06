import type { Address } from 'viem'
import type { CheckPolicy, LogLevel } from './settings.ts'

/** Everything an agent is told from outside, checked and complete (docs/ENVIRONMENT.md). */
export interface AgentConfig {
  /** Absolute; 0700. */
  dataDir: string
  chain: {
    /** In order of preference; at least one. */
    rpcUrls: string[]
    chainId: number
    market: Address
    /** null: asked from the Market. */
    token: Address | null
    /** Blocks on top before something counts. */
    confirmations: number
  }
  /** The wallet this host acts for; null until a wallet is made, imported or named. */
  owner: Address | null
  /** null: this host is not paired. */
  dashboard: { origin: string; agentId: string } | null
  /** Folders that the dashboard may touch, as configured; empty by default. */
  roots: { read: string[]; restore: string[]; sector: string[] }
  listen: {
    host: string
    /** 0 = any free port (tests). */
    port: number
    /** `https://host:port` as users reach it; null = from host and port. */
    publicUrl: string | null
    /** http instead of https, on loopback only. */
    plainHttp: boolean
  }
  /** Dial endpoints that resolve to private addresses. */
  allowPrivateEndpoints: boolean
  /** Reading through what is stored here for others: once in so many days; 0: never by itself. */
  scrub: { days: number }
  /** Off-chain challenges of the orders that this host is the user of. */
  checks: {
    perDay: number
    leaves: number
    policy: CheckPolicy
    /** Token wei of bonds in 30 days. */
    spendCap: bigint
  }
  /** Threads that hash, compress and encrypt a backup; null: two, or one on a single core. */
  backupThreads: number | null
  /** Bytes per second of data, all orders together; null: no limit. */
  bandwidth: { upload: number | null; download: number | null }
  /** Bytes of encoded log that may wait on disk for a slow miner. */
  spoolLimit: number
  answer: {
    /** Most wei that the gas of one answer may cost. */
    mostGasWei: bigint
    /** Wei of the chain's coin for one token; null: unknown. */
    tokenPriceWei: bigint | null
  }
  slash: {
    /** Own orders after a missed deadline, without being asked. */
    automatic: boolean
  }
  claim: {
    /** Claims and settles orders without being asked. */
    automatic: boolean
    /** Token wei. */
    minimum: bigint
  }
  /** On loopback; 0 = no health endpoint. */
  healthPort: number
  logLevel: LogLevel
}
