import { DmcError } from '@dmc/core/errors/dmc-error'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Plan } from '../control/types.ts'
import { cleanText, cutMiddle, displayWidth } from './clean-text.ts'
import { createIo, type Io, type IoOptions, printError } from './io.ts'
import { journalLine } from './journal-line.ts'
import { printPlan } from './print-plan.ts'
import { printTable } from './print-table.ts'
import { createProgress } from './progress.ts'

let out = ''
let err = ''
beforeEach(() => {
  out = ''
  err = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += text
    return true
  })
})
afterEach(() => vi.restoreAllMocks())

const io = (options: Partial<IoOptions> = {}): Io =>
  createIo({
    json: false,
    quiet: false,
    verbose: false,
    debug: false,
    yes: false,
    color: false,
    interactive: false,
    redraw: false,
    columns: 100,
    ...options,
  })

describe('cleanText', () => {
  it('shows what could command a terminal', () => {
    expect(cleanText('\u001b[2Jgone\r\n\u0007\u009b31m')).toBe('\\x1b[2Jgone\\x0d\\x0a\\x07\\x9b31m')
    expect(cleanText('abc\u202etxt.exe')).toBe('abc\\u{202e}txt.exe')
    expect(cleanText('Grüße 你好 👍 a b')).toBe('Grüße 你好 👍 a b')
  })
})

describe('displayWidth and cutMiddle', () => {
  it('count columns, not code units', () => {
    expect([displayWidth('abc'), displayWidth('你好'), displayWidth('u\u0308'), displayWidth('👍')]).toEqual([
      3, 4, 1, 2,
    ])
  })

  it('keep both ends and never exceed the room', () => {
    expect(cutMiddle('/a/long/path/to/name.jpg', 15)).toBe('/a/long…ame.jpg')
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 40 }), (text, room) => {
        expect(displayWidth(cutMiddle(text, room))).toBeLessThanOrEqual(Math.max(room, 1))
      }),
    )
  })
})

describe('io', () => {
  it('keeps stdout for data and stderr for people', () => {
    const text = io()
    text.print('data')
    text.document('x', { a: 1n })
    text.note('note')
    text.warn('careful')
    text.detail('hidden')
    expect(out).toBe('data\n')
    expect(err).toBe('note\nwarning: careful\n')
  })

  it('writes documents and nothing else with --json', () => {
    const json = io({ json: true })
    json.print('data')
    json.note('note')
    json.document('order.show', { orderId: 2n ** 64n })
    expect(out).toBe('{"v":1,"type":"order.show","orderId":"18446744073709551616"}\n')
    expect(err).toBe('')
  })

  it('is quiet when told', () => {
    const quiet = io({ quiet: true })
    quiet.note('note')
    quiet.warn('still said')
    expect(err).toBe('warning: still said\n')
  })
})

describe('printError', () => {
  const error = new DmcError('DISK_FULL', 'No space on \u001b[31m/x.', {
    hint: 'Free some.',
    cause: new Error('inner'),
  })

  it('says what, what next, and the code; no stack', () => {
    printError(io(), error)
    expect(err).toBe('error: No space on \\x1b[31m/x. (DISK_FULL)\n  next: Free some.\n')
    expect(out).toBe('')
  })

  it('is one document with --json', () => {
    printError(io({ json: true }), error)
    expect(JSON.parse(out)).toEqual({
      v: 1,
      type: 'error',
      code: 'DISK_FULL',
      message: error.message,
      hint: 'Free some.',
    })
    expect(err).toBe('')
  })

  it('shows stack and causes with --debug', () => {
    printError(io({ debug: true }), error)
    expect(err).toMatch(/output\.test\.ts[\s\S]*caused by Error: inner/)
    // what a dashboard or a miner said stands in the stack too, and steers no terminal
    expect(err).not.toContain('\u001b')
    expect(err).toContain('No space on \\x1b[31m/x.')
  })
})

describe('printTable', () => {
  it('aligns columns and cleans what others wrote', () => {
    printTable(
      io(),
      [
        { name: 'one\n', size: '1 B' },
        { name: '你', size: '1,000 B' },
      ],
      [
        { title: 'Name', text: (row) => row.name },
        { title: 'Size', text: (row) => row.size, align: 'right' },
      ],
    )
    expect(out).toBe('Name        Size\none\\x0a      1 B\n你       1,000 B\n')
  })

  it('cuts the flexible column to the terminal, never the others', () => {
    const rows = [{ id: '0123456789012345678901', path: '/a/very/long/path/that/goes/on/and/on/file.txt' }]
    printTable(io({ columns: 50 }), rows, [
      { title: 'Id', text: (row) => row.id },
      { title: 'Path', text: (row) => row.path, flexible: true },
    ])
    const [, line = ''] = out.split('\n')
    expect(displayWidth(line)).toBeLessThanOrEqual(50)
    expect(line).toContain('0123456789012345678901')
    expect(line).toMatch(/\/a\/very.*….*file\.txt$/)
  })
})

