import { identityKey } from '@dmc/core/dashboard/identity-key'
import { bytesToHex, type LocalAccount } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { UnlockedKeys } from '../keys/types.ts'

/** The key with which this host signs in to its dashboard; it signs nothing that a chain would take. */
export const identityOf = (keys: Pick<UnlockedKeys, 'master' | 'hostId'>): LocalAccount =>
  privateKeyToAccount(bytesToHex(identityKey(keys.master, keys.hostId)))
