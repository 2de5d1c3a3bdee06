import { spawnSync } from 'node:child_process'
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { makeFolder } from '../disk/make-folder.ts'
import { keystoreFile } from '../keys/keystore-file.ts'
import { readSecretFile } from '../keys/read-secret-file.ts'
import { fail } from '../output/io.ts'
import { launcherPath } from './launcher-path.ts'
import type { Action } from './shell.ts'
import { systemdUnit } from './systemd-unit.ts'

export interface InstallOptions {
  print?: boolean
  user?: boolean
  runAs?: string
  passwordFile?: string
}

const UNIT = 'dmc-agent.service'

/** A systemd unit for this data folder; enabling and starting it stays with the person. */
export const install: Action<[], InstallOptions> = async ({ io, config, env }, options) => {
  const folder = options.user ? join(homedir(), '.config/systemd/user') : '/etc/systemd/system'
  const file = join(folder, UNIT)
  const passwordFile = options.passwordFile ?? env.passwordFile ?? undefined
  const launcher = launcherPath()
  if (launcher.includes('/_npx/') && !options.print) {
    throw fail(
      'USAGE',
      'This agent runs from npx, whose folder may be emptied at any time.',
      'Install it first (npm install --global dmc-agent), then run: dmc-agent install',
    )
  }
  const unit = systemdUnit({
    launcher,
    node: process.execPath,
    dataDir: config.dataDir,
    configFile: config.configFile,
    passwordFile: passwordFile && resolve(passwordFile),
    user: options.user ? null : (options.runAs ?? ownerOf(config.dataDir)),
  })
  const systemctl = options.user ? 'systemctl --user' : 'systemctl'
  const next = `${systemctl} daemon-reload && ${systemctl} enable --now dmc-agent`
  if (!options.print) {
    if (process.platform !== 'linux') {
      throw fail(
        'USAGE',
        `There is no systemd on ${process.platform}.`,
        'Start `dmc-agent run` with your own service manager; install --print shows what it needs.',
      )
    }
    if (!existsSync(keystoreFile(config.dataDir))) {
      throw fail('NOT_INITIALISED', `There is no keystore in ${config.dataDir}.`, 'Run: dmc-agent init')
    }
    if (passwordFile) readSecretFile(resolve(passwordFile))
    write(folder, file, unit)
  }
  io.document('install', { file, unit, written: options.print !== true, next })
  if (options.print) io.print(unit.trimEnd())
  else {
    io.print(`Wrote ${file}`)
    io.note(`Next: ${next}`)
  }
  if (!passwordFile) {
    io.warn(
      'Without --password-file the service cannot unlock after a restart, unless the keyring of its user holds the password.',
    )
  }
}

function write(folder: string, file: string, unit: string): void {
  try {
    makeFolder(folder)
    writeFileSync(file, unit, { mode: 0o644 })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    throw fail(
      'TARGET_UNWRITABLE',
      `${file} cannot be written: ${code}.`,
      'Run it as root, or use --user for a service of your own; --print shows the unit.',
    )
  }
}

/** Name of the user that owns the folder; numeric when the system does not know it; null for root. */
function ownerOf(folder: string): string | null {
  const uid = statSync(folder, { throwIfNoEntry: false })?.uid ?? process.getuid?.() ?? 0
  if (uid === 0) return null
  const found = spawnSync('id', ['-un', String(uid)], { encoding: 'utf8', timeout: 5000 })
  return found.status === 0 ? found.stdout.trim() : String(uid)
}
