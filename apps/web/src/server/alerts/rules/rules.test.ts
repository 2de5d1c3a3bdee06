import { ALERT_KINDS, type AlertKind } from '@dmc/core/alerts/kinds'
import { DEFAULT_PARAMETERS } from '@dmc/core/market/parameters'
import { describe, expect, it } from 'vitest'
import { DEFAULT_ALERT_SETTINGS } from '../alert-settings.ts'
import { ACT_GAS, DAY, type MarketOrder, type OwnerFacts } from '../facts.ts'
import { RULES, runRules } from './run-rules.ts'

const ME = '0x1111111111111111111111111111111111111111'
const OTHER = '0x2222222222222222222222222222222222222222'
const KEY = '0x3333333333333333333333333333333333333333'
const NOW = 1_800_000_000
const DMC = 10n ** 18n

const order = (change: Partial<MarketOrder> = {}): MarketOrder => ({
  orderId: 5n,
  billId: 1n,
  user: ME,
  miner: OTHER,
  state: 'active',
  capacity: 1024n,
  weeks: 4,
  price: DMC,
  pledgeRate: 4,
  bond: DMC,
  createdAt: BigInt(NOW - 10 * DAY),
  start: BigInt(NOW - 9 * DAY),
  endsAt: BigInt(NOW + 20 * DAY),
  escrow: 4n * DMC,
  reserve: 10n * DMC,
  pledge: 40n * DMC,
  claimed: 0n,
  claimable: 0n,
  noticeEndsAt: 0n,
  endStatedByUser: 0n,
  endStatedByMiner: 0n,
  nextChallengeAt: 0n,
  challenge: null,
  commitment: { root: `0x${'ab'.repeat(32)}`, size: 1n << 30n },
  userPrepare: null,
  minerPrepare: null,
  putIn: 14n * DMC,
  refunded: 0n,
  compensation: 0n,
  paid: 0n,
  bondsWon: 0n,
  reward: 0n,
  burned: 0n,
  refuseReason: null,
  ending: null,
  closedAt: null,
  userPreparedBlock: null,
  minerPreparedBlock: null,
  createdBlock: 1n,
  blockNumber: 1n,
  ...change,
})

const host = (change: Partial<OwnerFacts['agents'][number]> = {}): OwnerFacts['agents'][number] => ({
  agentId: 'a',
  name: 'attic',
  hostName: 'attic',
  os: 'Linux',
  arch: 'x64',
  version: '1',
  roles: ['miner'],
  online: true,
  connectedAt: new Date(NOW * 1000),
  lastSeenAt: new Date(NOW * 1000),
  pairedAt: new Date(0),
  operator: KEY,
  operatorScopes: ['PREPARE'],
  operatorExpiresAt: null,
  gasWei: 10n ** 18n,
  roots: { read: [], restore: [], sector: [] },
  endpoint: null,
  listening: true,
  chainBlock: 1n,
  chainError: null,
  attention: [],
  startedMs: 0,
  reported: true,
  ...change,
})

const facts = (change: Partial<OwnerFacts> = {}): OwnerFacts => ({
  owner: ME,
  now: NOW,
  chain: { now: NOW, parameters: DEFAULT_PARAMETERS, quietFor: 1, trouble: null },
  settings: DEFAULT_ALERT_SETTINGS,
  orders: [],
  credit: 0n,
  operators: [],
  agents: [],
  sources: [],
  schedules: [],
  sectors: [],
  contracts: [],
  proofs: [],
  answers: [],
  snapshots: [],
  balance: { tokens: 1_000n * DMC, coin: 10n ** 18n },
  gasPrice: 10n ** 9n,
  ...change,
})

const find = (kind: AlertKind, change: Partial<OwnerFacts>) => RULES[kind](facts(change)) ?? ['unknown']
const contract = (sectorId: string | null = null) =>
  ({ agentId: 'a', orderId: 5n, owner: ME, role: 'miner', state: 'active', sectorId }) as never
