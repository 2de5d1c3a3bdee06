import type { Action } from './shell.ts'

export const configPath: Action = async ({ io, config }) => {
  io.document('config.path', { dataDir: config.dataDir, configFile: config.configFile })
  io.print(config.configFile)
}
