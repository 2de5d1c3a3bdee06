import { isAbsolute } from 'node:path'
import { dashboardOrigin } from '@dmc/core/dashboard/dashboard-origin'
import { parseSize } from '@dmc/core/units/parse-size'
import { parseTokens } from '@dmc/core/units/parse-tokens'
import type { Address } from 'viem'
import * as z from 'zod'

/** The settings of the agent: one line each for the file, the environment, the documentation and `config list`. */
export interface Setting<S extends z.ZodType = z.ZodType> {
  env: string
  /** One sentence for `config list --help` and docs/ENVIRONMENT.md. */
  what: string
  /** Completes "allowed: ...". */
  allowed: string
  /** Checks the value as it stands in config.json. */
  schema: S
  /** The JSON value for a text from the environment or `config set`; undefined = not even the right kind. */
  fromText: (text: string) => unknown
  /** Shown as the default; `undefined` = must be given, `null` = may stay unset. */
  default: z.output<S> | null | undefined
  /** May hold an access token: shown without path and query. */
  secret?: boolean
}

const setting = <S extends z.ZodType>(value: Setting<S>): Setting<S> => value

const text = (value: string): unknown => value
const number = (value: string): unknown => (/^-?\d{1,15}$/.test(value) ? Number(value) : undefined)
const boolean = (value: string): unknown =>
  ({ true: true, yes: true, '1': true, false: false, no: false, '0': false })[value.toLowerCase()]
const list = (value: string): unknown => value.split(',').map((part) => part.trim())

const httpUrl = z.url({ protocol: /^https?$/, hostname: /.+/ })
const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .transform((value) => value as Address)
const size = z.string().transform((value, context) => {
  try {
    return Number(parseSize(value))
  } catch {
    context.addIssue({ code: 'custom', message: 'not a size' })
    return z.NEVER
  }
})

/** Bytes per second: with less, transfers would be cut off as too slow. */
const rate = size.refine((value) => value >= 128 * 1024)

/** Of the chain's coin or tokens: wei. */
const amount = z.string().transform((value, context) => {
  try {
    return parseTokens(value)
  } catch {
    context.addIssue({ code: 'custom', message: 'not an amount' })
    return z.NEVER
  }
})

const folders = z.array(z.string().min(1).max(4096).refine(isAbsolute)).max(16)
const dashboard = z.string().transform((value, context) => {
  try {
    return dashboardOrigin(value)
  } catch {
    context.addIssue({ code: 'custom', message: 'not a dashboard' })
    return z.NEVER
  }
})

const tokens = z.string().transform((value, context) => {
  try {
    return parseTokens(value)
  } catch {
    context.addIssue({ code: 'custom', message: 'not an amount' })
    return z.NEVER
  }
})

const checkPolicies = ['ask', 'automatic'] as const
/** What follows on a miner that stays wrong or away. */
export type CheckPolicy = (typeof checkPolicies)[number]

