import { SETTING_KEYS, SETTINGS, type SettingKey } from '../config/settings.ts'
import { showSetting } from '../config/show-setting.ts'
import { printPairs, printTable } from '../output/print-table.ts'
import type { Action } from './shell.ts'

export const configList: Action = async ({ io, config }) => {
  const rows = SETTING_KEYS.map((key: SettingKey) => ({
    key,
    value: showSetting(key, config.values[key]),
    origin: config.origins[key],
    env: SETTINGS[key].env,
    what: SETTINGS[key].what,
  }))
  const { dataDir, dataDirOrigin, configFile } = config
  io.document('config.list', { dataDir, dataDirOrigin, configFile, settings: rows })
  printPairs(io, [
    ['Data folder', `${dataDir} (${dataDirOrigin})`],
    ['File', configFile],
  ])
  io.print()
  printTable(io, rows, [
    { title: 'Setting', text: (row) => row.key },
    { title: 'Value', text: (row) => row.value, flexible: true },
    {
      title: 'From',
      text: (row) => (row.origin === 'environment' ? row.env : row.origin),
      paint: (text, row) => (row.origin === 'unset' ? io.colors.yellow(text) : text),
    },
    { title: 'What', text: (row) => row.what, paint: io.colors.dim },
  ])
}
