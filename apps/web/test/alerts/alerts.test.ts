import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type SmtpReceiver, startSmtpReceiver } from '@dmc/testkit/smtp-receiver'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { signWebhook } from '../../src/server/alerts/post-webhook.ts'
import type { WebServer } from '../../src/server/start-server.ts'
import { browserSocket, refusal, type SignedIn, signIn, startDashboard } from '../support/dashboard.ts'
import { until } from '../support/until.ts'
import { startWebhookReceiver } from '../support/webhook-receiver.ts'

/** The whole way: rows change, an alert is there, it goes out; a real server, a real mail server, a real receiver. */
let server: WebServer
let me: SignedIn
let hook: Awaited<ReturnType<typeof startWebhookReceiver>>
let mail: SmtpReceiver
const folder = mkdtempSync(join(tmpdir(), 'dmc-alerts-'))
const FROM = 'dmc@dashboard.example'

const start = () => startDashboard({ folder, smtp: { url: mail.url, from: FROM }, privateWebhooks: true })

beforeAll(async () => {
  hook = await startWebhookReceiver()
  mail = await startSmtpReceiver()
  server = await start()
})
afterAll(async () => {
  await server.close()
  await hook.close()
  await mail.close()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  me = await signIn(server)
  hook.posted.length = 0
  hook.answer()
  mail.mails.length = 0
})
afterEach(() => {
  mail.refuse = null
})

/** Changes the rows as a host's report would, and tells of it. */
async function sources(states: Record<string, 'ready' | 'failed'>): Promise<void> {
  const owner = me.account.address
  const { db } = server.services
  const { noteChanges } = await import('@dmc/db/changes/note-changes')
  await db.transaction(async (tx) => {
    const agentId = `host of ${owner}`
    await tx.agent.upsert({
      where: { id: agentId },
      create: {
        id: agentId,
        owner,
        identity: owner,
        operator: owner,
        name: 'attic',
        hostName: 'attic',
        os: 'Linux',
        arch: 'x64',
        version: '0.1.0',
        roles: ['user'],
        connectedAt: new Date(),
        lastSeenAt: new Date(),
      },
      update: {},
    })
    for (const [sourceId, state] of Object.entries(states)) {
      await tx.source.upsert({
        where: { agentId_sourceId: { agentId, sourceId } },
        create: { agentId, sourceId, owner, name: sourceId, path: `/home/${sourceId}`, state },
        update: { state },
      })
    }
    await noteChanges(tx, [{ topic: 'source', key: 'x', owner }])
  })
}

const list = (show: 'open' | 'quiet' | 'over' = 'open') => me.api.alerts.list.query({ show })
const untilOpen = (count: number) =>
  until(`${count} open alerts`, async () => (await list()).counts.open === count, 15_000)

async function confirmEmail(address: string): Promise<void> {
  await me.api.settings.setEmail.mutate({ address })
  const { text } = await until(
    'the code',
    async () => mail.mails.find(({ to }) => to.includes(address)),
    15_000,
  )
  const code = /^\d{4} \d{4}$/m.exec(text)?.[0] ?? ''
  await me.api.settings.confirmEmail.mutate({ code })
  mail.mails.length = 0
}