const source = (change = {}) =>
  ({
    agentId: 'a',
    sourceId: 's1',
    owner: ME,
    name: 'photos',
    path: '/home/photos',
    state: 'ready',
    ...change,
  }) as never
const schedule = (change = {}) =>
  ({
    agentId: 'a',
    sourceId: 's1',
    enabled: true,
    nextRunAt: new Date((NOW + 60) * 1000),
    lastOutcome: 'done',
    lastNote: null,
    ...change,
  }) as never
const sector = (change = {}) =>
  ({
    agentId: 'a',
    sectorId: 'x',
    path: '/mnt/disk',
    state: 'storing',
    mounted: true,
    size: 10n << 30n,
    used: 2n << 30n,
    free: 8n << 30n,
    diskFree: 9n << 30n,
    orders: 1,
    error: null,
    ...change,
  }) as never

describe('an order that ends', () => {
  const at = (left: number, change: Partial<OwnerFacts> = {}) =>
    find('order-ends', { orders: [order({ endsAt: BigInt(NOW + left) })], ...change })

  it.each([
    [14 * DAY, 14, 'info'],
    [10 * DAY, 14, 'info'],
    [7 * DAY, 7, 'warning'],
    [3 * DAY, 3, 'warning'],
    [DAY, 1, 'error'],
    [1, 1, 'error'],
  ])('%d s before it: stage %d, %s', (left, stage, level) => {
    expect(at(left)).toMatchObject([
      { stage, level, subject: 'order:5', action: 'Renew', href: '/u/orders/5' },
    ])
  })

  it.each([14 * DAY + 1, 0, -5])('%d s before it: nothing', (left) => expect(at(left)).toEqual([]))

  it('is the user’s to renew, and not when the miner stops anyway', () => {
    expect(find('order-ends', { owner: OTHER, orders: [order({ endsAt: BigInt(NOW + 5) })] })).toEqual([])
    expect(find('order-ends', { orders: [order({ endsAt: BigInt(NOW + 5), noticeEndsAt: 1n })] })).toEqual([])
  })

  it('goes by the days that the person chose, and by the chain’s time', () => {
    const settings = { ...DEFAULT_ALERT_SETTINGS, daysBefore: [30] }
    expect(at(29 * DAY, { settings })).toMatchObject([{ stage: 30, level: 'info' }])
    const chain = { now: NOW + 19 * DAY, parameters: DEFAULT_PARAMETERS, quietFor: 0, trouble: null }
    expect(find('order-ends', { orders: [order()], chain })).toMatchObject([{ stage: 1 }])
    expect(find('order-ends', { orders: [order()], chain: null })).toEqual(['unknown'])
  })
})

describe('orders', () => {
  it('over but not settled: the user’s reserve, the miner’s pledge', () => {
    const orders = [order({ endsAt: BigInt(NOW - 1) })]
    expect(find('order-over', { orders })).toMatchObject([{ money: 10n * DMC, action: 'Finish' }])
    expect(find('order-over', { orders, owner: OTHER })).toMatchObject([
      { money: 44n * DMC, href: '/m/orders/5' },
    ])
    expect(find('order-over', { orders: [order({ endsAt: BigInt(NOW) })] })).toEqual([])
  })

  it('not in force: told in the last third of the window, and when it is over', () => {
    const at = (age: number) =>
      find('order-not-active', { orders: [order({ state: 'preparing', createdAt: BigInt(NOW - age) })] })
    expect(at(DAY)).toEqual([])
    expect(at(2 * DAY)).toMatchObject([{ level: 'warning', stage: 0 }])
    expect(at(3 * DAY)).toMatchObject([{ level: 'error', stage: 1, money: 14n * DMC }])
  })

  it('whose miner gave notice: with the share of the pledge', () => {
    expect(find('miner-quits', { orders: [order({ noticeEndsAt: BigInt(NOW + 6 * DAY) })] })).toMatchObject([
      { level: 'warning', deadline: NOW + 6 * DAY },
    ])
    const [last] = find('miner-quits', { orders: [order({ noticeEndsAt: BigInt(NOW + DAY) })] })
    expect(last).toMatchObject({ level: 'error', cause: expect.stringContaining('8 DMC') })
    expect(
      find('miner-quits', { owner: OTHER, orders: [order({ noticeEndsAt: BigInt(NOW + DAY) })] }),
    ).toEqual([])
  })

  it('with a reserve that is empty, or nearly', () => {
    const at = (reserve: bigint) => find('reserve-low', { orders: [order({ reserve })] })
    expect(at(0n)).toMatchObject([{ level: 'warning', stage: 1 }])
    expect(at(2n * DMC)).toMatchObject([{ level: 'info', stage: 0 }])
    expect(at(3n * DMC)).toEqual([])
    expect(find('reserve-low', { orders: [order({ reserve: 0n, bond: 0n })] })).toEqual([])
  })
})

