import { encodeAbiParameters, encodeEventTopics, type Hex, pad, toHex } from 'viem'
import { describe, expect, it } from 'vitest'
import { decodeLog, decodeLogs, type RawLog } from './decode-log.ts'
import { marketAbi } from './generated/market-abi.ts'

const MARKET = '0x00000000000000000000000000000000000000Aa'
const MINER = '0x00000000000000000000000000000000000000b1'

const log: RawLog = {
  address: MARKET.toLowerCase(),
  topics: encodeEventTopics({
    abi: marketAbi,
    eventName: 'EndpointSet',
    args: { miner: MINER, billId: 7n },
  }) as Hex[],
  data: encodeAbiParameters([{ type: 'string' }], ['https://example.org:4600']),
  blockNumber: 12n,
  blockHash: pad('0x12'),
  logIndex: 3,
  transactionHash: pad('0x34'),
}

describe('decodeLog', () => {
  it('reads an event of the Market with its place', () => {
    const event = decodeLog(MARKET, log)
    expect(event?.name).toBe('EndpointSet')
    expect(event?.args).toMatchObject({ billId: 7n, url: 'https://example.org:4600' })
    expect(event).toMatchObject({
      blockNumber: 12n,
      blockHash: pad('0x12'),
      logIndex: 3,
      transactionHash: pad('0x34'),
    })
  })

  it.each([
    ['from another address', { address: MINER }],
    ['taken back by a reorg', { removed: true }],
    ['not mined', { blockHash: null }],
    ['without a number', { blockNumber: null }],
    ['without an index', { logIndex: null }],
    ['without a transaction', { transactionHash: null }],
    ['with an unknown topic', { topics: [pad('0x99'), ...log.topics.slice(1)] }],
    ['without topics', { topics: [] }],
    ['with a topic too few', { topics: log.topics.slice(0, 2) }],
    ['with its data cut', { data: log.data.slice(0, 100) as Hex }],
    ['without data', { data: '0x' as const }],
  ])('ignores a log %s', (_, over) => {
    expect(decodeLog(MARKET, { ...log, ...over })).toBeNull()
  })

  it('keeps the Market’s events of a receipt, in order', () => {
    const foreign = { ...log, address: MINER }
    const events = decodeLogs(MARKET, [log, foreign, { ...log, logIndex: 5 }])
    expect(events.map(({ logIndex }) => toHex(logIndex))).toEqual(['0x3', '0x5'])
  })
})
