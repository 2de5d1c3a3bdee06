import type { AlertRow } from '@dmc/db/alerts/alerts'
import { describe, expect, it } from 'vitest'
import { DEFAULT_ALERT_SETTINGS } from './alert-settings.ts'
import type { Finding } from './finding.ts'
import { MOST_ALERTS, reconcile } from './reconcile.ts'
import { type MessageBody, makeMessages, mustTell } from './tell.ts'

const NOW = new Date('2027-01-10T12:00:00Z')
const HOUR = 3_600_000
const ago = (ms: number) => new Date(NOW.getTime() - ms)

const finding = (change: Partial<Finding> = {}): Finding => ({
  kind: 'order-ends',
  subject: 'order:5',
  level: 'warning',
  message: 'Order 5 ends in 6 d 3 h.',
  cause: 'Then nobody is paid.',
  hint: 'Renew it.',
  href: '/orders/5',
  action: 'Renew',
  money: null,
  deadline: null,
  stage: 7,
  ...change,
})

const row = (change: Partial<AlertRow> = {}): AlertRow => ({
  id: 1n,
  owner: 'me',
  key: 'order-ends order:5',
  level: 'warning',
  code: 'order-ends',
  subject: 'order:5',
  message: 'Order 5 ends in 6 d 3 h.',
  cause: 'Then nobody is paid.',
  hint: 'Renew it.',
  href: '/orders/5',
  action: 'Renew',
  moneyAtStake: null,
  deadline: null,
  stage: 7,
  count: 1,
  state: 'open',
  snoozedUntil: null,
  quietLevel: null,
  firstAt: ago(HOUR),
  openedAt: ago(HOUR),
  lastAt: ago(60_000),
  resolvedAt: null,
  toldAt: null,
  toldLevel: null,
  toldStage: null,
  ...change,
})

const see = (known: AlertRow[], findings: Finding[], unknown: string[] = []) =>
  reconcile(known, { findings, unknown: new Set(unknown) as never }, NOW)
const NOTHING = { create: [], update: [], seen: [], resolve: [] }

describe('what a look changes', () => {
  it('opens what is new, once', () => {
    expect(see([], [finding(), finding()]).create).toHaveLength(1)
    expect(see([], [finding()]).create[0]).toMatchObject({ key: 'order-ends order:5', code: 'order-ends' })
  })

  it('changes nothing where nothing has, though time runs on in the sentences', () => {
    expect(see([row()], [finding({ message: 'Order 5 ends in 6 d 2 h.' })])).toEqual(NOTHING)
  })

  it('writes every five minutes that it is still so', () => {
    expect(
      see([row({ lastAt: ago(5 * 60_000) })], [finding({ message: 'Order 5 ends in 6 d 2 h.' })]),
    ).toEqual({
      ...NOTHING,
      seen: [{ id: 1n, message: 'Order 5 ends in 6 d 2 h.', cause: 'Then nobody is paid.' }],
    })
  })

  it('counts each step of a countdown and each change of severity', () => {
    expect(see([row()], [finding({ stage: 3 })]).update).toMatchObject([{ count: 2, stage: 3 }])
    expect(see([row()], [finding({ level: 'error' })]).update).toMatchObject([{ count: 2, level: 'error' }])
    expect(see([row()], [finding({ hint: 'Other.' })]).update).toMatchObject([{ count: 1, hint: 'Other.' }])
  })

  it('resolves by itself what is over, not what can’t be known', () => {
    expect(see([row()], []).resolve).toEqual([1n])
    expect(see([row({ state: 'dismissed' })], []).resolve).toEqual([1n])
    expect(see([row()], [], ['order-ends'])).toEqual(NOTHING)
    expect(see([row({ state: 'resolved' })], [])).toEqual(NOTHING)
  })

  it('opens again what comes back', () => {
    expect(see([row({ state: 'resolved', count: 4 })], [finding()]).update).toMatchObject([
      { state: 'open', count: 5, openedAt: NOW, quietLevel: null },
    ])
  })

  it('leaves what a person dismissed, unless it gets worse', () => {
    const dismissed = row({ state: 'dismissed', quietLevel: 'warning' })
    expect(see([dismissed], [finding()])).toEqual(NOTHING)
    expect(see([dismissed], [finding({ stage: 3 })]).update).toMatchObject([{ state: 'dismissed', stage: 3 }])
    expect(see([dismissed], [finding({ level: 'error' })]).update).toMatchObject([
      { state: 'open', quietLevel: null, was: 'dismissed' },
    ])
    expect(see([dismissed], [finding({ level: 'info' })]).update).toMatchObject([{ state: 'dismissed' }])
  })

  it('wakes what was snoozed when its time is over, or when it gets worse', () => {
    const asleep = (ms: number) =>
      row({ state: 'snoozed', quietLevel: 'warning', snoozedUntil: new Date(NOW.getTime() + ms) })
    expect(see([asleep(1)], [finding()])).toEqual(NOTHING)
    expect(see([asleep(0)], [finding()]).update).toMatchObject([{ state: 'open', snoozedUntil: null }])
    expect(see([asleep(HOUR)], [finding({ level: 'error' })]).update).toMatchObject([{ state: 'open' }])
  })

  it('keeps the worst of too many, cuts long texts, and breaks no character', () => {
    const many = Array.from({ length: MOST_ALERTS + 20 }, (_, i) =>
      finding({ subject: `order:${i}`, level: i < 20 ? 'error' : 'info' }),
    )
    const { create } = see([], many.reverse())
    expect(create).toHaveLength(MOST_ALERTS)
    expect(create.filter(({ level }) => level === 'error')).toHaveLength(20)
    const [long] = see([], [finding({ message: `a\n\u0000 ${'😀'.repeat(400)}` })]).create
    expect(long?.message.length).toBeLessThanOrEqual(300)
    expect(long?.message.isWellFormed()).toBe(true)
    expect(long?.message).not.toMatch(/\p{Cc}/u)
  })
})

