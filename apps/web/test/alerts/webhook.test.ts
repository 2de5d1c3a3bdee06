import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkWebhookUrl, resolveWebhook } from '../../src/server/alerts/check-webhook-url.ts'
import { MOST_BODY, postWebhook } from '../../src/server/alerts/post-webhook.ts'
import { startWebhookReceiver } from '../support/webhook-receiver.ts'

let hook: Awaited<ReturnType<typeof startWebhookReceiver>>
beforeAll(async () => {
  hook = await startWebhookReceiver()
})
afterAll(() => hook.close())

const post = (change: Partial<Parameters<typeof postWebhook>[0]> = {}) =>
  postWebhook({
    url: hook.url,
    secret: 'dmcwh_x',
    id: 'id-1',
    body: '{"v":1}',
    allowPrivate: true,
    now: new Date(1_800_000_000_000),
    ...change,
  })

const code = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    return (error as { code: string }).code
  }
  return 'taken'
}

describe('a webhook’s address', () => {
  it.each([
    'http://example.org/',
    'ftp://example.org/',
    'file:///etc/passwd',
    'https://user:pass@example.org/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://[::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://169.254.169.254/latest/meta-data',
    'https://10.1.2.3:8443/',
    'https://192.168.0.1/',
    'not a url',
    `https://example.org/${'x'.repeat(600)}`,
  ])('%s is refused', (url) => expect(code(() => checkWebhookUrl(url, false))).toBe('WEBHOOK_REFUSED'))

  it('is https, and any port', () => {
    expect(checkWebhookUrl('https://example.org:8443/a?b=c', false).port).toBe('8443')
  })

  it('whose name leads to this machine is refused when it is resolved', async () => {
    const asked = resolveWebhook(new URL('https://localhost/'), false)
    await expect(asked).rejects.toMatchObject({ code: 'WEBHOOK_REFUSED' })
    await expect(asked).rejects.toThrow(/not a public address/)
    expect((await resolveWebhook(new URL('http://localhost/'), true)).address).toMatch(/^(127\.|::1)/)
  })

  it('is checked again at each message, whatever was saved', async () => {
    const before = hook.posted.length
    expect(await post({ allowPrivate: false })).toMatchObject({ ok: false, status: null })
    expect(await post({ url: `https://localhost:${hook.port}/`, allowPrivate: false })).toMatchObject({
      error: expect.stringContaining('not a public address'),
    })
    expect(hook.posted).toHaveLength(before)
  })
})

describe('a message', () => {
  it('comes with an id and a signature that its receiver can check', async () => {
    expect(await post()).toEqual({ ok: true, status: 204, error: null })
    const last = hook.posted.at(-1)
    expect(last).toMatchObject({ path: '/hook', body: '{"v":1}' })
    expect(last?.headers['dmc-delivery']).toBe('id-1')
    const mac = createHmac('sha256', 'dmcwh_x').update('1800000000.{"v":1}').digest('hex')
    expect(last?.headers['dmc-signature']).toBe(`t=1800000000,v1=${mac}`)
    expect(last?.headers.cookie).toBeUndefined()
  })

  it('follows no redirect', async () => {
    const before = hook.posted.length
    hook.answer({ status: 302, location: `http://127.0.0.1:${hook.port}/other` })
    expect(await post()).toMatchObject({
      ok: false,
      status: 302,
      error: expect.stringContaining('redirects'),
    })
    expect(hook.posted).toHaveLength(before + 1)
  })

  it('that is refused comes back with status and words, as text', async () => {
    hook.answer({ status: 500, text: '<b>no</b>\u0007 database' })
    expect(await post()).toEqual({
      ok: false,
      status: 500,
      error: 'The server answered 500: no database',
      final: false,
    })
    hook.answer({ status: 410 })
    expect(await post()).toMatchObject({ status: 410, final: true })
    hook.answer({ status: 400, text: 'x'.repeat(1_000_000) })
    expect((await post()).error?.length).toBeLessThan(300)
  })

  it('is given up after its time, and when nothing listens', async () => {
    hook.answer({ status: 0, never: true })
    const started = performance.now()
    expect(await post({ limitMs: 300 })).toEqual({
      ok: false,
      status: null,
      error: 'There was no answer within 0.3 s.',
    })
    expect(performance.now() - started).toBeLessThan(3_000)
    expect(await post({ url: 'http://127.0.0.1:9/' })).toMatchObject({ error: 'Nothing listens there.' })
    expect(await post({ url: 'http://nobody.invalid/' })).toMatchObject({
      error: 'The name nobody.invalid can’t be resolved.',
    })
  })

  it('is never longer than 8 KiB', async () => {
    const before = hook.posted.length
    expect(await post({ body: 'x'.repeat(MOST_BODY + 1) })).toMatchObject({ ok: false, final: true })
    expect(hook.posted).toHaveLength(before)
  })
})
