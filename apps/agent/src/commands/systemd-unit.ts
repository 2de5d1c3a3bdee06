import { CREDENTIAL_NAME } from '../keys/find-password.ts'

export interface UnitOptions {
  launcher: string
  /** The Node that runs the launcher. */
  node: string
  dataDir: string
  configFile: string
  passwordFile: string | undefined
  /** null = a service of the user's own, or root. */
  user: string | null
}

/**
 * The unit of `dmc-agent install`. Sectors may lie anywhere, so the file system stays writable but for the system's own
 * folders (ProtectSystem=full); everything else that a data mover does not need is off.
 */
export function systemdUnit(options: UnitOptions): string {
  const { launcher, node, dataDir, configFile, passwordFile, user } = options
  return `[Unit]
Description=DMC agent
Documentation=https://www.npmjs.com/package/dmc-agent
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=all
ExecStart=${[node, launcher, 'run', '--data-dir', dataDir, '--config', configFile].map(quote).join(' ')}
Restart=always
RestartSec=5
# Backups are put down so that they go on; give that time.
TimeoutStartSec=120
TimeoutStopSec=120
KillSignal=SIGTERM
# A wrong password or configuration needs a person, not another start.
RestartPreventExitStatus=5 64 78
${user === null ? '' : `User=${plain(user)}\n`}${passwordFile === undefined ? '' : `LoadCredential=${CREDENTIAL_NAME}:${plain(passwordFile)}\n`}
UMask=0077
LimitNOFILE=65536
NoNewPrivileges=yes
ProtectSystem=full
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
PrivateTmp=yes
PrivateDevices=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
CapabilityBoundingSet=
SystemCallArchitectures=native

[Install]
WantedBy=${user === null && dataDir.startsWith('/home/') ? 'default.target' : 'multi-user.target'}
`
}

/** systemd expands % and splits at spaces. */
const plain = (text: string) => text.replaceAll('%', '%%')
const quote = (text: string) =>
  `"${plain(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('$', '$$$$')}"`