describe('challenges', () => {
  const challenged = (left: number) => [
    order({ challenge: { leafIndex: 9n, deadline: BigInt(NOW + left), bond: DMC } }),
  ]

  it('open: the user waits, the miner is pressed the more the less time is left', () => {
    expect(find('challenge-open', { orders: challenged(DAY) })).toMatchObject([{ level: 'info', money: DMC }])
    const miner = (left: number) => find('challenge-open', { owner: OTHER, orders: challenged(left) })
    expect(miner(DAY)).toMatchObject([{ level: 'warning', stage: 0, money: 40n * DMC }])
    expect(miner(DAY / 2)).toMatchObject([{ level: 'error', stage: 1 }])
    expect(miner(DAY / 4)).toMatchObject([{ level: 'error', stage: 2 }])
    expect(miner(-1)).toEqual([])
  })

  it('missed: the user can slash, for half of the pledge', () => {
    expect(find('challenge-missed', { orders: challenged(-1) })).toMatchObject([
      { level: 'error', money: 20n * DMC, action: 'Slash' },
    ])
    expect(find('challenge-missed', { owner: OTHER, orders: challenged(-1) })).toMatchObject([
      { money: 40n * DMC },
    ])
    expect(find('challenge-missed', { orders: challenged(0) })).toEqual([])
  })

  it('slashed: told to both', () => {
    const orders = [order({ state: 'slashed', compensation: 20n * DMC, refunded: DMC })]
    expect(find('order-slashed', { orders })).toMatchObject([{ money: 21n * DMC }])
    expect(find('order-slashed', { orders, owner: OTHER })).toMatchObject([{ money: null }])
  })
})

describe('proofs', () => {
  const proof = (change = {}) =>
    find('proof-failing', {
      orders: [order()],
      proofs: [
        {
          orderId: 5n,
          removed: false,
          lastOutcome: 'passed',
          lastProvenAt: new Date((NOW - 3600) * 1000),
          escalation: null,
          ...change,
        } as never,
      ],
    })
  const asked = (state: string) => proof({ escalation: { state, leaf: '77', reason: 'Not shown.' } })

  it('that pass, or of which nothing is known, are no alert', () => {
    expect(proof()).toEqual([])
    expect(proof({ lastOutcome: 'unknown' })).toEqual([])
    expect(proof({ lastOutcome: null, lastProvenAt: null })).toEqual([])
    expect(proof({ lastOutcome: 'wrong', removed: true })).toEqual([])
  })

  it('wrong or refused are urgent; offline only after a day', () => {
    expect(proof({ lastOutcome: 'wrong' })).toMatchObject([{ level: 'error' }])
    expect(proof({ lastOutcome: 'refused' })).toMatchObject([
      { level: 'error', cause: 'Last proven 1 h ago.' },
    ])
    const offline = (days: number) =>
      proof({ lastOutcome: 'offline', lastProvenAt: new Date((NOW - days * DAY) * 1000) })
    expect(offline(0.9)).toEqual([])
    expect(offline(1)).toMatchObject([{ level: 'warning' }])
    expect(offline(3)).toMatchObject([{ level: 'error' }])
    expect(proof({ lastOutcome: 'offline', lastProvenAt: null })).toMatchObject([{ level: 'error' }])
  })

  it('that escalate ask the person, and leave what is on chain to its own alert', () => {
    expect(asked('rechecking')).toMatchObject([{ level: 'warning', cause: 'Leaf 77: Not shown.' }])
    expect(asked('asking')).toMatchObject([{ level: 'error', action: 'Decide' }])
    expect(asked('opened')).toEqual([])
  })

  it('answers that do not get on chain press the more the less time is left', () => {
    const answer = (left: number, change = {}) => {
      const deadline = BigInt(NOW + left)
      const error = { code: 'NO_GAS', message: 'No gas.', hint: 'Send some.' }
      return find('answer-failing', {
        owner: OTHER,
        orders: [order({ challenge: { leafIndex: 9n, deadline, bond: DMC } })],
        answers: [{ orderId: 5n, leaf: 9n, deadline, state: 'proven', error, ...change } as never],
      })
    }
    expect(answer(DAY)).toMatchObject([{ level: 'warning', cause: 'No gas.', money: 40n * DMC }])
    expect(answer(DAY / 2)).toMatchObject([{ level: 'error', stage: 1 }])
    expect(answer(DAY / 4)).toMatchObject([{ stage: 2 }])
    expect(answer(DAY, { state: 'failed', error: null })).toMatchObject([{ level: 'error' }])
    expect(answer(DAY, { error: null })).toEqual([])
    expect(answer(DAY, { state: 'confirmed' })).toEqual([])
    expect(answer(DAY, { leaf: 8n })).toEqual([])
    expect(answer(-1)).toEqual([])
  })
})

