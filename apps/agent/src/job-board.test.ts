import { describe, expect, it } from 'vitest'
import { JobBoard } from './job-board.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** A job that runs until it is told to end, or stopped. */
function slowWork() {
  const end = Promise.withResolvers<string>()
  const seen = { starts: 0, stopped: false, tell: (_event: string) => {} }
  const work = (emit: (event: string) => void, signal: AbortSignal) => {
    seen.starts++
    seen.tell = emit
    signal.addEventListener('abort', () => {
      seen.stopped = true
      end.reject(signal.reason)
    })
    return end.promise
  }
  return { seen, work, end }
}

function asking(
  board: JobBoard,
  work: ReturnType<typeof slowWork>['work'],
  options: { key?: string; keepGoing?: boolean } = {},
) {
  const abort = new AbortController()
  const events: string[] = []
  const answer = board.run<string, string>(
    {
      key: 'backup photos',
      kind: 'backup',
      subject: 'photos',
      signal: abort.signal,
      emit: (event) => events.push(event),
      ...options,
    },
    work,
  )
  answer.catch(() => {})
  return { abort, events, answer }
}

describe.each([true, false])('job board, keepGoing %s', (keepGoing) => {
  it('asked for twice it runs once, both see its progress and its result', async () => {
    const board = new JobBoard({ keepGoing })
    const { seen, work, end } = slowWork()
    const one = asking(board, work)
    const two = asking(board, work)
    await turn()
    seen.tell('half')
    expect(board.list()).toMatchObject([{ jobId: 'backup photos', kind: 'backup', subject: 'photos' }])
    end.resolve('done')
    expect(await Promise.all([one.answer, two.answer])).toEqual(['done', 'done'])
    expect([one.events, two.events]).toEqual([['half'], ['half']])
    expect(seen.starts).toBe(1)
    expect(board.list()).toEqual([])
  })

  it('a failure is everybody’s, and the next one who asks starts anew', async () => {
    const board = new JobBoard({ keepGoing })
    const first = slowWork()
    const one = asking(board, first.work)
    await turn()
    first.end.reject(new Error('broken'))
    await expect(one.answer).rejects.toThrow('broken')
    const second = slowWork()
    const two = asking(board, second.work)
    await turn()
    expect(second.seen.starts).toBe(1)
    second.end.resolve('done')
    expect(await two.answer).toBe('done')
  })

  it('one of two who leaves is told at once, hears nothing more, and the job goes on', async () => {
    const board = new JobBoard({ keepGoing })
    const { seen, work, end } = slowWork()
    const one = asking(board, work)
    const two = asking(board, work)
    await turn()
    one.abort.abort()
    await expect(one.answer).rejects.toMatchObject({ code: 'INTERRUPTED' })
    seen.tell('later')
    expect([one.events, two.events, seen.stopped]).toEqual([[], ['later'], false])
    end.resolve('done')
    expect(await two.answer).toBe('done')
  })

  it('who has left before asking starts nothing', async () => {
    const board = new JobBoard({ keepGoing })
    const { seen, work } = slowWork()
    const abort = AbortSignal.abort()
    const options = { key: 'k', kind: 'backup', subject: '', signal: abort, emit: () => {} } as const
    await expect(board.run(options, work)).rejects.toMatchObject({ code: 'INTERRUPTED' })
    expect(seen.starts).toBe(0)
  })

  it('close stops everything, waits for it, and lets nothing start', async () => {
    const board = new JobBoard({ keepGoing })
    const { seen, work } = slowWork()
    const one = asking(board, work)
    await turn()
    await board.close()
    expect(seen.stopped).toBe(true)
    await expect(one.answer).rejects.toMatchObject({ code: 'INTERRUPTED' })
    await expect(asking(board, work).answer).rejects.toMatchObject({ code: 'INTERRUPTED' })
    expect(seen.starts).toBe(1)
  })
})

describe('the last one who leaves', () => {
  it('ends the job where it may not keep going, also when two leave at the same moment', async () => {
    const board = new JobBoard({ keepGoing: false })
    const { seen, work } = slowWork()
    const one = asking(board, work)
    const two = asking(board, work)
    await turn()
    one.abort.abort()
    two.abort.abort()
    await expect(one.answer).rejects.toMatchObject({ code: 'INTERRUPTED' })
    await expect(two.answer).rejects.toMatchObject({ code: 'INTERRUPTED' })
    expect(seen.stopped).toBe(true)
  })

  it('waits for the clean stop, and gets the result when the job was done in the same moment', async () => {
    const board = new JobBoard({ keepGoing: false })
    const { promise, resolve } = Promise.withResolvers<string>()
    const one = asking(board, () => promise)
    await turn()
    one.abort.abort()
    await turn()
    resolve('done all the same')
    expect(await one.answer).toBe('done all the same')
  })

  it('leaves it running where it may keep going, and a job can say otherwise for itself', async () => {
    const board = new JobBoard({ keepGoing: true })
    const backup = slowWork()
    const restore = slowWork()
    const one = asking(board, backup.work)
    const two = asking(board, restore.work, { key: 'restore', keepGoing: false })
    await turn()
    one.abort.abort()
    two.abort.abort()
    await expect(one.answer).rejects.toMatchObject({ code: 'INTERRUPTED' })
    await expect(two.answer).rejects.toMatchObject({ code: 'INTERRUPTED' })
    expect([backup.seen.stopped, restore.seen.stopped]).toEqual([false, true])
    const again = asking(board, backup.work)
    backup.end.resolve('done')
    expect(await again.answer).toBe('done')
  })

  it('who asks again while it is being stopped gets a new one, after the old one has ended', async () => {
    const board = new JobBoard({ keepGoing: false })
    const stopping = Promise.withResolvers<string>()
    const first = asking(board, () => stopping.promise)
    await turn()
    first.abort.abort()
    const second = slowWork()
    const again = asking(board, second.work)
    await turn()
    expect(second.seen.starts).toBe(0)
    stopping.reject(new Error('stopped'))
    await turn()
    expect(second.seen.starts).toBe(1)
    second.end.resolve('done')
    expect(await again.answer).toBe('done')
    expect(board.list()).toEqual([])
  })
})
