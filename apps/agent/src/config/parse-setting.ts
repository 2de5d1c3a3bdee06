import { SETTINGS, type SettingKey } from './settings.ts'

/** The checked value of one setting from its JSON value; undefined when it is not allowed. */
export function parseSetting(key: SettingKey, value: unknown): unknown {
  if (value === undefined || value === null) return undefined
  const result = SETTINGS[key].schema.safeParse(value)
  return result.success ? result.data : undefined
}
