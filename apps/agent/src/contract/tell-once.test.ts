import { describe, expect, it } from 'vitest'
import { TellOnce } from './tell-once.ts'

describe('tell once', () => {
  it('a trouble that stays is news once an hour, however its words change', () => {
    let now = 0
    const told = new TellOnce(() => now)
    const news = () => told.isNews('order:7', { code: 'NO_GAS' })
    expect(news()).toBe(true)
    now += 3_599_999
    expect(news()).toBe(false)
    now += 1
    expect(news()).toBe(true)
    expect(news()).toBe(false)
  })

  it('another trouble, or another order’s, is news of its own, and going to and fro between two is not', () => {
    const told = new TellOnce(() => 0)
    expect(told.isNews('order:7', { code: 'NO_GAS' })).toBe(true)
    expect(told.isNews('order:7', { code: 'NOT_OPERATOR' })).toBe(true)
    expect(told.isNews('order:8', { code: 'NO_GAS' })).toBe(true)
    expect(told.isNews('order:7', { code: 'NO_GAS' })).toBe(false)
    expect(told.isNews('order:7', { code: 'NOT_OPERATOR' })).toBe(false)
  })
})
