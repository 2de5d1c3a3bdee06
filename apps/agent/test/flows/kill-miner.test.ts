import { beforeAll, describe, it } from 'vitest'
import { killStory, type Pair, startPair } from './support/kill-story.ts'
import { useWorld } from './support/world.ts'

const world = useWorld()
let pair: Pair

beforeAll(async () => {
  pair = await startPair(world)
})

describe('kill -9 of the miner’s agent: the user’s backup waits and finishes, no byte is lost', () => {
  it.each([
    'order-seen',
    'order-reserved',
    'leaves-durable',
    'seal-asked',
    'seal-durable',
    'miner-stating',
    'miner-prepare-sent',
    'miner-agreed',
    'miner-committed',
  ] as const)('at %s', (point) => killStory(world, pair, 'miner', point))
})
