import { unknownKey } from '../config/config-file.ts'
import { isSettingKey } from '../config/settings.ts'
import { showSetting } from '../config/show-setting.ts'
import type { Action } from './shell.ts'

export const configGet: Action<[string]> = async ({ io, config }, _options, key) => {
  if (!isSettingKey(key)) throw unknownKey(key)
  const value = config.values[key] ?? null
  io.document('config.get', { key, value, origin: config.origins[key] })
  if (value !== null) io.print(showSetting(key, value, { full: true }))
}
