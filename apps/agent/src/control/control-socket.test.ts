import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AgentContext } from '../agent-context.ts'
import { type ControlClient, connectControl } from './control-client.ts'
import { type ControlServer, type Dispatch, startControlServer } from './control-server.ts'
import { runMethod } from './run-method.ts'
import { prepareSocketFolder, socketPath } from './socket-path.ts'

let folder = ''
let path = ''
const open: { close(): unknown }[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmc-control-'))
  path = join(folder, 'agent.sock')
})
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close()
  rmSync(folder, { recursive: true, force: true })
})

async function serve(dispatch: Dispatch): Promise<ControlServer> {
  const server = await startControlServer(path, dispatch)
  open.push(server)
  return server
}
async function client(): Promise<ControlClient> {
  const found = await connectControl(path)
  if (!found) throw new Error('nothing listens')
  open.push(found)
  return found
}
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_done, failed) => {
    const end = () => failed(signal.reason)
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: unknown) => error,
  )

describe('control socket', () => {
  it('answers with events, then the result, bigint and all', async () => {
    await serve(async (method, input, emit) => {
      emit({ type: 'stage', stage: 'one', text: method })
      emit({ type: 'stage', stage: 'two', text: String((input as { orderId: bigint }).orderId) })
      return { order: { orderId: 2n ** 70n }, journal: [] }
    })
    const events: unknown[] = []
    const answer = await (await client()).call(
      'order.show',
      { orderId: 7n },
      { onEvent: (e) => events.push(e) },
    )
    expect(answer).toEqual({ order: { orderId: 2n ** 70n }, journal: [] })
    expect(events).toEqual([
      { type: 'stage', stage: 'one', text: 'order.show' },
      { type: 'stage', stage: 'two', text: '7' },
    ])
  })

  it('answers many calls at a time, each to its own', async () => {
    await serve(async (_method, input) => {
      const { orderId } = input as { orderId: bigint }
      await new Promise((done) => setTimeout(done, Number(10n - orderId) * 5))
      return orderId
    })
    const caller = await client()
    const ids = [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n]
    expect(await Promise.all(ids.map((orderId) => caller.call('order.show', { orderId })))).toEqual(ids)
  })

  it('brings errors back with code, message and hint', async () => {
    await serve(async (method) => {
      if (method === 'status.get') throw new DmcError('DISK_FULL', 'Full.', { hint: 'Free some.' })
      throw new Error('boom')
    })
    const caller = await client()
    expect(await errorOf(caller.call('status.get', {}))).toMatchObject({
      code: 'DISK_FULL',
      message: 'Full.',
      hint: 'Free some.',
      exitCode: 7,
    })
    expect(await errorOf(caller.call('doctor.run', {}))).toMatchObject({ code: 'BUG' })
  })

  it('is for its owner only', async () => {
    await serve(async () => null)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(process.umask()).not.toBe(0o177)
  })

  it('cancels one call when its caller asks, and lets the others go on', async () => {
    await serve((method, _input, _emit, signal) =>
      method === 'backup.start' ? untilAborted(signal) : Promise.resolve({ sources: [] }),
    )
    const caller = await client()
    const stop = new AbortController()
    const running = errorOf(caller.call('backup.start', { source: 'x' }, { signal: stop.signal }))
    expect(await caller.call('source.list', {})).toEqual({ sources: [] })
    stop.abort()
    expect(await running).toMatchObject({ code: 'INTERRUPTED' })
    expect(await caller.call('source.list', {})).toEqual({ sources: [] })
  })

  it('cancels at once what was cancelled before it was asked', async () => {
    await serve((_method, _input, _emit, signal) => untilAborted(signal))
    const call = (await client()).call('status.get', {}, { signal: AbortSignal.abort() })
    expect(await errorOf(call)).toMatchObject({ code: 'INTERRUPTED' })
  })

  it('stops the work of a caller that goes away', async () => {
    let gone: unknown
    let begin = () => {}
    let stop = () => {}
    const begun = new Promise<void>((done) => {
      begin = done
    })
    const stopped = new Promise<void>((done) => {
      stop = done
    })
    await serve((_method, _input, _emit, signal) => {
      begin()
      return untilAborted(signal).catch((reason: unknown) => {
        gone = reason
        stop()
        throw reason
      })
    })
    const caller = await client()
    const call = errorOf(caller.call('journal.follow', {}))
    await begun
    caller.close()
    await stopped
    expect(gone).toMatchObject({ code: 'INTERRUPTED' })
    expect(await call).toMatchObject({ code: 'AGENT_NOT_RUNNING' })
  })

  it('closes: waits for work for its grace, then cancels it; the socket file goes', async () => {
    let asked = 0
    const server = await serve((method, _input, _emit, signal) => {
      asked++
      return method === 'status.get'
        ? new Promise((done) => setTimeout(() => done('late'), 100))
        : untilAborted(signal)
    })
    const caller = await client()
    const quick = caller.call('status.get', {})
    const endless = errorOf(caller.call('journal.follow', {}))
    while (asked < 2) await new Promise((done) => setTimeout(done, 5))
    await server.close(2000)
    expect(await quick).toBe('late')
    expect(await endless).toMatchObject({ code: 'INTERRUPTED' })
    expect(existsSync(path)).toBe(false)
    expect(await connectControl(path)).toBeNull()
  })

  it('takes over what a kill left in its place', async () => {
    writeFileSync(path, 'not even a socket')
    expect(await connectControl(path)).toBeNull()
    await serve(async () => ({ sectors: [] }))
    expect(await (await client()).call('sector.list', {})).toEqual({ sectors: [] })
  })

  it('says so when something else answers there', async () => {
    for (const greeting of [
      'HTTP/1.1 400 Bad Request\n',
      '{"agent":"dmc-agent","protocol":99,"version":"9","pid":1}\n',
    ]) {
      const other = createServer((socket) => socket.end(greeting)).listen(path)
      await new Promise((done) => other.once('listening', done))
      expect(await errorOf(connectControl(path))).toMatchObject({ code: 'CONTROL_PROTOCOL' })
      await new Promise((done) => other.close(done))
    }
  })

  it('another version of the agent: never said of a command that ends just as it is asked', async () => {
    const ending = createServer((socket) => socket.destroy()).listen(path)
    await new Promise((done) => ending.once('listening', done))
    expect(await connectControl(path)).toBeNull()
    await new Promise((done) => ending.close(done))
  })

  it.each([
    ['no JSON', 'hello\n'],
    ['another shape', '{"id":1}\n'],
    ['a negative id', '{"id":-1,"method":"status.get","input":{}}\n'],
    ['more members', '{"id":1,"method":"x","input":{},"admin":true}\n'],
    ['the same id twice', '{"id":1,"method":"x","input":{}}\n{"id":1,"method":"x","input":{}}\n'],
    ['a line without end', 'x'.repeat(5 * 1024 * 1024)],
  ])('refuses %s and ends that connection only', async (_what, bytes) => {
    await serve((method, _input, _emit, signal) =>
      method === 'x' ? untilAborted(signal) : Promise.resolve({ sectors: [] }),
    )
    const answer = await new Promise<string>((done) => {
      let text = ''
      const socket = connect(path, () => socket.write(bytes))
      socket.on('data', (data) => {
        text += data
      })
      socket.on('error', () => {})
      socket.on('close', () => done(text))
    })
    const last = JSON.parse(
      answer
        .trim()
        .split('\n')
        .find((line) => line.includes('CONTROL_PROTOCOL')) ?? 'null',
    )
    expect(last?.error?.code).toBe('CONTROL_PROTOCOL')
    expect(await (await client()).call('sector.list', {})).toEqual({ sectors: [] })
  })
})