describe('an alert', () => {
  it('is there soon after the rows change, is told to open pages, and goes by itself', async () => {
    expect(await list()).toMatchObject({ items: [], clearSince: null })
    const { api, client } = browserSocket(server, me.jar.cookie)
    const topics: string[] = []
    const feed = api.live.changes.subscribe({}, { onData: ({ data }) => topics.push(...data.topics) })
    await sources({ photos: 'failed' })
    await untilOpen(1)
    const [item] = (await list()).items
    expect(item).toMatchObject({
      code: 'source-failed',
      level: 'error',
      subject: 'source:photos',
      cause: '/home/photos',
      href: '/u/sources/photos',
      count: 1,
      state: 'open',
    })
    await until('the page to be told', async () => topics.includes('alert'), 15_000)
    await sources({ photos: 'ready' })
    await untilOpen(0)
    expect(await list('over')).toMatchObject({ items: [{ state: 'resolved' }], clearSince: expect.any(Date) })
    await sources({ photos: 'failed' })
    await untilOpen(1)
    expect((await list()).items).toMatchObject([{ count: 2 }])
    feed.unsubscribe()
    client.close()
  })

  it('is snoozed and dismissed by whom it belongs to, and by nobody else', async () => {
    await sources({ a: 'failed', b: 'failed' })
    await untilOpen(2)
    const [a, b] = (await list()).items
    const [first = 0n, second = 0n] = [a?.id, b?.id]
    const other = await signIn(server)
    expect(await refusal(other.api.alerts.dismiss.mutate({ alertId: first }))).toBe('NOT_YOURS')
    expect((await other.api.alerts.list.query({})).items).toEqual([])
    const { until: time } = await me.api.alerts.snooze.mutate({ alertId: first, hours: 24 })
    expect(time.getTime() - Date.now()).toBeGreaterThan(23 * 3_600_000)
    await me.api.alerts.dismiss.mutate({ alertId: second })
    expect((await list()).counts).toEqual({ open: 0, quiet: 2, over: 0 })
    // a look at the same rows leaves them so
    await sources({ c: 'failed' })
    await untilOpen(1)
    expect((await list('quiet')).items.map(({ state }) => state).sort()).toEqual(['dismissed', 'snoozed'])
    await me.api.alerts.reopen.mutate({ alertId: second })
    await untilOpen(2)
    expect(await refusal(me.api.alerts.snooze.mutate({ alertId: first, hours: 0 }))).toBe('USAGE')
  })

  it('is still there, as it was left, after a restart', async () => {
    await sources({ a: 'failed', b: 'failed' })
    await untilOpen(2)
    const [a] = (await list()).items
    await me.api.alerts.dismiss.mutate({ alertId: a?.id ?? 0n })
    const before = await list()
    await server.close()
    server = await start()
    me = await signIn(server, me.account)
    await sources({ c: 'failed' })
    await untilOpen(2)
    const after = await list()
    expect(after.counts.quiet).toBe(1)
    expect(after.items.find(({ id }) => id === before.items[0]?.id)).toMatchObject({ count: 1 })
  })

  it('of a kind that is not watched is none', async () => {
    await me.api.settings.set.mutate({ alerts: { off: { watch: ['source-failed'] } } })
    await sources({ a: 'failed' })
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect((await list()).items).toEqual([])
    await me.api.settings.set.mutate({ alerts: {} })
    await untilOpen(1)
  })
})

describe('settings', () => {
  it('are the defaults, then what was saved; what is not allowed is refused', async () => {
    expect((await me.api.settings.get.query()).alerts.daysBefore).toEqual([14, 7, 3, 1])
    await me.api.settings.set.mutate({ alerts: { daysBefore: [2, 30, 2], hostAwayMinutes: 60 } })
    expect((await me.api.settings.get.query()).alerts).toMatchObject({
      daysBefore: [30, 2],
      hostAwayMinutes: 60,
      backupLateHours: 2,
    })
    for (const alerts of [
      { daysBefore: [] },
      { daysBefore: [0] },
      { off: { watch: ['no-such-kind'] } },
      { x: 1 },
    ]) {
      expect(await refusal(me.api.settings.set.mutate({ alerts } as never))).toBe('USAGE')
    }
  })

  it('give the webhook’s secret once', async () => {
    expect(await refusal(me.api.settings.testWebhook.mutate())).toBe('SETTING_MISSING')
    expect(await refusal(me.api.settings.setWebhook.mutate({ url: 'ftp://x' }))).toBe('WEBHOOK_REFUSED')
    const { secret } = await me.api.settings.setWebhook.mutate({ url: hook.url })
    expect(secret).toMatch(/^dmcwh_.{43}$/)
    expect((await me.api.settings.setWebhook.mutate({ url: `${hook.url}?a` })).secret).toBeNull()
    expect(JSON.stringify(await me.api.settings.get.query())).not.toContain(secret)
    const renewed = await me.api.settings.setWebhook.mutate({ url: hook.url, newSecret: true })
    expect(renewed.secret).not.toBe(secret)
  })
})

