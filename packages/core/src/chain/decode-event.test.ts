import { seededRandom } from '@dmc/testkit/seeded-random'
import { type AbiEvent, decodeEventLog, encodeAbiParameters, encodeEventTopics, type Hex } from 'viem'
import { describe, expect, it } from 'vitest'
import { decodeEvent } from './decode-event.ts'
import { marketAbi } from './generated/market-abi.ts'

const EVENTS = marketAbi.filter((item) => item.type === 'event') as AbiEvent[]

function hex(next: () => number, bytes: number): Hex {
  return `0x${Array.from({ length: bytes }, () =>
    Math.floor(next() * 256)
      .toString(16)
      .padStart(2, '0'),
  ).join('')}`
}

function drawValue(type: string, next: () => number): unknown {
  if (type === 'bool') return next() < 0.5
  if (type === 'address') return hex(next, 20)
  if (type === 'bytes32') return hex(next, 32)
  if (type === 'uint8') return Math.floor(next() * 256)
  if (type === 'string')
    return ['', 'https://[::1]:1', 'ü€😀\u0000"', 'x'.repeat(Math.floor(next() * 200))][
      Math.floor(next() * 4)
    ]
  return [0n, 1n, 2n ** 256n - 1n, BigInt(hex(next, 32))][Math.floor(next() * 4)]
}

function make(event: AbiEvent, next: () => number): { topics: Hex[]; data: Hex } {
  const values = event.inputs.map((input) => ({ ...input, value: drawValue(input.type, next) }))
  const args = Object.fromEntries(
    values.filter(({ indexed }) => indexed).map(({ name, value }) => [name, value]),
  )
  const rest = values.filter(({ indexed }) => !indexed)
  return {
    topics: encodeEventTopics({ abi: [event], eventName: event.name, args }) as Hex[],
    data: encodeAbiParameters(
      rest,
      rest.map(({ value }) => value),
    ),
  }
}

function byViem(topics: Hex[], data: Hex): unknown {
  try {
    const { eventName, args } = decodeEventLog({
      abi: marketAbi,
      topics: topics as [Hex],
      data,
      strict: true,
    })
    return { name: eventName, args: args ?? {} }
  } catch {
    return null
  }
}

describe('decodeEvent', () => {
  it('says of every event of the Market what a general decoder says', () => {
    const next = seededRandom(14)
    for (const event of EVENTS)
      for (let round = 0; round < 40; round++) {
        const { topics, data } = make(event, next)
        const ours = decodeEvent(topics, data)
        expect(ours, event.name).not.toBeNull()
        expect(ours).toEqual(byViem(topics, data))
      }
  })

  it('never takes what a general decoder refuses, whatever is cut or flipped', () => {
    const next = seededRandom(15)
    let both = 0
    let refused = 0
    for (const event of EVENTS)
      for (let round = 0; round < 60; round++) {
        let { topics, data } = make(event, next)
        const at = Math.floor(next() * data.length)
        if (round % 3 === 0) data = data.slice(0, at) as Hex
        else if (round % 3 === 1 && data.length > 2) {
          const flip = Math.max(2, at)
          data =
            `${data.slice(0, flip)}${'0123456789abcdefg'[Math.floor(next() * 17)]}${data.slice(flip + 1)}` as Hex
        } else topics = topics.slice(0, -1)
        const ours = decodeEvent(topics, data)
        const theirs = byViem(topics, data)
        if (ours === null) refused++
        else {
          both++
          expect(ours, `${event.name} ${topics} ${data}`).toEqual(theirs)
        }
      }
    expect(refused).toBeGreaterThan(300)
    expect(both).toBeGreaterThan(300)
  })

  it.each([
    ['a flag of 2', 'OrderRefused', 'capacityReturned', 2n],
    ['an address of 21 bytes', 'OrderRefused', 'caller', 1n << 160n],
    ['a text that begins beyond the data', 'OrderRefused', 'reason', 2n ** 255n],
  ])('refuses %s', (_, name, field, word) => {
    const event = EVENTS.find((one) => one.name === name) as AbiEvent
    const { topics, data } = make(event, seededRandom(16))
    const place = event.inputs.filter((input) => !input.indexed).findIndex((input) => input.name === field)
    const start = 2 + place * 64
    const evil =
      `${data.slice(0, start)}${word.toString(16).padStart(64, '0')}${data.slice(start + 64)}` as Hex
    expect(decodeEvent(topics, data)).not.toBeNull()
    expect(decodeEvent(topics, evil)).toBeNull()
  })
})
