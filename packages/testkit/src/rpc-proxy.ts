import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface RpcCall {
  method: string
  params: unknown[]
}

interface RpcFailure {
  message: string
  code: number
  data?: unknown
}

export type RpcForward = (call: RpcCall) => Promise<unknown>

/** What is wrong with the node; one at a time. */
export type RpcFault =
  | null
  /** Connections are cut. */
  | 'down'
  /** Requests are taken and never answered. */
  | 'hang'
  /** HTTP answers. */
  | 429
  | 500
  /** HTML with status 200, JSON cut in the middle, null for everything, an empty batch. */
  | 'garbage'
  | 'truncated'
  | 'nulls'
  | 'empty'

export interface RpcProxy {
  readonly url: string
  fault: RpcFault
  /** Answers instead of the node; call `forward` for what the node says. Throw an Error for a JSON-RPC error. */
  intercept: ((call: RpcCall, forward: RpcForward) => Promise<unknown>) | null
  /** How often each method was asked for, faults included. */
  readonly calls: Map<string, number>
  close(): Promise<void>
}

/** A JSON-RPC proxy in front of a node, for everything that a node or the way to it can do wrong. */
export async function startRpcProxy(target: string): Promise<RpcProxy> {
  const calls = new Map<string, number>()
  const proxy: RpcProxy = { url: '', fault: null, intercept: null, calls, close }
  const forward: RpcForward = async (call) => {
    const { result, error } = (await passOn(target, { ...call, id: 1 })) as {
      result?: unknown
      error?: RpcFailure
    }
    if (error !== undefined)
      throw Object.assign(new Error(error.message), { code: error.code, data: error.data })
    return result
  }

  async function answer(call: RpcCall & { id: number }): Promise<object> {
    const base = { jsonrpc: '2.0', id: call.id }
    try {
      if (proxy.intercept !== null) return { ...base, result: await proxy.intercept(call, forward) }
      // The node's own error objects carry revert data, so its answer is passed on whole.
      return { ...(await passOn(target, call)), ...base }
    } catch (error) {
      const { message, code, data } = error as Error & Partial<RpcFailure>
      return { ...base, error: { code: code ?? -32000, message, data } }
    }
  }

  async function onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const body = JSON.parse(Buffer.concat(parts).toString()) as
      | (RpcCall & { id: number })
      | (RpcCall & { id: number })[]
    const batch = (Array.isArray(body) ? body : [body]).map((call) => ({
      ...call,
      params: call.params ?? [],
    }))
    for (const { method } of batch) calls.set(method, (calls.get(method) ?? 0) + 1)
    const { fault } = proxy
    if (fault === 'hang') return
    if (fault === 'down') return void request.socket.destroy()
    if (fault === 429 || fault === 500) return void response.writeHead(fault).end('{"error":"later"}')
    response.setHeader('content-type', 'application/json')
    if (fault === 'garbage') return void response.end('<html>Bad gateway</html>')
    if (fault === 'empty') return void response.end('[]')
    const answers =
      fault === 'nulls'
        ? batch.map(({ id }) => ({ jsonrpc: '2.0', id, result: null }))
        : await Promise.all(batch.map(answer))
    const text = JSON.stringify(Array.isArray(body) ? answers : answers[0])
    response.end(fault === 'truncated' ? text.slice(0, text.length / 2) : text)
  }

  const server = createServer((request, response) => {
    onRequest(request, response).catch(() => request.socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  async function close(): Promise<void> {
    server.closeAllConnections()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
  return Object.assign(proxy, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
}

async function passOn(target: string, call: RpcCall & { id: number }): Promise<object> {
  const response = await fetch(target, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', ...call }),
  })
  return (await response.json()) as object
}