describe('the webhook', () => {
  it('is tried with a button, and says what came of it', async () => {
    await me.api.settings.setWebhook.mutate({ url: hook.url })
    expect(await me.api.settings.testWebhook.mutate()).toMatchObject({ ok: true, status: 204 })
    expect(JSON.parse(hook.posted[0]?.body ?? '')).toMatchObject({
      v: 1,
      test: true,
      wallet: me.account.address,
    })
    hook.answer({ status: 503, text: 'later' })
    expect(await me.api.settings.testWebhook.mutate()).toMatchObject({ ok: false, status: 503 })
    for (let i = 0; i < 8; i++) await me.api.settings.testWebhook.mutate()
    expect(await refusal(me.api.settings.testWebhook.mutate())).toBe('TOO_MANY_REQUESTS')
  })

  it('is posted what opens, together, signed, once; and that it is over', async () => {
    const { secret } = await me.api.settings.setWebhook.mutate({ url: hook.url })
    await sources({ a: 'failed', b: 'failed' })
    const first = await until('a message', async () => hook.posted[0], 15_000)
    const body = JSON.parse(first.body)
    expect(body).toMatchObject({ v: 1, test: false, dashboard: server.origin, more: 0 })
    expect(body.alerts).toHaveLength(2)
    expect(body.alerts[0]).toMatchObject({
      state: 'open',
      level: 'error',
      url: expect.stringMatching(/^http.*\/u\/sources\//),
    })
    expect(first.headers['dmc-delivery']).toBe(body.id)
    const seconds = Number(/t=(\d+)/.exec(String(first.headers['dmc-signature']))?.[1])
    expect(first.headers['dmc-signature']).toBe(signWebhook(secret ?? '', seconds, first.body))
    await sources({ a: 'ready' })
    const second = await until('that it is over', async () => hook.posted[1], 15_000)
    expect(JSON.parse(second.body).alerts).toMatchObject([{ state: 'over', kind: 'source-failed' }])
    // it comes back within the day: no third message
    await sources({ a: 'failed' })
    await untilOpen(2)
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    expect(hook.posted).toHaveLength(2)
    expect((await me.api.settings.get.query()).messages).toMatchObject([
      { state: 'sent', status: 204 },
      { state: 'sent', status: 204 },
    ])
  })

  it('that fails is tried again, with the same id; also after a restart', async () => {
    await me.api.settings.setWebhook.mutate({ url: hook.url })
    hook.answer({ status: 500, text: 'no' }, { status: 502 })
    await sources({ a: 'failed' })
    const first = await until('a first attempt', async () => hook.posted[0], 15_000)
    const row = () =>
      server.services.db.prisma.alertMessage.findFirst({ where: { owner: me.account.address } })
    await until('it to be written', async () => (await row())?.status === 500, 15_000)
    expect(await row()).toMatchObject({ state: 'waiting', attempts: 1, error: 'The server answered 500: no' })
    expect((await row())?.nextAt.getTime()).toBeGreaterThan(Date.now() + 20_000)
    const due = () => server.services.db.prisma.alertMessage.updateMany({ data: { nextAt: new Date(0) } })
    await due()
    await until('a second attempt', async () => hook.posted.length === 2, 15_000)
    await until('it to be written', async () => (await row())?.status === 502, 15_000)
    await server.close()
    server = await start()
    await due()
    await until('the third attempt', async () => (await row())?.state === 'sent', 15_000)
    expect(hook.posted.map(({ headers }) => headers['dmc-delivery'])).toEqual(
      Array(3).fill(first.headers['dmc-delivery']),
    )
  })

  it('that was switched off is sent nothing, not even what waits', async () => {
    await me.api.settings.setWebhook.mutate({ url: hook.url })
    hook.answer({ status: 500 })
    await sources({ a: 'failed' })
    await until('a first attempt', async () => hook.posted.length === 1, 15_000)
    await me.api.settings.switchWebhook.mutate({ on: false })
    await server.services.db.prisma.alertMessage.updateMany({ data: { nextAt: new Date(0) } })
    await sources({ b: 'failed' })
    await untilOpen(2)
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    expect(hook.posted).toHaveLength(1)
    // switched on again, it is told what stands and was not told
    await me.api.settings.switchWebhook.mutate({ on: true })
    const late = await until('the rest', async () => hook.posted[1], 15_000)
    expect(JSON.parse(late.body).alerts).toMatchObject([{ key: 'source-failed source:b' }])
  })
})

describe('mail', () => {
  it('goes only to an address whose code was typed', async () => {
    const { api } = me
    expect(await refusal(api.settings.setEmail.mutate({ address: 'a@b.example\nBcc: c@d.example' }))).toBe(
      'EMAIL_REFUSED',
    )
    expect(await refusal(api.settings.setEmail.mutate({ address: 'a@b.example, c@d.example' }))).toBe(
      'EMAIL_REFUSED',
    )
    await api.settings.setEmail.mutate({ address: 'ann@mail.example' })
    const code = await until('the code', async () => mail.mails[0], 15_000)
    expect(code).toMatchObject({ from: FROM, to: ['ann@mail.example'] })
    expect(code.text).toContain(me.account.address)
    expect(await refusal(api.settings.testEmail.mutate())).toBe('EMAIL_NOT_CONFIRMED')
    await sources({ a: 'failed' })
    await untilOpen(1)
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(mail.mails).toHaveLength(1)
    expect(await refusal(api.settings.confirmEmail.mutate({ code: '0000 0000' }))).toBe('EMAIL_CODE_WRONG')
    const digits = /^\d{4} \d{4}$/m.exec(code.text)?.[0] ?? ''
    await api.settings.confirmEmail.mutate({ code: digits })
    expect((await api.settings.get.query()).email).toEqual({
      address: 'ann@mail.example',
      on: true,
      confirmed: true,
      codeUntil: null,
    })
    // what stands is told now
    const told = await until('the alert', async () => mail.mails[1], 15_000)
    expect(told.subject).toBe('URGENT: a could not be read.')
    expect(told.text).toContain('/home/a')
    expect(told.text).toContain(`${server.origin}/u/sources/a`)
    expect(told.header('auto-submitted')).toBe('auto-generated')
    // a code is good once
    expect(await refusal(api.settings.confirmEmail.mutate({ code: digits }))).toBe('EMAIL_CODE_WRONG')
  })

  it('codes can be neither guessed nor asked for without end', async () => {
    await me.api.settings.setEmail.mutate({ address: 'bob@mail.example' })
    for (let i = 0; i < 10; i++) {
      expect(await refusal(me.api.settings.confirmEmail.mutate({ code: `1234 567${i}` }))).toBe(
        'EMAIL_CODE_WRONG',
      )
    }
    expect(await refusal(me.api.settings.confirmEmail.mutate({ code: '1234 5678' }))).toBe(
      'TOO_MANY_REQUESTS',
    )
    for (let i = 0; i < 3; i++) await me.api.settings.setEmail.mutate({ address: 'BOB@mail.example' })
    expect(await refusal(me.api.settings.setEmail.mutate({ address: 'bob@mail.example' }))).toBe(
      'TOO_MANY_REQUESTS',
    )
    const other = await signIn(server)
    expect(await refusal(other.api.settings.setEmail.mutate({ address: 'bob@mail.example' }))).toBe(
      'TOO_MANY_REQUESTS',
    )
  })

  it('is stopped by its link, after a question on a page or by one click of a mail program', async () => {
    await confirmEmail('cid@mail.example')
    await me.api.settings.testEmail.mutate()
    const sent = await until('the test', async () => mail.mails[0], 15_000)
    expect(sent.header('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click')
    const link = /<(http[^>]+)>/.exec(sent.header('list-unsubscribe') ?? '')?.[1] ?? ''
    expect(sent.text).toContain(link)
    const at = link.replace(server.origin, server.url)
    const looked = await fetch(at, { redirect: 'manual' })
    expect(looked.status).toBe(303)
    expect(looked.headers.get('location')).toMatch(/^\/stop-mails\?t=/)
    expect((await me.api.settings.get.query()).email?.on).toBe(true)
    const wrong = await fetch(at.replace(/t=.*/, `t=${'A'.repeat(32)}`), { method: 'POST' })
    expect(wrong.status).toBe(200)
    expect((await me.api.settings.get.query()).email?.on).toBe(true)
    const stopped = await fetch(at, { method: 'POST', body: 'List-Unsubscribe=One-Click' })
    expect(stopped.status).toBe(200)
    expect((await me.api.settings.get.query()).email?.on).toBe(false)
  })

  it('that the server refuses says so', async () => {
    mail.refuse = '550 5.1.1 No such user'
    expect(await refusal(me.api.settings.setEmail.mutate({ address: 'dan@mail.example' }))).toBe(
      'EMAIL_NOT_SENT',
    )
    expect((await me.api.settings.get.query()).email).toBeNull()
    mail.refuse = null
    await confirmEmail('dan@mail.example')
    mail.refuse = '451 4.7.1 Later'
    expect(await me.api.settings.testEmail.mutate()).toMatchObject({
      ok: false,
      status: 451,
      error: expect.stringContaining('Later'),
    })
  })

  it('is not to be had without a mail server, and the page can say so', async () => {
    const bare = await startDashboard()
    const person = await signIn(bare)
    expect((await person.api.settings.get.query()).mailFrom).toBeNull()
    expect(await refusal(person.api.settings.setEmail.mutate({ address: 'a@b.example' }))).toBe(
      'EMAIL_UNAVAILABLE',
    )
    expect(await refusal(person.api.settings.setWebhook.mutate({ url: hook.url }))).toBe('WEBHOOK_REFUSED')
    await bare.close()
  })
})
