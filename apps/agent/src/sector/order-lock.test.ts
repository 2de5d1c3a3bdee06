import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { OrderLock } from './order-lock.ts'

describe('order lock', () => {
  it('shares among writers, excludes for changes, and keeps the order of asking', async () => {
    const lock = new OrderLock()
    const events: string[] = []
    const work = (name: string) => async () => {
      events.push(`${name}+`)
      await sleep(5)
      events.push(`${name}-`)
    }
    await Promise.all([
      lock.shared(work('a')),
      lock.shared(work('b')),
      lock.exclusive(work('X')),
      lock.shared(work('c')),
    ])
    expect(events).toEqual(['a+', 'b+', 'a-', 'b-', 'X+', 'X-', 'c+', 'c-'])
  })

  it('lets go when the work fails', async () => {
    const lock = new OrderLock()
    await expect(lock.exclusive(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await lock.exclusive(async () => 1)).toBe(1)
  })

  it('puts writers of one chunk one after another, others beside them', async () => {
    const lock = new OrderLock()
    let inside = 0
    let most = 0
    const touched = async () => {
      most = Math.max(most, ++inside)
      await sleep(2)
      inside--
    }
    await Promise.all([0, 1, 2].map(() => lock.chunks(3, 4, touched)))
    expect(most).toBe(1)
    await Promise.all([0, 1, 2].map((chunk) => lock.chunks(chunk, chunk, touched)))
    expect(most).toBe(3)
  })
})