describe('the wallet', () => {
  it('has credit in the Market', () => {
    expect(find('credit', { credit: 0n })).toEqual([])
    expect(find('credit', { credit: 3n })).toMatchObject([{ level: 'info', money: 3n, action: 'Withdraw' }])
  })

  it('can’t pay for the renewals of what ends', () => {
    const orders = [order({ endsAt: BigInt(NOW + DAY) }), order({ orderId: 6n })]
    const at = (tokens: bigint) => find('tokens-low', { orders, balance: { tokens, coin: 1n } })
    expect(at(4n * DMC)).toEqual([])
    expect(at(4n * DMC - 1n)).toMatchObject([{ money: 1n, deadline: NOW + DAY }])
    expect(find('tokens-low', { orders, balance: null })).toEqual(['unknown'])
  })

  it('has no coin for gas: only if it has orders', () => {
    const at = (acts: bigint, orders = [order()]) =>
      find('wallet-gas-low', { orders, balance: { tokens: 0n, coin: acts * ACT_GAS * 10n ** 9n } })
    expect(at(5n)).toEqual([])
    expect(at(4n)).toMatchObject([{ level: 'warning' }])
    expect(at(0n)).toMatchObject([{ level: 'error' }])
    expect(at(0n, [])).toEqual([])
    expect(find('wallet-gas-low', { orders: [order()], gasPrice: null })).toEqual(['unknown'])
  })
})

