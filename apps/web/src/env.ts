import { resolve } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { type Address, getAddress } from 'viem'
import * as z from 'zod'

/** The environment of the dashboard, checked. This file is its only reader of process.env. */
export interface WebEnv {
  host: string
  port: number
  /** Exact origins from which browsers may act; the first is the one people are sent to and sign in at. */
  origins: string[]
  production: boolean
  /** Neither: a database in memory, for tests. */
  database: { folder: string | undefined; url: string | undefined }
  chain: {
    rpcUrls: string[]
    chainId: number
    market: Address
    confirmations: number
    name: string
    explorerUrl: string | null
    /** Told to new hosts at pairing; they show it and ask. */
    agentRpcUrls: string[]
  }
  /** The mail server; null: none, and no mail is sent. `url` may hold a password. */
  smtp: { url: string; from: string } | null
  /** Webhooks may be http, and at addresses inside this network. */
  privateWebhooks: boolean
  /** Behind a proxy of our own, the address of the other side is the last of X-Forwarded-For. */
  trustProxy: boolean
}

interface Variable {
  what: string
  allowed: string
  default: string | null
  schema: z.ZodType<string>
  /** May hold a password: never shown. */
  secret?: boolean
}

const variable = (entry: Omit<Variable, 'schema'> & { schema?: z.ZodType<string> }): Variable => ({
  schema: z.string(),
  ...entry,
})

const httpUrls = z
  .string()
  .refine((text) => text.split(',').every((part) => /^https?:\/\/[^\s,]+$/.test(part.trim())))
const origins = z.string().refine((text) => text.split(',').every((part) => isOrigin(part.trim())))
const whole = (least: number, most: number) =>
  z.string().refine((text) => /^\d{1,15}$/.test(text) && Number(text) >= least && Number(text) <= most)

/** docs/ENVIRONMENT.md lists the same set, by test. */
export const WEB_VARIABLES = {
  HOST: variable({
    what: 'Address that the dashboard listens on.',
    allowed: 'an IP address or host name',
    default: '127.0.0.1',
    schema: z.string().regex(/^[0-9A-Za-z.:_-]{1,253}$/),
  }),
  PORT: variable({
    what: 'Port of the dashboard: pages, API and WebSocket.',
    allowed: '0 (any free one) to 65535',
    default: '3000',
    schema: whole(0, 65_535),
  }),
  DMC_WEB_ORIGIN: variable({
    what: 'Where people reach the dashboard: scheme, host and port as the browser shows them. Sign-ins are bound to the first; more are allowed with commas.',
    allowed: 'one or more origins like https://dmc.example, separated by commas',
    default: null,
    schema: origins,
  }),
  DATABASE_URL: variable({
    what: 'PostgreSQL to use instead of the embedded database.',
    allowed: 'postgres://… or postgresql://…',
    default: null,
    schema: z.string().regex(/^postgres(ql)?:\/\/\S+$/),
    secret: true,
  }),
  DMC_WEB_DATA: variable({
    what: 'Folder of the embedded database, when there is no DATABASE_URL.',
    allowed: 'a path',
    default: '.dmc-web',
  }),
  DMC_RPC_URLS: variable({
    what: 'JSON-RPC addresses of the chain, the preferred one first.',
    allowed: 'one or more http:// or https:// URLs, separated by commas',
    default: null,
    schema: httpUrls,
    secret: true,
  }),
  DMC_CHAIN_ID: variable({
    what: 'Chain id that the RPC must report.',
    allowed: 'a whole number from 1',
    default: null,
    schema: whole(1, Number.MAX_SAFE_INTEGER),
  }),
  DMC_MARKET: variable({
    what: 'Address of the Market contract.',
    allowed: 'an address: 0x and 40 hex digits',
    default: null,
    schema: z.string().regex(/^0x[0-9a-fA-F]{40}$/),
  }),
  DMC_CONFIRMATIONS: variable({
    what: 'Blocks on top before something on chain counts as settled; 2 on a devnet when unset.',
    allowed: 'a whole number from 1 to 1000',
    default: '12',
    schema: whole(1, 1000),
  }),
  DMC_CHAIN_NAME: variable({
    what: 'What people call the chain.',
    allowed: 'up to 40 characters',
    default: null,
    schema: z.string().max(40),
  }),
  DMC_EXPLORER_URL: variable({
    what: 'Block explorer that transactions are shown with; links only, nothing is loaded from it.',
    allowed: 'an https:// URL',
    default: null,
    schema: z.string().regex(/^https:\/\/[^\s]+$/),
  }),
  DMC_AGENT_RPC_URLS: variable({
    what: 'RPC addresses that anybody who begins to pair a host is told. Unset: none, and the host needs its own (DMC_RPC_URLS may hold a key); on a devnet DMC_RPC_URLS.',
    allowed: 'one or more http:// or https:// URLs, separated by commas',
    default: null,
    schema: httpUrls,
  }),
  DMC_TRUST_PROXY: variable({
    what: '1: take the address of the other side from X-Forwarded-For (only behind a proxy of your own).',
    allowed: '0 or 1',
    default: '0',
    schema: z.enum(['0', '1']),
  }),
  DMC_SMTP_URL: variable({
    what: 'Mail server by which alerts are sent, with user and password if it asks for them; TLS is demanded except on this machine. Unset: no mails. Needs DMC_MAIL_FROM.',
    allowed: 'smtp://… or smtps://…',
    default: null,
    schema: z.string().refine(isSmtpUrl),
    secret: true,
  }),
  DMC_MAIL_FROM: variable({
    what: 'Address that mails are sent from.',
    allowed: 'a mail address',
    default: null,
    schema: z.string().regex(/^[^\s@<>,;"]{1,64}@[^\s@<>,;"]{1,253}$/),
  }),
  DMC_ALLOW_PRIVATE_WEBHOOKS: variable({
    what: '1: webhooks may be http:// and lead to addresses inside this network; everybody who signs in could reach them.',
    allowed: '0 or 1',
    default: '0',
    schema: z.enum(['0', '1']),
  }),
  DMC_WEB_DIST: variable({
    what: 'Build folder of the pages, inside apps/web.',
    allowed: 'a folder name',
    default: '.next',
  }),
  NODE_ENV: variable({
    what: 'production: serve what was built; else compile pages as they are asked for.',
    allowed: 'production, development or test',
    default: 'development',
    schema: z.enum(['production', 'development', 'test']),
  }),
} as const satisfies Record<string, Variable>

