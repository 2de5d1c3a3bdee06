import { readFileSync } from 'node:fs'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { nearest } from './nearest.ts'
import { parseSetting } from './parse-setting.ts'
import { isSettingKey, SETTING_KEYS, SETTINGS, type SettingKey, type SettingValues } from './settings.ts'
import { writeFileSafely } from './write-file-safely.ts'

/** JSON values by dotted key, as they stand in the file. */
export type RawSettings = Partial<Record<SettingKey, unknown>>

const isGroup = (key: string) => SETTING_KEYS.some((setting) => setting.startsWith(`${key}.`))

/**
 * Reads and checks config.json; a missing file is an empty one.
 * @throws CONFIG_INVALID naming line and column, or the key with the nearest known one, or the value with what is allowed.
 */
export function readConfigFile(file: string): { raw: RawSettings; values: Partial<SettingValues> } {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (code === 'ENOENT' || code === 'ENOTDIR') return { raw: {}, values: {} }
    throw new DmcError('CONFIG_INVALID', `${file} cannot be read: ${(error as Error).message}.`, {
      hint: 'Check the path and its permissions.',
      cause: error,
    })
  }
  const raw: RawSettings = {}
  const values: Partial<Record<SettingKey, unknown>> = {}
  flatten(file, parseJson(file, text), '', (key, value) => {
    const parsed = parseSetting(key, value)
    if (parsed === undefined) throw valueInvalid(file, key, value)
    raw[key] = value
    values[key] = parsed
  })
  return { raw, values: values as Partial<SettingValues> }
}

/** Writes the settings as nested JSON: a temporary file beside it, fsync, rename; mode 0600 (an RPC URL may hold a token). */
export function writeConfigFile(file: string, raw: RawSettings): void {
  const tree: Record<string, unknown> = {}
  for (const key of SETTING_KEYS) {
    if (raw[key] === undefined) continue
    const [group = '', name] = key.split('.')
    if (name === undefined) tree[group] = raw[key]
    else {
      tree[group] ??= {}
      ;(tree[group] as Record<string, unknown>)[name] = raw[key]
    }
  }
  writeFileSafely(file, `${JSON.stringify(tree, null, 2)}\n`)
}

function flatten(
  file: string,
  value: unknown,
  prefix: string,
  take: (key: SettingKey, value: unknown) => void,
): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const where = prefix === '' ? file : `${file}: ${prefix}`
    throw new DmcError('CONFIG_INVALID', `${where} must be a JSON object.`, {
      hint: 'Set values with `dmc-agent config set KEY VALUE`; `config list` shows the keys.',
    })
  }
  for (const [name, member] of Object.entries(value)) {
    const key = prefix === '' ? name : `${prefix}.${name}`
    if (isSettingKey(key)) take(key, member)
    else if (isGroup(key)) flatten(file, member, key, take)
    else throw unknownKey(key, `${file}: `)
  }
}

/** CONFIG_INVALID for a key that does not exist. */
export function unknownKey(key: string, where = ''): DmcError {
  const near = nearest(key, SETTING_KEYS)
  return new DmcError('CONFIG_INVALID', `${where}'${key}' is not a setting.`, {
    hint: near ? `Did you mean '${near}'?` : `Settings are: ${SETTING_KEYS.join(', ')}.`,
  })
}

/** CONFIG_INVALID for a value that is not allowed. */
export function valueInvalid(where: string, key: SettingKey, given: unknown): DmcError {
  const { allowed, secret } = SETTINGS[key]
  const shown = secret ? 'not allowed' : (JSON.stringify(given) ?? String(given)).slice(0, 80)
  return new DmcError('CONFIG_INVALID', `${where}: ${key} is ${shown}; allowed: ${allowed}.`, {
    hint: `Set it with \`dmc-agent config set ${key} VALUE\`.`,
  })
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const at = Number(/at position (\d+)/.exec(String(error))?.[1] ?? text.length)
    const before = text.slice(0, at).split('\n')
    const place = `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`
    throw new DmcError('CONFIG_INVALID', `${file} is not JSON: ${place}.`, {
      hint: 'Correct that line, or move the file away and set the values with `dmc-agent config set`.',
      cause: error,
    })
  }
}