describe('hosts', () => {
  const away = (minutes: number, change: Partial<OwnerFacts> = {}) =>
    find('host-away', {
      agents: [host({ online: false, lastSeenAt: new Date((NOW - minutes * 60) * 1000) })],
      ...change,
    })

  it('away: after the minutes that the person chose; worse with a pledge, or after days', () => {
    expect(away(9)).toEqual([])
    expect(away(10)).toMatchObject([{ level: 'warning', money: null }])
    expect(away(9, { settings: { ...DEFAULT_ALERT_SETTINGS, hostAwayMinutes: 5 } })).toHaveLength(1)
    expect(away(3 * 24 * 60)).toMatchObject([{ level: 'error', stage: 2 }])
    expect(away(10, { orders: [order({ user: OTHER, miner: ME })], contracts: [contract()] })).toMatchObject([
      { level: 'error', money: 40n * DMC },
    ])
  })

  it('say what is wrong themselves; the same sentence with another number is the same alert', () => {
    const said = (n: number) =>
      find('host-says', {
        agents: [host({ attention: [{ level: 'error', message: `${n} GiB are missing.`, hint: 'Look.' }] })],
      })
    const [a] = said(3)
    const [b] = said(4)
    expect(a).toMatchObject({ level: 'error', hint: 'Look.' })
    expect((a as { subject: string }).subject).toBe((b as { subject: string }).subject)
  })

  it('can’t read the chain', () => {
    const chainError = { code: 'RPC_UNREACHABLE', message: 'No RPC answers.', hint: 'Wait.' }
    expect(find('host-chain', { agents: [host({ chainError })] })).toMatchObject([
      { cause: 'No RPC answers.' },
    ])
    expect(find('host-chain', { agents: [host({ chainError, online: false })] })).toEqual([])
  })

  it('whose key runs out of gas', () => {
    const at = (acts: bigint, change: Partial<OwnerFacts> = {}) =>
      find('key-gas-low', { agents: [host({ gasWei: acts * ACT_GAS * 10n ** 9n })], ...change })
    expect(at(20n)).toEqual([])
    expect(at(19n)).toMatchObject([{ level: 'warning', stage: 0 }])
    expect(at(0n)).toMatchObject([{ level: 'warning', stage: 2 }])
    expect(at(4n, { orders: [order({ user: OTHER, miner: ME })], contracts: [contract()] })).toMatchObject([
      { level: 'error', stage: 1, money: 40n * DMC },
    ])
    expect(find('key-gas-low', { agents: [host({ gasWei: 0n, operatorScopes: [] })] })).toEqual([])
  })

  const key = (left: number, change: Partial<OwnerFacts> = {}) => ({
    agents: [host()],
    operators: [
      { owner: ME, operator: KEY, scopes: 1, expiresAt: BigInt(NOW + left), gasFloat: 0n, blockNumber: 1n },
    ],
    ...change,
  })

  it('whose key expires: soon, already, or before an order ends', () => {
    expect(find('key-expires', key(30 * DAY))).toEqual([])
    expect(find('key-expires', key(10 * DAY))).toMatchObject([{ level: 'warning', stage: 14 }])
    expect(find('key-expires', key(DAY))).toMatchObject([{ level: 'error', stage: 1 }])
    expect(find('key-expires', key(-1))).toMatchObject([{ level: 'error', stage: -1 }])
    const orders = [order({ endsAt: BigInt(NOW + 31 * DAY) })]
    expect(find('key-expires', key(30 * DAY, { orders, contracts: [contract()] }))).toMatchObject([
      { level: 'info', cause: expect.stringContaining('ends later') },
    ])
    // another wallet's permission for the same key says nothing of this one's
    expect(
      find('key-expires', key(1, { operators: key(1).operators.map((row) => ({ ...row, owner: OTHER })) })),
    ).toEqual([])
  })

  it('whose key is revoked while an order needs it', () => {
    const operators = key(DAY).operators.map((row) => ({ ...row, scopes: 0 }))
    expect(find('key-revoked', key(DAY, { operators }))).toEqual([])
    expect(
      find('key-revoked', key(DAY, { operators, orders: [order()], contracts: [contract()] })),
    ).toMatchObject([{ level: 'error' }])
  })
})

describe('backups', () => {
  it('that did not run when they should', () => {
    const late = (hours: number, change = {}) =>
      find('backup-missed', {
        sources: [source()],
        schedules: [schedule({ nextRunAt: new Date((NOW - hours * 3600) * 1000), ...change })],
      })
    expect(late(1.9)).toEqual([])
    expect(late(2)).toMatchObject([{ level: 'warning', href: '/u/sources/s1' }])
    expect(late(73)).toMatchObject([{ level: 'error', stage: 1 }])
    expect(late(5, { enabled: false })).toEqual([])
    expect(late(5, { lastOutcome: 'running' })).toEqual([])
  })

  it('that fail, have no order, or lack files', () => {
    const at = (lastOutcome: string) =>
      find('backup-failing', { sources: [source()], schedules: [schedule({ lastOutcome, lastNote: 'why' })] })
    expect(at('failed')).toMatchObject([{ level: 'error', cause: 'why' }])
    expect(at('no-order')).toMatchObject([{ hint: 'Place an order for it.' }])
    for (const good of ['done', 'unchanged', 'partial', 'skipped', 'running']) expect(at(good)).toEqual([])
    const snapshot = {
      agentId: 'a',
      sourceId: 's1',
      takenAt: new Date(NOW * 1000),
      partial: true,
      unreadable: 3,
    }
    expect(find('snapshot-partial', { sources: [source()], snapshots: [snapshot as never] })).toMatchObject([
      { cause: expect.stringContaining('3 files') },
    ])
    expect(find('source-failed', { sources: [source({ state: 'failed' })] })).toHaveLength(1)
    expect(find('source-failed', { sources: [source()] })).toEqual([])
  })
})

