import { marketAbi } from '@dmc/core/chain/generated/market-abi'
import { describe, expect, it } from 'vitest'
import { eventText, KNOWN_EVENTS } from './event-text.ts'

describe('eventText', () => {
  it('knows every event of the Market, and no other', () => {
    const events = marketAbi.filter((item) => item.type === 'event').map((item) => item.name)
    expect([...KNOWN_EVENTS].sort()).toEqual([...events].sort())
  })

  it('says the values of an order', () => {
    const [title, sentence] = eventText('OrderCreated', {
      orderId: '3',
      billId: '7',
      capacity: '2048',
      weeks_: '24',
      escrow: '1500000000000000000',
    })
    expect(title).toBe('Order placed')
    expect(sentence).toBe('2 GiB for 24 weeks from bill 7; 1.5 DMC in escrow.')
  })

  it('makes a sentence of arguments that are missing or absurd', () => {
    for (const name of KNOWN_EVENTS) {
      expect(eventText(name, {})[0]).not.toBe('')
      expect(
        eventText(name, { size: 'many', amount: '-', reason: '<b>'.repeat(400) })[1].length,
      ).toBeLessThan(600)
    }
  })
})
