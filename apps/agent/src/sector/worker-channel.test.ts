import { MessageChannel } from 'node:worker_threads'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { afterEach, describe, expect, it } from 'vitest'
import { serveChannel } from './worker-channel.ts'

const channels: MessageChannel[] = []
afterEach(() => {
  for (const { port1 } of channels.splice(0)) port1.close()
})

describe('the worker’s side of a channel', () => {
  it('works one after another; what is urgent is answered in the middle of it', async () => {
    const channel = new MessageChannel()
    channels.push(channel)
    const { port1, port2 } = channel
    const replies: unknown[] = []
    let goOn = () => {}
    const ops = {
      slow: () =>
        new Promise<string>((resolve) => {
          goOn = () => resolve('slow')
        }),
      next: () => 'next',
      leaf: (wrong: boolean) => {
        if (wrong) throw new DmcError('SECTOR_DAMAGED', 'Damaged.', { hint: 'Check.', meta: { chunks: '4' } })
        return 'leaf'
      },
    }
    serveChannel(port2, ops, ['leaf'])
    port1.on('message', (reply) => replies.push(reply))
    const until = async (count: number) => {
      while (replies.length < count) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    port1.postMessage({ id: 1, op: 'slow' })
    port1.postMessage({ id: 2, op: 'next' })
    port1.postMessage({ id: 3, op: 'leaf', args: false })
    port1.postMessage({ id: 4, op: 'leaf', args: true })
    await until(2)
    expect(replies).toEqual([
      { id: 3, value: 'leaf' },
      { id: 4, error: expect.objectContaining({ code: 'SECTOR_DAMAGED', meta: { chunks: '4' } }) },
    ])
    goOn()
    await until(4)
    expect(replies.slice(2)).toEqual([
      { id: 1, value: 'slow' },
      { id: 2, value: 'next' },
    ])
  })
})
