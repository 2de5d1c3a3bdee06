import { join, resolve } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import envPaths from 'env-paths'
import type { Env } from '../env.ts'
import type { AgentConfig } from './agent-config.ts'
import { type RawSettings, readConfigFile, valueInvalid } from './config-file.ts'
import { parseSetting } from './parse-setting.ts'
import { DEVNET_CHAIN_IDS, SETTING_KEYS, SETTINGS, type SettingKey, type SettingValues } from './settings.ts'

export type Origin = 'flag' | 'environment' | 'file' | 'default' | 'unset'

export interface ResolvedConfig {
  dataDir: string
  dataDirOrigin: Origin
  configFile: string
  /** As they stand in the file, to be written back with a change. */
  raw: RawSettings
  values: Partial<SettingValues>
  origins: Record<SettingKey, Origin>
}

export interface ConfigFlags {
  dataDir?: string | undefined
  config?: string | undefined
  /** Texts of flags like --rpc, by setting. */
  settings?: Partial<Record<SettingKey, string>>
}

/**
 * Puts the configuration together: flags, then environment, then file, then default.
 * @throws CONFIG_INVALID, ENV_INVALID.
 */
export function resolveConfig(flags: ConfigFlags, env: Env): ResolvedConfig {
  const dataDir = resolve(flags.dataDir ?? env.dataDir ?? envPaths('dmc-agent', { suffix: '' }).data)
  const dataDirOrigin = flags.dataDir ? 'flag' : env.dataDir ? 'environment' : 'default'
  const configFile = resolve(flags.config ?? env.configFile ?? join(dataDir, 'config.json'))
  const file = readConfigFile(configFile)
  const values: Partial<Record<SettingKey, unknown>> = {}
  const origins = {} as Record<SettingKey, Origin>
  for (const key of SETTING_KEYS) {
    const flag = flags.settings?.[key]
    if (flag !== undefined) {
      values[key] = parseSetting(key, SETTINGS[key].fromText(flag))
      if (values[key] === undefined) throw valueInvalid('Option', key, flag)
      origins[key] = 'flag'
    } else if (env.settings[key] !== undefined) {
      values[key] = env.settings[key]
      origins[key] = 'environment'
    } else if (file.values[key] !== undefined) {
      values[key] = file.values[key]
      origins[key] = 'file'
    } else {
      values[key] = SETTINGS[key].default ?? undefined
      origins[key] = SETTINGS[key].default == null ? 'unset' : 'default'
    }
  }
  if (origins['chain.confirmations'] === 'default' && isDevnet(values['chain.chainId'])) {
    values['chain.confirmations'] = 2
  }
  return {
    dataDir,
    dataDirOrigin,
    configFile,
    raw: file.raw,
    values: values as Partial<SettingValues>,
    origins,
  }
}

export const isDevnet = (chainId: unknown): boolean => DEVNET_CHAIN_IDS.includes(Number(chainId))

/** @throws NOT_INITIALISED naming what is missing. */
export function toAgentConfig({ dataDir, values }: ResolvedConfig): AgentConfig {
  const need = <K extends SettingKey>(key: K): SettingValues[K] => {
    const value = values[key]
    if (value !== undefined) return value
    const missing = SETTING_KEYS.filter(
      (name) => SETTINGS[name].default === undefined && values[name] === undefined,
    )
    throw new DmcError('NOT_INITIALISED', `The chain is not configured: ${missing.join(', ')} not set.`, {
      hint: missing.map((name) => `dmc-agent config set ${name} VALUE`).join('; '),
    })
  }
  return {
    dataDir,
    chain: {
      rpcUrls: need('chain.rpcUrls'),
      chainId: need('chain.chainId'),
      market: need('chain.market'),
      token: values['chain.token'] ?? null,
      confirmations: need('chain.confirmations'),
    },
    owner: values.owner ?? null,
    dashboard:
      values['dashboard.url'] !== undefined && values['dashboard.agentId'] !== undefined
        ? { origin: values['dashboard.url'], agentId: values['dashboard.agentId'] }
        : null,
    roots: {
      read: values['roots.read'] ?? [],
      restore: values['roots.restore'] ?? [],
      sector: values['roots.sector'] ?? [],
    },
    listen: {
      host: need('listen.host'),
      port: need('listen.port'),
      publicUrl: values['listen.publicUrl'] ?? null,
      plainHttp: need('listen.plainHttp'),
    },
    allowPrivateEndpoints: need('allowPrivateEndpoints'),
    scrub: { days: need('scrub.days') },
    checks: {
      perDay: need('checks.perDay'),
      leaves: need('checks.leaves'),
      policy: need('checks.policy'),
      spendCap: need('checks.spendCap'),
    },
    backupThreads: values['backup.threads'] ?? null,
    bandwidth: {
      upload: values['bandwidth.upload'] ?? null,
      download: values['bandwidth.download'] ?? null,
    },
    spoolLimit: need('spoolLimit'),
    answer: {
      mostGasWei: need('answer.mostGas'),
      tokenPriceWei: values['answer.tokenPrice'] ?? null,
    },
    slash: { automatic: need('slash.automatic') },
    claim: { automatic: need('claim.automatic'), minimum: need('claim.minimum') },
    healthPort: need('health.port'),
    logLevel: need('logLevel'),
  }
}
