import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import type { Address } from 'viem'
import * as z from 'zod'
import { refuseReadableByOthers } from './refuse-readable-by-others.ts'

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`))
const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .transform((value) => value as Address)
const entry = z.strictObject({ nonce: hex(12), ciphertext: hex(32), tag: hex(16) })

/**
 * `keystore.json`: the secrets of this host, each sealed on its own under one key from the password. Host id and addresses
 * are plain (and authenticated by the entries), so that `status` needs no password. `check` tells a wrong password from
 * damage; `checksum` finds accidental damage anywhere in the file.
 */
const keystoreSchema = z.strictObject({
  format: z.literal('dmc-keystore'),
  version: z.literal(1),
  hostId: hex(32),
  operator: address,
  kdf: z.strictObject({
    name: z.literal('scrypt'),
    /** At most 2^20 and 1 GiB: a file must not be able to stop a host. */
    n: z
      .int()
      .min(2)
      .max(1 << 20)
      .refine((value) => (value & (value - 1)) === 0),
    r: z.literal(8),
    p: z.int().min(1).max(4),
    salt: hex(32),
  }),
  check: hex(32),
  entries: z.strictObject({ phrase: entry, wallet: entry.optional() }),
  wallet: address.optional(),
  checksum: hex(32),
})

/** Where the keystore of a data folder is. */
export const keystoreFile = (dataDir: string): string => join(dataDir, 'keystore.json')

export type Keystore = z.output<typeof keystoreSchema>

/** The file's text, checksum included. */
export function printKeystore(keystore: Omit<Keystore, 'checksum'>): string {
  return `${JSON.stringify({ ...keystore, checksum: checksumOf(keystore) }, null, 2)}\n`
}

/**
 * Reads and checks the file; no password needed.
 * @throws KEY_MISSING, KEY_PERMISSIONS when others can read it, KEY_CORRUPT.
 */
export function readKeystore(file: string): Keystore {
  let handle: number
  try {
    handle = openSync(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new DmcError('KEY_MISSING', `There is no keystore at ${file}.`, {
        hint: 'Run `dmc-agent init` to make one, or `dmc-agent init --recover` with your recovery phrase.',
      })
    }
    throw new DmcError('KEY_PERMISSIONS', `The keystore ${file} cannot be opened: ${String(error)}.`, {
      hint: 'Run as the user who owns it.',
      cause: error,
    })
  }
  try {
    refuseReadableByOthers(file, fstatSync(handle).mode)
    return parseKeystore(file, readFileSync(handle, 'utf8'))
  } finally {
    closeSync(handle)
  }
}

function parseKeystore(file: string, text: string): Keystore {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw corrupt(file, 'it is not JSON')
  }
  const result = keystoreSchema.safeParse(json)
  if (!result.success) {
    const issue = result.error.issues[0]
    throw corrupt(file, `'${issue?.path.join('.') || 'the file'}' is not what it should be`)
  }
  const { checksum, ...rest } = result.data
  if (checksum !== checksumOf(rest)) throw corrupt(file, 'its checksum does not match')
  return result.data
}

export function corrupt(file: string, why: string): DmcError {
  return new DmcError('KEY_CORRUPT', `The keystore ${file} is damaged: ${why}.`, {
    hint: 'Put it back from a copy, or move it away and run `dmc-agent init --recover` with your recovery phrase.',
  })
}

/** SHA-256 over the members, sorted, without the checksum itself. */
function checksumOf(keystore: Omit<Keystore, 'checksum'>): string {
  const sorted = (_key: string, value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value
  return createHash('sha256').update(JSON.stringify(keystore, sorted)).digest('hex')
}
