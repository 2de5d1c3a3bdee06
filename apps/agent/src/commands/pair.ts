import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { dashboardOrigin } from '@dmc/core/dashboard/dashboard-origin'
import { showPairingCode } from '@dmc/core/dashboard/pairing-code'
import { type Address, isAddressEqual } from 'viem'
import { writeConfigFile } from '../config/config-file.ts'
import { type ResolvedConfig, resolveConfig } from '../config/resolve-config.ts'
import { lockHolder } from '../control/lock-data-dir.ts'
import { requireInitialised } from '../control/with-open-agent.ts'
import { type ChainOffer, pairWithCode, pairWithToken, type Role } from '../dashboard/pair-host.ts'
import { checkRoot } from '../dashboard/roots.ts'
import { unlockHost } from '../keys/unlock-host.ts'
import { fail } from '../output/io.ts'
import { askText, askYesNo } from '../output/prompt.ts'
import type { Action, Shell } from './shell.ts'

export interface PairOptions {
  server?: string
  token?: string
  name?: string
  role?: 'user' | 'miner' | 'both'
  qr?: boolean
  owner?: string
  allowRead?: string[]
  allowRestore?: string[]
  allowSector?: string[]
}

type Root = 'read' | 'restore' | 'sector'

/** Pairs this host with a dashboard: by a code that a person approves in the browser, or by a one-time token. */
export const pair: Action<[], PairOptions> = async (shell, options) => {
  const { io, env, caller, signal } = shell
  requireInitialised(shell.config)
  const config = shell.config
  const origin = dashboardOrigin(options.server ?? (await knownServer(shell)))
  if (io.yes || options.token || options.owner) mustKnowChain(config)
  const roots = await givenRoots(options)
  const { password: _password, ...keys } = await unlockHost(config, env, caller.askPassword)
  const roles: Role[] =
    options.role === 'user' || options.role === 'miner' ? [options.role] : ['user', 'miner']
  let offered: ChainOffer | null = null
  const how = {
    origin,
    keys,
    roles,
    signal,
    onChain(chain: ChainOffer) {
      mustBeOurChain(config, chain)
      mustHaveRpc(config, chain)
      offered = chain
    },
  }
  const paired = options.token
    ? await pairWithToken({ ...how, token: options.token, name: options.name })
    : await pairWithCode({
        ...how,
        onCode: (shown) => {
          io.document('pairing', shown)
          void showCode(shell, shown, options.qr !== false)
        },
      })
  mustBeOurOwner(config, keys.wallet?.address ?? null, options.owner, paired.owner)
  const asked = await confirmOwner(shell, options, paired.owner, roots, offered)
  save(config, { origin, agentId: paired.agentId, owner: paired.owner, chain: offered, roots: asked })
  io.document('paired', { dashboard: origin, agentId: paired.agentId, owner: paired.owner, roots: asked })
  io.print(`Paired with ${origin}: this host acts for ${paired.owner}.`)
  for (const kind of ['read', 'restore', 'sector'] as const) {
    if (asked[kind]) io.print(`The dashboard may ${WORDS[kind]} ${asked[kind].join(', ')}`)
  }
  const holder = lockHolder(config.dataDir)
  if (holder?.command === 'run') io.note(`The running agent (pid ${holder.pid}) connects after a restart.`)
  else io.note('Next: dmc-agent run')
}

const WORDS: Record<Root, string> = {
  read: 'look into and back up',
  restore: 'restore into new folders of',
  sector: 'register sectors in',
}

async function knownServer({ io, config }: Shell): Promise<string> {
  const known = config.values['dashboard.url']
  if (known) return known
  if (!io.interactive) {
    throw fail(
      'NOT_PAIRED',
      'No dashboard was named.',
      'Name it: dmc-agent pair --server https://dashboard.example',
    )
  }
  return askText('Address of your dashboard, as the browser shows it', (value) => {
    try {
      dashboardOrigin(value)
      return undefined
    } catch (error) {
      return (error as Error).message
    }
  })
}

async function showCode(
  { io }: Shell,
  shown: { code: string; words: string; url: string; seconds: number },
  qr: boolean,
): Promise<void> {
  if (io.json) return
  const { bold, dim } = io.colors
  const say = (line = '') => process.stderr.write(`${line}\n`)
  if (qr && io.redraw) {
    const { renderUnicodeCompact } = await import('uqr')
    say()
    say(renderUnicodeCompact(shown.url, { border: 1 }))
  }
  say()
  say(`  Open      ${bold(shown.url)}`)
  say(`  Code      ${bold(showPairingCode(shown.code))}`)
  say(`  Words     ${bold(shown.words)}`)
  say()
  say(dim('  The browser must show the same two words. Approve there; this waits for ten minutes.'))
}

/** A dashboard of another chain would show things that have nothing to do with this host. @throws PAIRING_OTHER_CHAIN */
function mustBeOurChain({ values }: ResolvedConfig, chain: ChainOffer): void {
  const { 'chain.chainId': chainId, 'chain.market': market } = values
  const same =
    (chainId === undefined || chainId === chain.chainId) &&
    (market === undefined || isAddressEqual(market, chain.market))
  if (same) return
  throw fail(
    'PAIRING_OTHER_CHAIN',
    `The dashboard serves chain ${chain.chainId} and Market ${chain.market}; this host works on chain ${chainId ?? '?'} and Market ${market ?? '?'}.`,
    'Pair with the dashboard of that Market, or set up another data folder with --data-dir.',
  )
}

