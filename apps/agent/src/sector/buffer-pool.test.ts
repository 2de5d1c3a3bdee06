import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BufferPool, type Lease } from './buffer-pool.ts'

const MEBIBYTE = 1024 * 1024

describe('buffer pool', () => {
  it('never lends one byte twice, and everything comes back', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 8 * MEBIBYTE }), back: fc.nat() }), {
          maxLength: 60,
        }),
        async (steps) => {
          const pool = new BufferPool(16 * MEBIBYTE)
          const held: Lease[] = []
          const all: Promise<unknown>[] = []
          for (const { bytes, back } of steps) {
            all.push(pool.acquire(bytes).then((lease) => held.push(lease)))
            await Promise.resolve()
            await Promise.resolve()
            const spans = held
              .map(({ at, data }) => [at, at + data.length] as const)
              .sort((a, b) => a[0] - b[0])
            for (let i = 1; i < spans.length; i++) {
              expect(spans[i]?.[0]).toBeGreaterThanOrEqual(spans[i - 1]?.[1] ?? 0)
            }
            expect(pool.lent).toBeLessThanOrEqual(16 * MEBIBYTE)
            if (held.length > 0 && back % 2 === 0) held.splice(back % held.length, 1)[0]?.release()
          }
          // whoever waits is served as soon as others give back
          for (let round = 0; round < steps.length; round++) {
            for (const lease of held.splice(0)) lease.release()
            await Promise.resolve()
            await Promise.resolve()
          }
          await Promise.all(all)
          for (const lease of held.splice(0)) lease.release()
          expect(pool.lent).toBe(0)
          const whole = await Promise.all([pool.acquire(8 * MEBIBYTE), pool.acquire(8 * MEBIBYTE)])
          expect(whole.map(({ at }) => at).sort((a, b) => a - b)).toEqual([0, 8 * MEBIBYTE])
        },
      ),
      { numRuns: 50 },
    )
  })

  it('serves in the order of asking', async () => {
    const pool = new BufferPool(8 * MEBIBYTE)
    const first = await pool.acquire(4 * MEBIBYTE)
    const served: string[] = []
    const large = pool.acquire(8 * MEBIBYTE).then((lease) => {
      served.push('large')
      lease.release()
    })
    const small = pool.acquire(1).then(() => served.push('small'))
    await Promise.resolve()
    expect(served).toEqual([])
    first.release()
    first.release()
    await Promise.all([large, small])
    expect(served).toEqual(['large', 'small'])
    expect(() => pool.acquire(8 * MEBIBYTE + 1)).toThrow(RangeError)
  })

  it('when it is short, whoever has least of it comes first', async () => {
    const pool = new BufferPool(16 * MEBIBYTE)
    const greedy = [await pool.acquire(8 * MEBIBYTE, 'greedy'), await pool.acquire(8 * MEBIBYTE, 'greedy')]
    const served: string[] = []
    const borrow = (who: string) =>
      pool.acquire(8 * MEBIBYTE, who).then((lease) => {
        served.push(who)
        return lease
      })
    const more = [borrow('greedy'), borrow('greedy'), borrow('modest')]
    greedy[0]?.release()
    const modest = await (more[2] as Promise<Lease>)
    expect(served).toEqual(['modest'])
    // equal now: who came first
    greedy[1]?.release()
    const last = [await (more[0] as Promise<Lease>)]
    modest.release()
    last.push(await (more[1] as Promise<Lease>))
    for (const lease of last) lease.release()
    expect(pool.lent).toBe(0)
  })

  it('lends at once or not at all, and never before whoever waits', async () => {
    const pool = new BufferPool(16 * MEBIBYTE)
    const first = pool.acquireNow(8 * MEBIBYTE) ?? expect.fail('there is room')
    const second = pool.acquireNow(5 * MEBIBYTE) ?? expect.fail('there is room')
    expect(second.at).not.toBe(first.at)
    expect(pool.acquireNow(1)).toBe(null)
    const waits = pool.acquire(8 * MEBIBYTE)
    second.release()
    const third = await waits
    first.release()
    const large = pool.acquire(8 * MEBIBYTE)
    const more = pool.acquire(8 * MEBIBYTE)
    await large
    expect(pool.acquireNow(1)).toBe(null)
    third.release()
    await more
    expect(pool.lent).toBe(16 * MEBIBYTE)
    expect(pool.acquireNow(9 * MEBIBYTE)).toBe(null)

    const crowded = new BufferPool(16 * MEBIBYTE)
    crowded.acquireNow(8 * MEBIBYTE)
    const small = crowded.acquireNow(1)
    const waiting = crowded.acquire(8 * MEBIBYTE)
    // there is room for it, and somebody who needs more of it
    expect(crowded.acquireNow(1)).toBe(null)
    small?.release()
    expect((await waiting).data.length).toBe(8 * MEBIBYTE)
  })
})
