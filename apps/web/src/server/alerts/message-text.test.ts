import { createHmac, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { mailOf, readMessageBody, TEST_BODY, webhookBody } from './message-text.ts'
import { MOST_BODY, signWebhook } from './post-webhook.ts'
import type { ToldAlert } from './tell.ts'

const doc = readFileSync(new URL('../../../../../docs/ALERTS.md', import.meta.url), 'utf8')
const example = JSON.parse(/```json\n([\s\S]*?)```/.exec(doc)?.[1] ?? '{}')
const about = { id: 'x', origin: 'https://dmc.example', owner: '0xabc', test: false, now: new Date(0) }
const alert = (change: Partial<ToldAlert> = {}): ToldAlert => ({
  key: 'order-ends order:5',
  kind: 'order-ends',
  state: 'open',
  level: 'warning',
  message: 'Order 5 ends in 6 d.',
  cause: 'Then nobody is paid.',
  hint: 'Renew it.',
  href: '/orders/5',
  moneyAtStake: '1500000000000000000',
  deadline: '2026-12-04T15:00:00.000Z',
  since: '2026-11-21T12:00:00.000Z',
  count: 1,
  ...change,
})

describe('a webhook’s body', () => {
  it('has the fields that docs/ALERTS.md shows', () => {
    const body = JSON.parse(webhookBody({ ...about, body: { alerts: [alert()], more: 0 } }))
    expect(Object.keys(body).sort()).toEqual(Object.keys(example).sort())
    expect(Object.keys(body.alerts[0]).sort()).toEqual(Object.keys(example.alerts[0]).sort())
    expect(body.alerts[0].url).toBe('https://dmc.example/orders/5')
  })

  it('is signed as docs/ALERTS.md says it is checked', () => {
    const code = /```js\n([\s\S]*?)```/.exec(doc)?.[1] ?? ''
    const check = new Function(
      'headers',
      'body',
      'secret',
      'createHmac',
      'timingSafeEqual',
      'Buffer',
      `${code}; return good`,
    )
    const now = Math.floor(Date.now() / 1000)
    const good = (seconds: number, body = '{}', secret = 's') =>
      check(
        { 'dmc-signature': signWebhook('s', seconds, '{}') },
        body,
        secret,
        createHmac,
        timingSafeEqual,
        Buffer,
      )
    expect(good(now)).toBe(true)
    expect(good(now, '{ }')).toBe(false)
    expect(good(now, '{}', 't')).toBe(false)
    expect(good(now - 400)).toBe(false)
  })

  it('fits with the longest texts and origin', () => {
    const long = alert({ message: '“'.repeat(300), cause: '“'.repeat(500), hint: '“'.repeat(300) })
    const body = { alerts: [long, long], more: 480 }
    expect(JSON.stringify(body.alerts).length).toBeLessThan(7_000)
    const text = webhookBody({ ...about, origin: `https://${'x'.repeat(200)}.example`, body })
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MOST_BODY)
  })
})

describe('a mail', () => {
  it('says what, why, what to do, what is at stake, by when and where', () => {
    const stopUrl = 'https://dmc.example/api/stop-mails?t=x'
    const { subject, text } = mailOf({
      ...about,
      body: { alerts: [alert(), alert({ state: 'over' })], more: 3 },
      stopUrl,
    })
    expect(subject).toBe('Warning: Order 5 ends in 6 d. (and 4 more)')
    for (const part of [
      'Then nobody is paid.',
      'Renew it.',
      '1.5 DMC',
      '2026-12-04 15:00 UTC',
      'https://dmc.example/orders/5',
      stopUrl,
      'Over: Order 5',
      'And 3 more',
    ])
      expect(text).toContain(part)
    expect(subject).not.toMatch(/[\r\n]/)
  })
})

describe('a stored message', () => {
  it('is read back as it was, and nothing else is taken for one', () => {
    expect(readMessageBody(JSON.parse(JSON.stringify(TEST_BODY)))).toEqual(TEST_BODY)
    expect(readMessageBody({ alerts: [{ message: 'x' }], more: 0 })).toBeNull()
    expect(readMessageBody(null)).toBeNull()
  })
})
