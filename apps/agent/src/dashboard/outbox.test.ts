import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DeliveredCommand } from '@dmc/core/dashboard/commands'
import { MESSAGE_BYTES, type Report } from '@dmc/core/dashboard/reports'
import superjson from 'superjson'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStore, type Store } from '../store/open-store.ts'
import { openCommands, setCommandState, takeCommand } from './command-rows.ts'
import { Outbox } from './outbox.ts'

let folder = ''
let store: Store
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmc-outbox-'))
  store = openStore(folder)
})
afterEach(() => {
  store.close()
  rmSync(folder, { recursive: true, force: true })
})

const contract = (orderId: bigint, state: 'applying' | 'active' = 'applying'): Report => ({
  kind: 'contract',
  orderId,
  role: 'user',
  state,
  sourceId: null,
  sectorId: null,
})
const entry = (seq: number, message = 'x'): Report => ({
  kind: 'journal',
  entry: seq,
  timeMs: 1,
  level: 'info',
  event: 'x',
  subject: '',
  message,
  data: {},
})

describe('outbox', () => {
  it('says each thing once, and again when it has changed; numbers only grow', () => {
    const outbox = new Outbox(store)
    outbox.put('a', contract(1n))
    outbox.put('a', contract(1n))
    expect(outbox.batch()?.reports.map(({ seq }) => seq)).toEqual([1n])
    outbox.put('a', contract(1n, 'active'))
    expect(outbox.batch()?.reports).toEqual([{ seq: 2n, report: contract(1n, 'active') }])
    outbox.done(2n)
    expect(outbox.batch()).toBeNull()
    outbox.put('a', contract(1n, 'active'))
    expect(outbox.batch()).toBeNull()
    outbox.put('a', contract(1n))
    expect(outbox.batch()?.reports[0]?.seq).toBe(3n)
  })

  it('what was on its way when a newer one came does not take that away', () => {
    const outbox = new Outbox(store)
    outbox.put('a', contract(1n))
    const sent = outbox.batch()?.reports.at(-1)?.seq ?? 0n
    outbox.put('a', contract(1n, 'active'))
    outbox.done(sent)
    expect(outbox.batch()?.reports).toMatchObject([{ report: { state: 'active' } }])
  })

  it('waits for no disk when something is put or done, and for all of it when it is asked', async () => {
    const calls: string[] = []
    const outbox = new Outbox({
      ...store,
      transaction(work) {
        calls.push('durable')
        return store.transaction(work)
      },
      settled() {
        calls.push('settled')
        return store.settled()
      },
    })
    outbox.put('a', contract(1n))
    outbox.addJournal((after) => (after === 0 ? [{ seq: 1, report: entry(1) }] : []))
    outbox.done(1n)
    expect(outbox.waiting).toBe(1)
    expect(calls).toEqual([])
    await outbox.settled()
    expect(calls).toEqual(['settled'])
  })

  it('survives a restart, under the same name of the store', () => {
    const outbox = new Outbox(store)
    const { epoch } = outbox
    outbox.put('a', contract(1n))
    store.close()
    store = openStore(folder)
    const again = new Outbox(store)
    expect(again.batch()).toMatchObject({ epoch, reports: [{ seq: 1n }] })
    again.put('a', contract(1n)) // said before the restart
    expect(again.waiting).toBe(1)
  })

  it('takes the journal in order, each entry once', () => {
    const outbox = new Outbox(store)
    const all = Array.from({ length: 250 }, (_, i) => ({ seq: i + 1, report: entry(i + 1) }))
    const read = (after: number) => all.filter(({ seq }) => seq > after).slice(0, 100)
    outbox.addJournal(read)
    outbox.addJournal(read)
    expect(outbox.waiting).toBe(250)
    expect(
      outbox
        .batch()
        ?.reports.map(({ report }) => (report as { entry: number }).entry)
        .slice(0, 3),
    ).toEqual([1, 2, 3])
  })

  it('says everything anew to another dashboard', () => {
    const outbox = new Outbox(store)
    outbox.startAnew('one')
    const first = outbox.epoch
    outbox.put('a', contract(1n))
    outbox.done(99n)
    outbox.startAnew('one')
    expect(outbox.epoch).toBe(first)
    outbox.put('a', contract(1n))
    expect(outbox.batch()).toBeNull()
    outbox.startAnew('two')
    outbox.put('a', contract(1n))
    expect(outbox.epoch).not.toBe(first)
    expect(outbox.batch()?.reports).toHaveLength(1)
  })

  it('a batch fits into a message, whatever is in it', () => {
    const outbox = new Outbox(store)
    const orders = Array.from({ length: 200 }, (_, i) => 2n ** 62n + BigInt(i))
    for (let i = 0; i < 64; i++) {
      outbox.put(`s${i}`, {
        kind: 'source',
        sourceId: `${i}`,
        name: 'n'.repeat(255),
        path: `/${'ü'.repeat(2_000)}`,
        state: 'ready',
        files: 1,
        bytes: 2n ** 62n,
        orders,
        snapshots: 0,
        lastSnapshotMs: null,
        excludes: [],
        excluded: 0,
        schedule: null,
        retention: null,
        removed: false,
      })
      outbox.put(`j${i}`, entry(i, 'ü'.repeat(4_000)))
    }
    let count = 0
    for (let batch = outbox.batch(); batch; batch = outbox.batch()) {
      const message = {
        id: 1,
        method: 'mutation',
        params: { path: 'link.report', input: superjson.serialize(batch) },
      }
      expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThan(MESSAGE_BYTES)
      count += batch.reports.length
      outbox.done(batch.reports.at(-1)?.seq ?? 0n)
    }
    expect(count).toBe(128)
  })

  it('one that is not of the agreed form does not stand before the others', () => {
    const outbox = new Outbox(store)
    outbox.put('bad', { ...contract(1n), state: 'nonsense' } as never)
    outbox.put('good', contract(2n))
    expect(outbox.batch()?.reports).toMatchObject([{ report: { orderId: 2n } }])
  })
})

describe('commands', () => {
  const command = (id: number): DeliveredCommand => ({
    commandId: BigInt(id),
    command: { kind: 'source.add', path: '/x' },
    expiresMs: Date.now() + 1_000,
  })

  it('are written down once, and are there after a restart until they are done', () => {
    expect(takeCommand(store, command(1))).toBe('new')
    expect(takeCommand(store, command(1))).toBe('known')
    setCommandState(store, 1n, 'started')
    store.close()
    store = openStore(folder)
    expect(openCommands(store)).toMatchObject([{ delivered: { commandId: 1n }, started: true }])
    setCommandState(store, 1n, 'done')
    expect(openCommands(store)).toEqual([])
    expect(takeCommand(store, command(1))).toBe('known')
  })

  it('are no more than a hundred at once', () => {
    for (let i = 1; i <= 100; i++) expect(takeCommand(store, command(i))).toBe('new')
    expect(takeCommand(store, command(101))).toBe('full')
    setCommandState(store, 5n, 'failed')
    expect(takeCommand(store, command(101))).toBe('new')
  })
})
