import type { Address, Hex } from 'viem'

export interface KeyPair {
  address: Address
  /** 0x and 64 hex digits; never logged, never sent. */
  privateKey: Hex
}

/** What an agent works with after its keystore was opened (docs/PROTOCOL.md 1). */
export interface UnlockedKeys {
  /** 32 bytes: the entropy of the 24-word phrase. */
  master: Uint8Array
  /** 32 random bytes that name this host. */
  hostId: Uint8Array
  /** Signs prepares and answers; derived from master and host id. */
  operator: KeyPair
  /** Signs bills and orders; null on a host that does not hold it. */
  wallet: KeyPair | null
}
