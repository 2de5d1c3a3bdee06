import { resolve } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { HASHER_TIERS, type HasherTier } from '@dmc/core/merkle/hasher-tier'
import * as z from 'zod'
import { nearest } from './config/nearest.ts'
import { parseSetting } from './config/parse-setting.ts'
import { SETTING_KEYS, SETTINGS, type SettingKey, type SettingValues } from './config/settings.ts'
import { CRASH_POINTS, type CrashPoint } from './store/crash-point.ts'

/** The environment, checked. This file is the agent's only reader of process.env (a test looks). */
export interface Env {
  /** Settings given as DMC_*; the same keys as in config.json. */
  settings: Partial<SettingValues>
  dataDir: string | null
  configFile: string | null
  passwordFile: string | null
  /** Where systemd put this unit's credentials. */
  credentialsDirectory: string | null
  /** systemd's readiness socket; a path, or `@name` in the abstract namespace. */
  notifySocket: string | null
  runtimeDir: string | null
  noColor: boolean
  forceColor: boolean
  fastScrypt: boolean
  /** The hashing tier to use; null = the best that works. */
  hasher: HasherTier | null
  /** For tests: the step at which this process kills itself. */
  crashAt: CrashPoint | null
  debug: boolean
  /** DMC_* names that mean nothing, with the nearest that does: probably a typing mistake. */
  unknown: { name: string; nearest: string | null }[]
}

interface Variable {
  what: string
  allowed: string
  schema: z.ZodType<string>
}

const any = z.string()
const flag = z.string().regex(/^[01]$/)
const variable = (what: string, allowed: string, schema: z.ZodType<string> = any): Variable => ({
  what,
  allowed,
  schema,
})

/** Variables beside the settings. docs/ENVIRONMENT.md lists both, by test. */
export const OTHER_VARIABLES = {
  DMC_DATA_DIR: variable("The agent's data folder: keystore, state, spool, control socket.", 'a path'),
  DMC_CONFIG: variable('The configuration file; config.json in the data folder when unset.', 'a path'),
  DMC_PASSWORD_FILE: variable(
    "File with the keystore's password on its first line; mode 0600. For a start without a person.",
    'a path',
  ),
  DMC_DEBUG: variable('1: show the stack of errors, like --debug.', '0 or 1', flag),
  DMC_HASHER: variable(
    'Forces a hashing tier, for measuring and support; when unset, native where it works. Both give the same hashes. With `portable` folders are read without the accelerator, too.',
    'native or portable',
    z.enum(HASHER_TIERS),
  ),
  DMC_TEST_FAST_SCRYPT: variable(
    '1: make keystores with a weak, fast key derivation. For tests; refused unless the chain id is a devnet (31337, 1337).',
    '0 or 1',
    flag,
  ),
  DMC_TEST_CRASH_AT: variable(
    'Kills the agent at this step, to show that a restart goes on. For tests; refused unless the chain id is a devnet (31337, 1337).',
    'a step of CRASH_POINTS (apps/agent/src/store/crash-point.ts)',
    z.enum(CRASH_POINTS),
  ),
  CREDENTIALS_DIRECTORY: variable(
    "Set by systemd: the keystore's password is read from its file dmc-password.",
    'a path',
  ),
  NOTIFY_SOCKET: variable('Set by systemd: `run` reports that it is ready.', 'a path or @name'),
  XDG_RUNTIME_DIR: variable(
    "Where the control socket goes when the data folder's path is too long for one.",
    'a path',
  ),
  NO_COLOR: variable('Any value: no colours.', 'anything'),
  FORCE_COLOR: variable('Any value but 0: colours although the output is not a terminal.', 'anything'),
} as const satisfies Record<string, Variable>

type OtherName = keyof typeof OTHER_VARIABLES

/**
 * Reads and checks the environment once. An empty value counts as unset.
 * @throws ENV_INVALID naming the variable, what was given and what is allowed.
 */
export function readEnv(source: Record<string, string | undefined> = process.env): Env {
  const read = (name: string): string | null => source[name] || null
  const other = (name: OtherName): string | null => {
    const value = read(name)
    if (value !== null && !OTHER_VARIABLES[name].schema.safeParse(value).success) {
      throw envInvalid(name, value, OTHER_VARIABLES[name].allowed)
    }
    return value
  }
  const path = (name: OtherName): string | null => {
    const value = other(name)
    return value === null ? null : resolve(value)
  }
  const settings: Partial<Record<SettingKey, unknown>> = {}
  for (const key of SETTING_KEYS) {
    const { env, allowed, secret } = SETTINGS[key]
    const value = read(env)
    if (value === null) continue
    const parsed = parseSetting(key, SETTINGS[key].fromText(value))
    if (parsed === undefined) throw envInvalid(env, secret ? '(hidden)' : value, allowed)
    settings[key] = parsed
  }
  return {
    settings: settings as Partial<SettingValues>,
    dataDir: path('DMC_DATA_DIR'),
    configFile: path('DMC_CONFIG'),
    passwordFile: path('DMC_PASSWORD_FILE'),
    credentialsDirectory: path('CREDENTIALS_DIRECTORY'),
    notifySocket: other('NOTIFY_SOCKET'),
    runtimeDir: path('XDG_RUNTIME_DIR'),
    noColor: read('NO_COLOR') !== null,
    forceColor: (read('FORCE_COLOR') ?? '0') !== '0',
    crashAt: other('DMC_TEST_CRASH_AT') as CrashPoint | null,
    hasher: other('DMC_HASHER') as HasherTier | null,
    fastScrypt: other('DMC_TEST_FAST_SCRYPT') === '1',
    debug: other('DMC_DEBUG') === '1',
    unknown: unknownNames(source),
  }
}

/** Every variable that the agent reads, in the order of docs/ENVIRONMENT.md. */
export const VARIABLE_NAMES: readonly string[] = [
  ...SETTING_KEYS.map((key) => SETTINGS[key].env),
  ...Object.keys(OTHER_VARIABLES),
]

function unknownNames(source: Record<string, string | undefined>): Env['unknown'] {
  return Object.keys(source)
    .filter((name) => name.startsWith('DMC_') && source[name] && !VARIABLE_NAMES.includes(name))
    .map((name) => ({ name, nearest: nearest(name, VARIABLE_NAMES) }))
}

function envInvalid(name: string, given: string, allowed: string): DmcError {
  const shown = given.length > 80 ? `${given.slice(0, 80)}…` : given
  return new DmcError('ENV_INVALID', `${name} is '${shown}'; allowed: ${allowed}.`, {
    hint: `Correct or unset ${name}; docs/ENVIRONMENT.md lists every variable.`,
  })
}
