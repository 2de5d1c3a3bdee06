import { describe, expect, it } from 'vitest'
import { OrderQueue } from './order-queue.ts'

const gate = () => Promise.withResolvers<void>()
const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('order queue', () => {
  it('runs the work of one order one after another, in the order asked', async () => {
    const queue = new OrderQueue()
    const first = gate()
    const done: string[] = []
    const a = queue.run(1n, async () => {
      await first.promise
      done.push('a')
    })
    const b = queue.run(1n, async () => void done.push('b'))
    await turn()
    expect(done).toEqual([])
    first.resolve()
    await Promise.all([a, b])
    expect(done).toEqual(['a', 'b'])
  })

  it('lets other orders go on', async () => {
    const queue = new OrderQueue()
    const stuck = gate()
    const first = queue.run(1n, () => stuck.promise)
    expect(await queue.run(2n, async () => 'other')).toBe('other')
    stuck.resolve()
    await first
  })

  it('tells a failure to who asked, and goes on with the next', async () => {
    const queue = new OrderQueue()
    const failed = queue.run(1n, async () => Promise.reject(new Error('broken')))
    const next = queue.run(1n, async () => 'next')
    await expect(failed).rejects.toThrow('broken')
    expect(await next).toBe('next')
  })

  it('is idle when everything queued so far has ended, failed work too', async () => {
    const queue = new OrderQueue()
    await queue.idle()
    const slow = gate()
    let over = false
    queue.run(1n, async () => Promise.reject(new Error('broken'))).catch(() => {})
    queue.run(1n, () => slow.promise)
    const idle = queue.idle().then(() => {
      over = true
    })
    await turn()
    expect(over).toBe(false)
    slow.resolve()
    await idle
    expect(over).toBe(true)
  })
})
