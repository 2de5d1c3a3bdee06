import { unknownKey, valueInvalid, writeConfigFile } from '../config/config-file.ts'
import { parseSetting } from '../config/parse-setting.ts'
import { isSettingKey, SETTINGS } from '../config/settings.ts'
import { showSetting } from '../config/show-setting.ts'
import { lockHolder } from '../control/lock-data-dir.ts'
import type { Action } from './shell.ts'

export const configSet: Action<[string, string | undefined], { unset?: boolean }> = async (
  { io, config },
  options,
  key,
  text,
) => {
  if (!isSettingKey(key)) throw unknownKey(key)
  const raw = { ...config.raw }
  delete raw[key]
  if (!options.unset) {
    const json = SETTINGS[key].fromText(text ?? '')
    if (parseSetting(key, json) === undefined) throw valueInvalid('config set', key, text ?? '')
    raw[key] = json
  }
  writeConfigFile(config.configFile, raw)
  const value = parseSetting(key, raw[key]) ?? null
  io.document('config.set', { key, value })
  io.print(
    value === null ? `${key} is no longer in ${config.configFile}` : `${key} = ${showSetting(key, value)}`,
  )
  const { origins } = config
  if (origins[key] === 'environment') io.warn(`${SETTINGS[key].env} is set and wins over the file.`)
  const holder = lockHolder(config.dataDir)
  if (holder) io.note(`The running agent (pid ${holder.pid}) uses it after a restart.`)
}
