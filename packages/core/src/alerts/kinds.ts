/** What a dashboard watches for a person, in the order in which its settings list it. A kind is the `code` of its alerts. */
export const ALERT_KINDS = {
  'order-ends': { group: 'orders', name: 'An order ends soon' },
  'order-over': { group: 'orders', name: 'An order has ended and waits for its settlement' },
  'order-not-active': { group: 'orders', name: 'An order is not in force in time' },
  'miner-quits': { group: 'orders', name: 'A miner gave notice' },
  credit: { group: 'money', name: 'The Market holds tokens for you' },
  'reserve-low': { group: 'money', name: 'The reserve for challenges runs out' },
  'tokens-low': { group: 'money', name: 'The wallet can’t pay what ends next' },
  'wallet-gas-low': { group: 'money', name: 'The wallet has little coin for gas' },
  'challenge-open': { group: 'proofs', name: 'A challenge is open on chain' },
  'challenge-missed': { group: 'proofs', name: 'A challenge was not answered in time' },
  'order-slashed': { group: 'proofs', name: 'A pledge was slashed' },
  'proof-failing': { group: 'proofs', name: 'A miner does not show the data' },
  'answer-failing': { group: 'proofs', name: 'An answer does not get on chain' },
  'backup-missed': { group: 'backups', name: 'A backup did not run when it should' },
  'backup-failing': { group: 'backups', name: 'A backup fails' },
  'snapshot-partial': { group: 'backups', name: 'Files could not be read' },
  'source-failed': { group: 'backups', name: 'A source could not be read' },
  'host-away': { group: 'hosts', name: 'A host is not connected' },
  'host-says': { group: 'hosts', name: 'A host says that something is wrong' },
  'host-chain': { group: 'hosts', name: 'A host can’t read the chain' },
  'key-gas-low': { group: 'hosts', name: 'A host’s key has little gas' },
  'key-expires': { group: 'hosts', name: 'A host’s key expires' },
  'key-revoked': { group: 'hosts', name: 'A host’s key is revoked' },
  'sector-not-mounted': { group: 'sectors', name: 'A sector is not mounted' },
  'sector-damaged': { group: 'sectors', name: 'A sector is damaged' },
  'sector-full': { group: 'sectors', name: 'A disk fills up' },
  'dashboard-chain': { group: 'dashboard', name: 'This dashboard is behind the chain' },
} as const satisfies Record<string, { group: string; name: string }>

export type AlertKind = keyof typeof ALERT_KINDS

export const ALERT_GROUPS = {
  orders: 'Orders',
  money: 'Money',
  proofs: 'Proofs and challenges',
  backups: 'Backups',
  hosts: 'Hosts and their keys',
  sectors: 'Sectors',
  dashboard: 'This dashboard',
} as const satisfies Record<(typeof ALERT_KINDS)[AlertKind]['group'], string>

/** How bad it is, the mildest first. */
export const ALERT_LEVELS = ['info', 'warning', 'error'] as const
export type AlertLevel = (typeof ALERT_LEVELS)[number]

export const isWorse = (a: AlertLevel, b: AlertLevel): boolean =>
  ALERT_LEVELS.indexOf(a) > ALERT_LEVELS.indexOf(b)
