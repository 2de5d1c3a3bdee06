import { DmcError } from '@dmc/core/errors/dmc-error'
import { unknownKey, valueInvalid, writeConfigFile } from '../config/config-file.ts'
import { parseSetting } from '../config/parse-setting.ts'
import { isSettingKey, SETTINGS, type SettingKey } from '../config/settings.ts'
import { fail } from '../output/io.ts'
import { askText } from '../output/prompt.ts'
import type { Shell } from './shell.ts'

export interface ChainOptions {
  rpc?: string
  chainId?: string
  market?: string
  wallet?: string
}

const FLAGS: Partial<Record<SettingKey, keyof ChainOptions>> = {
  'chain.rpcUrls': 'rpc',
  'chain.chainId': 'chainId',
  'chain.market': 'market',
  owner: 'wallet',
}

/**
 * The chain's settings from the flags of `init`, from what is configured already, and, at a terminal, from questions.
 * The chain id is asked from the RPC when it is not given.
 * @returns `write` puts the new ones into config.json; `complete` = nothing is missing.
 * @throws CONFIG_INVALID for a flag's value, RPC_UNREACHABLE, RPC_BAD_ANSWER.
 */
export async function configureChain(
  { io, config }: Shell,
  options: ChainOptions,
): Promise<{ chainId: number | undefined; complete: boolean; write(): void }> {
  const changes: Partial<Record<SettingKey, string>> = {}
  for (const [key, flag] of Object.entries(FLAGS)) {
    const given = options[flag]
    if (given !== undefined && isSettingKey(key)) changes[key] = given
  }
  const known = (key: SettingKey) => changes[key] !== undefined || config.values[key] !== undefined
  if (io.interactive && !io.yes) {
    for (const [key, question] of QUESTIONS) {
      if (!known(key)) {
        const answer = await askText(`${question} (empty: later)`, (value) =>
          value === '' || parsed(key, value) !== undefined ? undefined : `Allowed: ${SETTINGS[key].allowed}.`,
        )
        if (answer) changes[key] = answer
      }
    }
  }
  const values: Partial<Record<SettingKey, unknown>> = { ...config.values }
  for (const [key, text] of Object.entries(changes)) {
    if (!isSettingKey(key)) throw unknownKey(key)
    values[key] = parsed(key, text)
    if (values[key] === undefined) throw valueInvalid(`--${FLAGS[key] ?? key}`, key, text)
  }
  const rpcUrl = (values['chain.rpcUrls'] as string[] | undefined)?.[0]
  if (values['chain.chainId'] === undefined && rpcUrl) {
    values['chain.chainId'] = await askChainId(rpcUrl)
    changes['chain.chainId'] = String(values['chain.chainId'])
  }
  return {
    chainId: values['chain.chainId'] as number | undefined,
    complete: (['chain.rpcUrls', 'chain.chainId', 'chain.market'] as const).every(
      (key) => values[key] !== undefined,
    ),
    write() {
      const raw = { ...config.raw }
      for (const [key, text] of Object.entries(changes)) {
        if (isSettingKey(key)) raw[key] = SETTINGS[key].fromText(text)
      }
      if (Object.keys(changes).length > 0) writeConfigFile(config.configFile, raw)
    },
  }
}

const QUESTIONS: readonly (readonly [SettingKey, string])[] = [
  ['chain.rpcUrls', 'RPC URL of the chain'],
  ['chain.market', 'Address of the Market'],
]

const parsed = (key: SettingKey, text: string) => parseSetting(key, SETTINGS[key].fromText(text))

async function askChainId(rpcUrl: string): Promise<number> {
  const host = new URL(rpcUrl).host
  let body: unknown
  try {
    const response = await fetch(rpcUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] }),
      signal: AbortSignal.timeout(10_000),
    })
    body = await response.json()
  } catch (error) {
    throw new DmcError('RPC_UNREACHABLE', `The RPC at ${host} does not answer: ${reason(error)}.`, {
      hint: 'Check the URL and the network; or give --chain-id and go on without it.',
      cause: error,
    })
  }
  const result = (body as { result?: unknown } | null)?.result
  const chainId = typeof result === 'string' && /^0x[0-9a-f]{1,12}$/i.test(result) ? Number(result) : 0
  if (chainId > 0) return chainId
  throw fail(
    'RPC_BAD_ANSWER',
    `${host} does not answer like an Ethereum RPC.`,
    'Check the URL, or give --chain-id.',
  )
}

function reason(error: unknown): string {
  const { cause, message } = error as Error
  const inner = cause as NodeJS.ErrnoException | undefined
  return inner?.code ?? inner?.message ?? message
}