/** Where nobody looks at what the dashboard offers, it has no say in the chain. @throws CONFIG_INVALID */
function mustKnowChain({ values }: ResolvedConfig): void {
  const missing = (['chain.chainId', 'chain.market', 'chain.rpcUrls'] as const).filter(
    (key) => values[key] === undefined,
  )
  if (missing.length === 0) return
  throw fail(
    'CONFIG_INVALID',
    `Without a person to look at it, a dashboard does not choose the chain of this host; not set: ${missing.join(', ')}.`,
    `Set it first: ${missing.map((key) => `dmc-agent config set ${key} …`).join('; ')}. Or pair at a terminal, without --token, --owner and --yes.`,
  )
}

/** @throws CONFIG_INVALID */
function mustHaveRpc({ values }: ResolvedConfig, chain: ChainOffer): void {
  if (values['chain.rpcUrls'] !== undefined || chain.rpcUrls.length > 0) return
  throw fail(
    'CONFIG_INVALID',
    `The dashboard names no RPC URL, and this host has none for chain ${chain.chainId}.`,
    'Set your own: dmc-agent config set chain.rpcUrls https://…; then pair again.',
  )
}

/** What this host would work on from now on; a URL as it is parsed, so that no control character reaches the terminal. */
function chainInWords({ values }: ResolvedConfig, chain: ChainOffer | null): string {
  const urls = values['chain.rpcUrls'] ?? chain?.rpcUrls ?? []
  return [
    `Chain ${values['chain.chainId'] ?? chain?.chainId}`,
    `Market ${values['chain.market'] ?? chain?.market}`,
    ...urls.map((url) => `RPC ${new URL(url).href}`),
  ].join('\n')
}

/** @throws PAIRING_OTHER_OWNER */
function mustBeOurOwner(
  { values }: ResolvedConfig,
  wallet: Address | null,
  wanted: string | undefined,
  owner: Address,
): void {
  const known = wanted ?? wallet ?? values.owner
  if (!known || known.toLowerCase() === owner.toLowerCase()) return
  throw fail(
    'PAIRING_OTHER_OWNER',
    `${owner} approved, but this host acts for ${known}.`,
    'Sign in to the dashboard with that wallet, or use another data folder for another wallet.',
  )
}

/** One answer says all: whose this host is from now on, on which chain, and what that wallet's dashboard may look into. */
async function confirmOwner(
  { io, config }: Shell,
  options: PairOptions,
  owner: Address,
  roots: Partial<Record<Root, string[]>>,
  chain: ChainOffer | null,
): Promise<Partial<Record<Root, string[]>>> {
  // a token names its wallet, and --owner does: whoever runs the command has said it
  if (io.yes || options.token || options.owner) return roots
  if (!io.interactive) {
    throw fail(
      'NOT_CONFIRMED',
      `${owner} approved, but nobody is here to say that this is right.`,
      'Say whose it must be with --owner 0x…, or --yes; without a terminal a token is simpler: --token.',
    )
  }
  const on = chainInWords(config, chain)
  if (Object.keys(roots).length > 0) {
    if (await askYesNo(`${on}\nLet the wallet ${owner} use this host on this chain?`)) return roots
    throw fail('NOT_CONFIRMED', 'Not paired: you said no.', 'Revoke this host in the browser too.')
  }
  const home = homedir()
  const answer = await askText(
    `${on}\n${owner} wants to use this host on this chain. Folder that it may back up and restore to (Enter: ${home}; none; no = refuse)`,
    (value) =>
      value === '' || /^(no|none)$/i.test(value) || existsSync(resolve(value))
        ? undefined
        : 'There is no such folder.',
  )
  if (/^no$/i.test(answer)) {
    throw fail('NOT_CONFIRMED', 'Not paired: you said no.', 'Revoke this host in the browser too.')
  }
  if (/^none$/i.test(answer)) return {}
  const root = await checkRoot(resolve(answer || home))
  return { read: [root], restore: [root] }
}

async function givenRoots(options: PairOptions): Promise<Partial<Record<Root, string[]>>> {
  const roots: Partial<Record<Root, string[]>> = {}
  const given = { read: options.allowRead, restore: options.allowRestore, sector: options.allowSector }
  for (const kind of ['read', 'restore', 'sector'] as const) {
    const paths = given[kind]
    if (paths) roots[kind] = await Promise.all(paths.map((path) => checkRoot(resolve(path))))
  }
  return roots
}

/** Read again: init of the same run may have written in between. */
function save(
  config: ResolvedConfig,
  paired: {
    origin: string
    agentId: string
    owner: Address
    chain: ChainOffer | null
    roots: Partial<Record<Root, string[]>>
  },
): void {
  const { chain, roots } = paired
  const raw = { ...config.raw }
  raw['dashboard.url'] = paired.origin
  raw['dashboard.agentId'] = paired.agentId
  raw.owner = paired.owner
  for (const kind of ['read', 'restore', 'sector'] as const) {
    if (roots[kind]) raw[`roots.${kind}`] = roots[kind]
  }
  if (chain) {
    const { values } = config
    if (values['chain.chainId'] === undefined) raw['chain.chainId'] = chain.chainId
    if (values['chain.market'] === undefined) raw['chain.market'] = chain.market
    if (values['chain.rpcUrls'] === undefined) raw['chain.rpcUrls'] = chain.rpcUrls
  }
  writeConfigFile(config.configFile, raw)
}

/** For a step that needs what `pair` wrote. */
export const configAfter = (shell: Shell): ResolvedConfig =>
  resolveConfig({ dataDir: shell.config.dataDir, config: shell.config.configFile }, shell.env)
