import { accessSync, constants, statSync } from 'node:fs'
import { type Check, failed, ok, warning } from '../check.ts'

export const dataDir: Check = {
  name: 'data-dir',
  title: 'Data folder',
  async run({ dataDir: folder }) {
    const stat = statSync(folder, { throwIfNoEntry: false })
    if (!stat) return failed(`${folder} does not exist.`, 'Run: dmc-agent init')
    if (!stat.isDirectory())
      return failed(`${folder} is not a folder.`, 'Choose another one with --data-dir.')
    try {
      accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    } catch {
      return failed(
        `${folder} cannot be read and written by this user (uid ${process.getuid?.() ?? '?'}).`,
        'Run the command as the user that runs the agent, or give the folder to this user.',
      )
    }
    const octal = (stat.mode & 0o7777).toString(8).padStart(4, '0')
    if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0) {
      return warning(`${folder} has mode ${octal}: others can look into it.`, `Run: chmod 700 ${folder}`)
    }
    return ok(`${folder}, mode ${octal}`)
  },
}