const logLevels = ['debug', 'info', 'warning', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/** Chains that are somebody's own machine: test keys, test key derivation and the faucet are for them only. */
export const DEVNET_CHAIN_IDS: readonly number[] = [31337, 1337]

export const SETTINGS = {
  'chain.rpcUrls': setting({
    env: 'DMC_RPC_URLS',
    what: 'JSON-RPC addresses of the chain, the preferred one first.',
    allowed: 'one or more http:// or https:// URLs, separated by commas',
    schema: z.array(httpUrl).min(1).max(16),
    fromText: list,
    default: undefined,
    secret: true,
  }),
  'chain.chainId': setting({
    env: 'DMC_CHAIN_ID',
    what: 'Chain id that every RPC must report.',
    allowed: 'a whole number from 1',
    schema: z.int().min(1),
    fromText: number,
    default: undefined,
  }),
  'chain.market': setting({
    env: 'DMC_MARKET',
    what: 'Address of the Market contract.',
    allowed: 'an address: 0x and 40 hex digits',
    schema: address,
    fromText: text,
    default: undefined,
  }),
  'chain.token': setting({
    env: 'DMC_TOKEN',
    what: 'Address of the token; checked against the Market, which is asked when unset.',
    allowed: 'an address: 0x and 40 hex digits',
    schema: address,
    fromText: text,
    default: null,
  }),
  'chain.confirmations': setting({
    env: 'DMC_CONFIRMATIONS',
    what: 'Blocks on top before something on chain counts; 2 on a devnet when unset.',
    allowed: 'a whole number from 1 to 1000',
    schema: z.int().min(1).max(1000),
    fromText: number,
    default: 12,
  }),
  owner: setting({
    env: 'DMC_OWNER',
    what: 'Address of the wallet this host acts for; set by `wallet create`, `wallet import` and `init --wallet`.',
    allowed: 'an address: 0x and 40 hex digits',
    schema: address,
    fromText: text,
    default: null,
  }),
  'dashboard.url': setting({
    env: 'DMC_DASHBOARD_URL',
    what: 'Dashboard that this host is paired with; set by `pair`.',
    allowed: 'https://HOST (http:// on loopback)',
    schema: dashboard,
    fromText: text,
    default: null,
  }),
  'dashboard.agentId': setting({
    env: 'DMC_DASHBOARD_AGENT',
    what: 'What that dashboard calls this host; set by `pair`.',
    allowed: 'a UUID',
    schema: z.uuid(),
    fromText: text,
    default: null,
  }),
  'roots.read': setting({
    env: 'DMC_ALLOW_READ',
    what: 'Folders that the dashboard may look into and back up; none when unset.',
    allowed: 'absolute paths, separated by commas',
    schema: folders,
    fromText: list,
    default: null,
  }),
  'roots.restore': setting({
    env: 'DMC_ALLOW_RESTORE',
    what: 'Folders in which the dashboard may make a new folder and restore into it; none when unset.',
    allowed: 'absolute paths, separated by commas',
    schema: folders,
    fromText: list,
    default: null,
  }),
  'roots.sector': setting({
    env: 'DMC_ALLOW_SECTOR',
    what: 'Folders in which the dashboard may register sectors; none when unset.',
    allowed: 'absolute paths, separated by commas',
    schema: folders,
    fromText: list,
    default: null,
  }),
  'listen.host': setting({
    env: 'DMC_LISTEN_HOST',
    what: 'Address that a miner answers users on; 0.0.0.0 or :: for all.',
    allowed: 'an IP address or host name',
    schema: z.string().regex(/^[0-9A-Za-z.:_-]{1,253}$/),
    fromText: text,
    default: '127.0.0.1',
  }),
  'listen.port': setting({
    env: 'DMC_LISTEN_PORT',
    what: 'Port that a miner answers users on; 0 = any free one.',
    allowed: '0, or a whole number from 1024 to 65535',
    schema: z
      .int()
      .max(65_535)
      .refine((value) => value === 0 || value >= 1024),
    fromText: number,
    default: 4450,
  }),
  'listen.publicUrl': setting({
    env: 'DMC_PUBLIC_URL',
    what: 'How users reach this miner from outside, when it differs from host and port.',
    allowed: 'https://HOST:PORT (or http:// on loopback), without path, user or query',
    schema: z.string().regex(/^https?:\/\/(\[[0-9a-fA-F:.]+\]|[0-9A-Za-z.-]+):\d{4,5}$/),
    fromText: text,
    default: null,
  }),
  'listen.plainHttp': setting({
    env: 'DMC_PLAIN_HTTP',
    what: 'Answer users over plain http instead of TLS; only on a loopback address (a devnet on one machine).',
    allowed: 'true or false',
    schema: z.boolean(),
    fromText: boolean,
    default: false,
  }),
  allowPrivateEndpoints: setting({
    env: 'DMC_ALLOW_PRIVATE_ENDPOINTS',
    what: 'Dial miners whose endpoint is a private address (a home or company network).',
    allowed: 'true or false',
    schema: z.boolean(),
    fromText: boolean,
    default: false,
  }),
  'scrub.days': setting({
    env: 'DMC_SCRUB_DAYS',
    what: 'In how many days all that this host stores for others is read through once and compared with what was committed; 0: only what is new, once, and what has an alarm.',
    allowed: 'a whole number from 0 to 365',
    schema: z.int().min(0).max(365),
    fromText: number,
    default: 30,
  }),
  'checks.perDay': setting({
    env: 'DMC_CHECKS_PER_DAY',
    what: 'How often a day the miner of each active order has to prove random leaves; 0: never by itself.',
    allowed: 'a whole number from 0 to 1440',
    schema: z.int().min(0).max(1440),
    fromText: number,
    default: 24,
  }),
  'checks.leaves': setting({
    env: 'DMC_CHECKS_LEAVES',
    what: 'Random leaves (1 KiB each) in one such check.',
    allowed: 'a whole number from 1 to 64',
    schema: z.int().min(1).max(64),
    fromText: number,
    default: 20,
  }),
  'checks.policy': setting({
    env: 'DMC_CHECKS_POLICY',
    what: 'What follows when a miner stays wrong or away: ask the owner, or open the challenge on chain by itself.',
    allowed: checkPolicies.join(' or '),
    schema: z.enum(checkPolicies),
    fromText: text,
    default: 'ask',
  }),
  'checks.spendCap': setting({
    env: 'DMC_CHECKS_SPEND_CAP',
    what: 'Bonds, in tokens, that challenges opened by itself may put at stake in 30 days.',
    allowed: 'an amount of tokens, like 5 or 0.5',
    schema: tokens,
    fromText: text,
    default: 0n,
  }),
  'bandwidth.upload': setting({
    env: 'DMC_UPLOAD_LIMIT',
    what: 'Most data that this host sends in a second, backups and restores of all orders together; no limit when unset.',
    allowed: 'a size of at least 128KiB, like 2MiB',
    schema: rate,
    fromText: text,
    default: null,
  }),
  'bandwidth.download': setting({
    env: 'DMC_DOWNLOAD_LIMIT',
    what: 'Most data that this host takes in a second, backups and restores of all orders together; no limit when unset.',
    allowed: 'a size of at least 128KiB, like 2MiB',
    schema: rate,
    fromText: text,
    default: null,
  }),
  'backup.threads': setting({
    env: 'DMC_BACKUP_THREADS',
    what: 'Threads that hash, compress and encrypt what is backed up; 2 when unset (1 on a single core). Each further one takes about 20 MiB of memory.',
    allowed: 'a whole number from 1 to 16',
    schema: z.int().min(1).max(16),
    fromText: number,
    default: null,
  }),
  spoolLimit: setting({
    env: 'DMC_SPOOL_LIMIT',
    what: 'How much encoded data may wait on this disk for a slow miner.',
    allowed: 'a size of at least 64MiB, like 2GiB',
    schema: size.refine((value) => value >= 64 * 1024 * 1024),
    fromText: text,
    default: 2 * 1024 * 1024 * 1024,
  }),
  'answer.mostGas': setting({
    env: 'DMC_ANSWER_MOST_GAS',
    what: 'Most of the chain’s coin that the gas of one answer to a challenge, or of one slash, may cost.',
    allowed: 'an amount above 0, like 0.05',
    schema: amount.refine((value) => value > 0n),
    fromText: text,
    default: 50_000_000_000_000_000n,
  }),
  'answer.tokenPrice': setting({
    env: 'DMC_ANSWER_TOKEN_PRICE',
    what: 'What a token is worth in the chain’s coin: then no answer’s gas may cost more than the pledge at stake.',
    allowed: 'an amount above 0, like 0.0005',
    schema: amount.refine((value) => value > 0n),
    fromText: text,
    default: null,
  }),
  'slash.automatic': setting({
    env: 'DMC_SLASH_AUTOMATIC',
    what: 'Slash the wallet’s own orders by itself when their miner has missed a challenge’s deadline.',
    allowed: 'true or false',
    schema: z.boolean(),
    fromText: boolean,
    default: true,
  }),
  'claim.automatic': setting({
    env: 'DMC_CLAIM_AUTOMATIC',
    what: 'Claim what this host’s orders have earned, and settle orders that are over, by itself.',
    allowed: 'true or false',
    schema: z.boolean(),
    fromText: boolean,
    default: true,
  }),
  'claim.minimum': setting({
    env: 'DMC_CLAIM_MINIMUM',
    what: 'Earnings of an order are claimed by itself from so many tokens on; less is not worth the gas.',
    allowed: 'an amount, like 1 or 0.5',
    schema: amount,
    fromText: text,
    default: 1_000_000_000_000_000_000n,
  }),
  'health.port': setting({
    env: 'DMC_HEALTH_PORT',
    what: 'Port on 127.0.0.1 on which the running agent answers GET /health; 0 = none.',
    allowed: '0, or a whole number from 1024 to 65535',
    schema: z
      .int()
      .max(65_535)
      .refine((value) => value === 0 || value >= 1024),
    fromText: number,
    default: 0,
  }),
  logLevel: setting({
    env: 'DMC_LOG_LEVEL',
    what: 'How much `run` writes to stderr.',
    allowed: logLevels.join(', '),
    schema: z.enum(logLevels),
    fromText: text,
    default: 'info',
  }),
} as const

export type SettingKey = keyof typeof SETTINGS
export type SettingValues = { [K in SettingKey]: z.output<(typeof SETTINGS)[K]['schema']> }
export const SETTING_KEYS = Object.keys(SETTINGS) as SettingKey[]
export const isSettingKey = (key: string): key is SettingKey => Object.hasOwn(SETTINGS, key)