describe('createProgress', () => {
  const clock = () => {
    let at = 0
    return {
      now: () => at,
      pass: (ms: number) => {
        at += ms
      },
    }
  }
  const MIB = 1024 * 1024

  it('is a line every 10 s without a terminal, with rate and time left', () => {
    const time = clock()
    const progress = createProgress(io(), time)
    for (let done = 0; done <= 40; done++) {
      progress.update({ stage: 'deliver', done: done * MIB, total: 40 * MIB })
      time.pass(1000)
    }
    progress.end()
    const lines = err.trimEnd().split('\n')
    expect(lines).toHaveLength(5)
    expect(lines[1]).toBe('deliver: 25 %, 10 MiB of 40 MiB, 1 MiB/s, about 30 s left')
    expect(lines.at(-1)).toContain('100 %')
  })

  it('redraws one line on a terminal, at most ten times a second, and leaves it empty', () => {
    const time = clock()
    const progress = createProgress(io({ redraw: true }), time)
    for (let step = 0; step < 1000; step++) {
      progress.update({ stage: 'encode', done: step, total: 1000, current: `dir/\u001b[31mfile${step}` })
      time.pass(2)
    }
    progress.end()
    const draws = err.split('\r\u001b[2K').filter((part) => part !== '')
    expect(draws.length).toBeGreaterThan(10)
    expect(draws.length).toBeLessThanOrEqual(22)
    expect(err).not.toContain('\u001b[31m')
    expect(err.endsWith('\r\u001b[2K')).toBe(true)
    for (const draw of draws) expect(displayWidth(draw)).toBeLessThanOrEqual(100)
  })

  it('is a document a second with --json, the last state included', () => {
    const time = clock()
    const progress = createProgress(io({ json: true }), time)
    for (let done = 0; done < 50; done++) {
      progress.update({ stage: 'deliver', done, total: 50, files: 1, filesTotal: 2 })
      time.pass(100)
    }
    progress.update({ stage: 'deliver', done: 50, total: 50 })
    progress.end()
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(events).toHaveLength(6)
    expect(events[0]).toMatchObject({
      v: 1,
      type: 'progress',
      stage: 'deliver',
      done: 0,
      total: 50,
      files: 1,
    })
    expect(events.at(-1)).toMatchObject({ done: 50, total: 50, etaSec: null })
    expect(err).toBe('')
  })

  it('starts its rate anew with each stage and says nothing with --quiet', () => {
    const time = clock()
    const quiet = createProgress(io({ quiet: true }), time)
    quiet.update({ stage: 'a', done: 1, total: 2 })
    quiet.line('stage')
    quiet.end()
    expect(err + out).toBe('')
    const progress = createProgress(io({ json: true }), time)
    progress.update({ stage: 'a', done: 1_000_000, total: 0 })
    time.pass(1000)
    progress.update({ stage: 'b', done: 0, total: 10 })
    expect(JSON.parse(out.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      stage: 'b',
      rate: 0,
      etaSec: null,
    })
  })
})

describe('printPlan', () => {
  const plan: Plan = {
    title: 'Order 38 GiB for 24 weeks, bill 7',
    wallet: '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
    transactions: [
      {
        name: 'approve',
        to: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
        gas: 46_000n,
        feeWei: 10n ** 14n,
        valueWei: 0n,
      },
      {
        name: 'createOrder',
        to: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
        gas: 210_000n,
        feeWei: 10n ** 15n,
        valueWei: 0n,
      },
    ],
    cost: 456n * 10n ** 18n,
    reserve: 10n * 10n ** 18n,
    endsAt: 1_800_000_000n,
    token: { symbol: 'DMC', before: 1000n * 10n ** 18n, after: 534n * 10n ** 18n, allowance: 0n },
    gas: { beforeWei: 10n ** 18n, feeWei: 11n * 10n ** 14n, afterWei: 10n ** 18n - 11n * 10n ** 14n },
    facts: [['Price', '0.5 DMC per GiB-week']],
    problems: [],
  }

  it('shows price, cost, reserve, end, gas and balances before and after', () => {
    printPlan(io(), plan)
    expect(out).toBe(`Order 38 GiB for 24 weeks, bill 7

  Price                   0.5 DMC per GiB-week
  Cost                    456 DMC
  Reserve for challenges  10 DMC
  Ends                    about 2027-01-15 08:00:00 UTC
  Transactions            approve, createOrder; fee about 0.0011 ETH
  Signed by               0xf39F…2266

  Balance     before       after
  DMC      1,000 DMC     534 DMC
  gas          1 ETH  0.9989 ETH

`)
  })

  it('says what stands in the way', () => {
    const problem = {
      code: 'NO_TOKEN',
      message: 'Too little.',
      hint: 'Send some.',
      retryable: false,
    } as const
    printPlan(io(), { ...plan, problems: [problem] })
    expect(err).toBe('warning: Too little. Send some.\n')
  })
})

describe('journalLine', () => {
  it('marks warnings and errors with words, not only colours', () => {
    const entry = { seq: 1, time: 0, event: 'x', subject: 'order:1', message: 'm\n', data: {} }
    expect(journalLine(io(), { ...entry, level: 'info' })).toBe(
      '1970-01-01 00:00:00 UTC  order:1       m\\x0a',
    )
    expect(journalLine(io(), { ...entry, level: 'error' })).toContain('error: m')
    expect(journalLine(io(), { ...entry, level: 'warning', subject: '' })).toMatch(/agent\s+warning: m/)
  })
})