type Name = keyof typeof WEB_VARIABLES
const DEVNETS: readonly number[] = [31337, 1337]

/**
 * Reads and checks the environment once. An empty value counts as unset.
 * @throws ENV_INVALID naming the variable, what was given and what is allowed.
 */
export function readWebEnv(source: Record<string, string | undefined> = process.env): WebEnv {
  const given = (name: Name): string | null => {
    const entry: Variable = WEB_VARIABLES[name]
    const value = source[name] || null
    if (value !== null && !entry.schema.safeParse(value).success) {
      throw envInvalid(name, entry.secret ? '(hidden)' : value)
    }
    return value
  }
  const needed = (name: Name): string => {
    const value = given(name)
    if (value === null) throw envInvalid(name, '')
    return value
  }
  const withDefault = (name: Name): string => given(name) ?? WEB_VARIABLES[name].default ?? ''
  const host = withDefault('HOST')
  const port = Number(withDefault('PORT'))
  const chainId = Number(needed('DMC_CHAIN_ID'))
  const rpcUrls = list(needed('DMC_RPC_URLS'))
  const market = needed('DMC_MARKET')
  const agentRpcUrls = given('DMC_AGENT_RPC_URLS')
  const production = withDefault('NODE_ENV') === 'production'
  const web = given('DMC_WEB_ORIGIN')
  const smtp = given('DMC_SMTP_URL')
  const mailFrom = given('DMC_MAIL_FROM')
  return {
    host,
    port,
    origins: web === null ? [] : list(web),
    production,
    database: { folder: resolve(withDefault('DMC_WEB_DATA')), url: given('DATABASE_URL') ?? undefined },
    chain: {
      rpcUrls,
      chainId,
      market: getAddress(market),
      confirmations: Number(given('DMC_CONFIRMATIONS') ?? (DEVNETS.includes(chainId) ? '2' : '12')),
      name: given('DMC_CHAIN_NAME') ?? (DEVNETS.includes(chainId) ? 'DMC devnet' : `Chain ${chainId}`),
      explorerUrl: given('DMC_EXPLORER_URL'),
      agentRpcUrls: agentRpcUrls === null ? (DEVNETS.includes(chainId) ? rpcUrls : []) : list(agentRpcUrls),
    },
    smtp: smtp === null ? null : { url: smtp, from: mailFrom ?? needed('DMC_MAIL_FROM') },
    privateWebhooks: withDefault('DMC_ALLOW_PRIVATE_WEBHOOKS') === '1',
    trustProxy: withDefault('DMC_TRUST_PROXY') === '1',
  }
}

const list = (text: string): string[] => text.split(',').map((part) => part.trim())

function isSmtpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return /^smtps?:$/.test(protocol) && hostname !== ''
}

function isOrigin(text: string): boolean {
  try {
    const url = new URL(text)
    return /^https?:$/.test(url.protocol) && url.origin === text
  } catch {
    return false
  }
}

function envInvalid(name: Name, given: string): DmcError {
  const shown = given.length > 80 ? `${given.slice(0, 80)}…` : given
  const said = given === '' ? `${name} is not set` : `${name} is '${shown}'`
  return new DmcError('ENV_INVALID', `${said}; allowed: ${WEB_VARIABLES[name].allowed}.`, {
    hint: `Correct ${name}; docs/ENVIRONMENT.md lists every variable.`,
  })
}