describe('when it is told', () => {
  const told = (change: Partial<AlertRow>) => mustTell(row(change), NOW)
  const before = { toldAt: ago(HOUR), toldLevel: 'warning' as const, toldStage: 7, openedAt: ago(2 * HOUR) }

  it.each([
    ['never told', {}, true],
    ['told, the same', before, false],
    ['worse than told', { ...before, level: 'error' as const }, true],
    ['milder than told', { ...before, level: 'info' as const }, false],
    ['a step further within the day', { ...before, stage: 3 }, false],
    [
      'a step further after a day',
      { ...before, stage: 3, toldAt: ago(24 * HOUR), openedAt: ago(30 * HOUR) },
      true,
    ],
    ['the same after a day', { ...before, toldAt: ago(24 * HOUR), openedAt: ago(30 * HOUR) }, false],
    ['came back within the day', { ...before, openedAt: ago(60_000) }, false],
    [
      'came back, a day after it was told',
      { ...before, toldAt: ago(24 * HOUR), openedAt: ago(60_000) },
      true,
    ],
    ['snoozed', { state: 'snoozed' as const }, false],
    ['dismissed', { state: 'dismissed' as const }, false],
    ['over', { state: 'resolved' as const }, false],
  ])('%s: %s', (_name, change, expected) => expect(told(change)).toBe(expected))

  const make = (
    known: AlertRow[],
    findings: Finding[],
    change: Partial<typeof DEFAULT_ALERT_SETTINGS> = {},
  ) =>
    makeMessages({
      known,
      writes: see(known, findings),
      settings: { ...DEFAULT_ALERT_SETTINGS, ...change },
      on: ['webhook', 'email'],
      now: NOW,
    })
  const keys = (made: ReturnType<typeof make>, channel: string) =>
    (
      made.messages.find((message) => message.channel === channel)?.body as unknown as MessageBody | undefined
    )?.alerts.map(({ key, state }) => `${key} ${state}`)

  it('puts all that is due into one message a channel, and marks it', () => {
    const made = make([], [finding(), finding({ subject: 'order:6' })])
    expect(made.messages).toHaveLength(2)
    expect(keys(made, 'email')).toHaveLength(2)
    expect(made.told).toHaveLength(2)
  })

  it('leaves out kinds and levels that a channel does not want; what no channel tells is not marked as told', () => {
    const made = make([], [finding({ level: 'info' })])
    expect(keys(made, 'webhook')).toHaveLength(1)
    expect(keys(made, 'email')).toBeUndefined()
    const off = { watch: [], webhook: ['order-ends' as const], email: ['order-ends' as const] }
    expect(make([], [finding()], { off })).toEqual({ told: [], messages: [] })
  })

  it('tells that something is over if it was told that it is so', () => {
    const open = { toldAt: ago(HOUR), toldLevel: 'warning' as const, toldStage: 7, openedAt: ago(HOUR) }
    expect(keys(make([row(open)], []), 'webhook')).toEqual(['order-ends order:5 over'])
    expect(make([row({ ...open, openedAt: ago(60_000) })], []).messages).toEqual([])
    expect(make([row()], []).messages).toEqual([])
    expect(make([row(open)], [], { whenOver: false }).messages).toEqual([])
    expect(make([row({ ...open, state: 'dismissed' })], []).messages).toEqual([])
  })

  it('counts what has no room', () => {
    const many = Array.from({ length: 40 }, (_, i) =>
      finding({ subject: `order:${i}`, cause: 'x'.repeat(400) }),
    )
    const body = make([], many).messages[0]?.body as unknown as MessageBody
    expect(body.alerts.length + body.more).toBe(40)
    expect(body.more).toBeGreaterThan(10)
    expect(JSON.stringify(body).length).toBeLessThan(7_200)
  })
})
