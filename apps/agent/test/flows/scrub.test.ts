import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentProcess } from '@dmc/testkit/agent-process'
import { beforeAll, describe, expect, it } from 'vitest'
import { storedOrder } from './support/challenge.ts'
import { MIB, setUp, startMiner } from './support/steps.ts'
import { call, useWorld } from './support/world.ts'

const world = useWorld()
let miner: AgentProcess
let user: AgentProcess
let sectorPath = ''

beforeAll(async () => {
  await world.start()
  miner = await world.agent('miner', { plainHttp: true })
  user = await world.agent('user')
  const [, offer] = await Promise.all([setUp(world, user), startMiner(world, miner, { size: 64n * MIB })])
  ;({ sectorPath } = offer)
  await user.start()
}, 120_000)

function flip(file: string, at: number): void {
  const fd = openSync(file, 'r+')
  const byte = Buffer.alloc(1)
  readSync(fd, byte, 0, 1, at)
  writeSync(fd, Buffer.from([(byte[0] as number) ^ 1]), 0, 1, at)
  closeSync(fd)
}

describe('a miner reads its disks through by command (flow 9)', () => {
  it('and knows of a flipped bit before anybody asks for it', async () => {
    expect((await miner.cli(['sector', 'scrub'])).stderr).toContain('No order’s data is stored here.')
    const { orderId } = await storedOrder(world, user, 'kept')
    const other = await storedOrder(world, user, 'other')
    const whole = await miner.cli(['sector', 'scrub'])
    expect(whole.exitCode).toBe(0)
    expect(whole.stdout.match(/whole/g)).toHaveLength(2)
    const file = join(sectorPath, 'orders', `${orderId}.data`)
    flip(file, 4321)
    const damaged = await miner.cli(['sector', 'scrub'])
    expect(damaged.exitCode).toBe(7)
    expect(damaged.stdout).toContain('1 chunk damaged: 0')
    expect(damaged.stderr).toContain(`1 of 2 orders is not whole on this host: ${orderId}.`)
    const { alarms } = await call(miner, 'health.get', {})
    expect(alarms).toMatchObject([{ key: `scrub:${orderId}`, level: 'error' }])
    flip(file, 4321)
    const { orders } = await miner.json<{ orders: { orderId: string; damaged: number[] }[] }>([
      'sector',
      'scrub',
    ])
    expect(orders.map(({ orderId, damaged }) => [orderId, damaged])).toEqual([
      [String(orderId), []],
      [String(other.orderId), []],
    ])
    expect((await call(miner, 'health.get', {})).alarms).toEqual([])
    const unknown = await miner.cli(['sector', 'scrub', 'ffff'])
    expect(unknown.stderr).toContain('SECTOR_NOT_FOUND')
  })
})
