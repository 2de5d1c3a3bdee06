import type { IncomingMessage, ServerResponse } from 'node:http'
import { isAddressEqual, isHex } from 'viem'
import * as z from 'zod'
import type { Services } from '../services.ts'
import { HttpRefusal, readJson } from './read-json.ts'
import { forward } from './rpc-proxy.ts'

/** The one account of a devnet's node that anybody at this dashboard may use: anvil's ninth, worth nothing anywhere else. */
export const TEST_ACCOUNT = '0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f'

const hexAddress = z.templateLiteral(['0x', z.string().regex(/^[0-9a-fA-F]{40}$/)])
const call = z.discriminatedUnion('method', [
  z.strictObject({
    method: z.enum(['eth_accounts', 'eth_requestAccounts']),
    params: z.array(z.unknown()).max(1),
  }),
  z.strictObject({
    method: z.literal('eth_sendTransaction'),
    params: z.tuple([z.looseObject({ from: hexAddress })]),
  }),
  z.strictObject({
    method: z.literal('personal_sign'),
    params: z.tuple([z.string().max(20_000), hexAddress]),
  }),
  z.strictObject({
    method: z.literal('eth_signTypedData_v4'),
    params: z.tuple([hexAddress, z.union([z.string().max(60_000), z.looseObject({})])]),
  }),
])

/**
 * A wallet for a person without one, on a devnet only: the node signs with its own test account. On any other chain this address does
 * not exist.
 */
export async function serveDevWallet(
  { chain, env }: Services,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (env.chain.chainId !== 31337) throw new HttpRefusal(404, 'Not found.')
  const parsed = call.safeParse(await readJson(request, 128 * 1024))
  if (!parsed.success) throw new HttpRefusal(400, 'The test account does not do that.')
  const { method, params } = parsed.data
  const account = accountOf(parsed.data)
  if (account !== null && !isAddressEqual(account, TEST_ACCOUNT)) {
    throw new HttpRefusal(403, 'Only the test account is to be had here.')
  }
  response.setHeader('Content-Type', 'application/json')
  if (account === null) {
    response.end(JSON.stringify({ result: [TEST_ACCOUNT] }))
    return
  }
  const text = await forward(
    env.chain.rpcUrls,
    chain.check,
    JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: normal(method, params) }),
  )
  const answer = z
    .looseObject({ result: z.unknown().optional(), error: z.unknown().optional() })
    .parse(JSON.parse(text))
  response.end(JSON.stringify('error' in answer ? { error: answer.error } : { result: answer.result }))
}

function accountOf(of: z.output<typeof call>): `0x${string}` | null {
  switch (of.method) {
    case 'eth_sendTransaction':
      return of.params[0].from
    case 'personal_sign':
      return of.params[1]
    case 'eth_signTypedData_v4':
      return of.params[0]
    default:
      return null
  }
}

/** Text to be signed goes as hex, typed data as an object. */
function normal(method: string, params: readonly unknown[]): unknown[] {
  const [first, second] = params
  if (method === 'personal_sign' && typeof first === 'string' && !isHex(first)) {
    return [`0x${Buffer.from(first, 'utf8').toString('hex')}`, second]
  }
  if (method === 'eth_signTypedData_v4' && typeof second === 'string') return [first, JSON.parse(second)]
  return [...params]
}