describe('runMethod', () => {
  const ctx = {} as AgentContext
  const call = (method: string, input: unknown) =>
    errorOf(runMethod(ctx, method, input, () => {}, new AbortController().signal))

  it('knows its methods only', async () => {
    for (const name of ['nope', '__proto__', 'toString', '']) {
      expect(await call(name, {})).toMatchObject({ code: 'CONTROL_PROTOCOL' })
    }
  })

  it('checks the input before anything runs, naming the wrong part', async () => {
    for (const [method, input, where] of [
      ['sector.add', { path: '/x', size: 5 }, 'sector.add.size'],
      ['sector.add', { path: '', size: 5n }, 'sector.add.path'],
      ['sector.add', { path: '/x', size: 5n, admin: true }, 'sector.add'],
      ['order.show', { orderId: -1n }, 'order.show.orderId'],
      ['bill.cancel', { mode: 'now', billId: 1n }, 'bill.cancel.mode'],
      ['restore.start', null, 'restore.start'],
    ] as const) {
      const error = await call(method, input)
      expect(error).toMatchObject({ code: 'USAGE' })
      expect((error as Error).message).toContain(`${where}: `)
    }
  })
})

describe('socketPath', () => {
  it('lies in the data folder while that is short enough', () => {
    expect(socketPath('/var/lib/dmc', '/run/user/1')).toBe('/var/lib/dmc/agent.sock')
  })

  it('moves to the runtime folder, or to a private one in tmp, when it is not', async () => {
    const long = `/${'very-long-name/'.repeat(10)}`
    expect(socketPath(long, '/run/user/1')).toMatch(/^\/run\/user\/1\/dmc-agent-[0-9a-f]{24}\.sock$/)
    const inTmp = socketPath(long, null)
    expect(inTmp.startsWith(join(tmpdir(), `dmc-agent-${process.getuid?.()}`))).toBe(true)
    expect(Buffer.byteLength(inTmp)).toBeLessThanOrEqual(100)
    expect(socketPath(long, null)).toBe(inTmp)
    expect(socketPath(`${long}x`, null)).not.toBe(inTmp)
    path = socketPath(join(folder, 'deep/'.repeat(30)), folder)
    await serve(async () => ({ sectors: [] }))
    expect(await (await client()).call('sector.list', {})).toEqual({ sectors: [] })
  })

  it('refuses a folder that others may write to', () => {
    const shared = join(folder, 'shared')
    mkdirSync(shared)
    chmodSync(shared, 0o777)
    expect(() => prepareSocketFolder(join(shared, 'x.sock'))).toThrow(/open to others/)
  })
})