describe('sectors', () => {
  const held = { orders: [order({ user: OTHER, miner: ME })], contracts: [contract('x')] }

  it('not mounted: with the pledge of what lies there', () => {
    expect(find('sector-not-mounted', { sectors: [sector()] })).toEqual([])
    expect(find('sector-not-mounted', { sectors: [sector({ mounted: false })] })).toMatchObject([
      { level: 'error', money: null },
    ])
    expect(find('sector-not-mounted', { sectors: [sector({ mounted: false })], ...held })).toMatchObject([
      { money: 40n * DMC },
    ])
  })

  it('damaged, and with too little disk for what is offered', () => {
    const error = { code: 'SECTOR_DAMAGED', message: 'A chunk is broken.', hint: 'Look.' }
    expect(find('sector-damaged', { sectors: [sector({ error })] })).toMatchObject([
      { cause: 'A chunk is broken.' },
    ])
    expect(find('sector-full', { sectors: [sector()] })).toEqual([])
    expect(find('sector-full', { sectors: [sector({ diskFree: 7n << 30n })] })).toMatchObject([
      { level: 'warning' },
    ])
    expect(find('sector-full', { sectors: [sector({ diskFree: 1n })] })).toMatchObject([
      { level: 'error', stage: 1 },
    ])
  })
})

describe('the dashboard’s own view of the chain', () => {
  const chain = { now: NOW, parameters: DEFAULT_PARAMETERS, quietFor: 0, trouble: null }
  const trouble = { code: 'RPC_UNREACHABLE', message: 'No RPC answers.', sinceS: NOW - 120 }

  it('is told to those who have orders, after a while', () => {
    const orders = [order()]
    expect(find('dashboard-chain', { orders, chain: { ...chain, quietFor: 899 } })).toEqual([])
    expect(find('dashboard-chain', { orders, chain: { ...chain, quietFor: 900 } })).toHaveLength(1)
    expect(find('dashboard-chain', { orders, chain: { ...chain, trouble } })).toHaveLength(1)
    expect(
      find('dashboard-chain', { orders, chain: { ...chain, trouble: { ...trouble, sinceS: NOW - 5 } } }),
    ).toEqual([])
    expect(find('dashboard-chain', { chain: { ...chain, quietFor: 900 } })).toEqual([])
  })
})

describe('all rules', () => {
  it('find nothing where all is well', () => {
    const well = facts({
      orders: [order()],
      agents: [host()],
      sources: [source()],
      schedules: [schedule()],
      sectors: [sector()],
    })
    expect(runRules(well)).toEqual({ findings: [], unknown: new Set() })
  })

  it('leave out the kinds that are not watched, and name those that can’t be known', () => {
    const settings = {
      ...DEFAULT_ALERT_SETTINGS,
      off: { watch: ['credit' as const], webhook: [], email: [] },
    }
    const { findings, unknown } = runRules(facts({ settings, credit: 5n, balance: null, chain: null }))
    expect(findings).toEqual([])
    expect(unknown.has('tokens-low')).toBe(true)
    expect(unknown.has('order-ends')).toBe(true)
    expect(unknown.has('credit')).toBe(false)
  })

  it('say their own kind, a sentence and a next step', () => {
    expect(Object.keys(RULES)).toEqual(Object.keys(ALERT_KINDS))
  })
})
