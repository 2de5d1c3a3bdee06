import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { marketAbi } from '@dmc/core/chain/generated/market-abi'
import { tokenAbi } from '@dmc/core/chain/generated/token-abi'
import { decodeFunctionData, encodeFunctionResult, type Hex } from 'viem'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readCredit, readMoney, readOperator, readOperatorStand } from './chain-read.ts'
import { errorText } from './error-text.ts'

const MARKET = `0x${'11'.repeat(20)}` as const
const TOKEN = `0x${'22'.repeat(20)}` as const
const OWNER = '0x90F79bf6EB2c4f870365E785982E1f101E93b906'
const OPERATOR = '0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65'
const MOST = 2n ** 256n - 1n

/** A node that decodes every call with the Market's and the token's own ABI. */
let answerOf: (asked: { method: string; params: unknown[] }) => unknown
const server = createServer(async (request, response) => {
  let text = ''
  for await (const chunk of request) text += chunk
  const calls = JSON.parse(text) as { id: number; method: string; params: unknown[] }[]
  // a node may answer a batch in any order
  response.end(
    JSON.stringify(calls.map((call) => ({ id: call.id, ...(answerOf(call) as object) })).reverse()),
  )
})
const at = { rpcPath: '', market: MARKET as Hex, token: TOKEN as Hex }

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  at.rpcPath = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  answerOf = ({ method, params }) => {
    if (method === 'eth_getBalance') return { result: params[0] === OPERATOR ? '0x7' : '0x5' }
    if (method === 'eth_getBlockByNumber') return { result: { timestamp: '0x64', baseFeePerGas: '0xa' } }
    if (method === 'eth_maxPriorityFeePerGas') return { result: '0x1' }
    const { to, data } = params[0] as { to: Hex; data: Hex }
    if (to === TOKEN) {
      expect(decodeFunctionData({ abi: tokenAbi, data })).toEqual({
        functionName: 'balanceOf',
        args: [OWNER],
      })
      return { result: encodeFunctionResult({ abi: tokenAbi, functionName: 'balanceOf', result: MOST }) }
    }
    expect(to).toBe(MARKET)
    const { functionName, args } = decodeFunctionData({ abi: marketAbi, data })
    if (functionName === 'credit') {
      expect(args).toEqual([OWNER])
      return { result: encodeFunctionResult({ abi: marketAbi, functionName, result: 12n }) }
    }
    expect([functionName, args]).toEqual(['operatorOf', [OWNER, OPERATOR]])
    return { result: encodeFunctionResult({ abi: marketAbi, functionName: 'operatorOf', result: [5, MOST] }) }
  }
})
afterAll(() => server.close())

it('asks and reads as the Market’s and the token’s ABI say', async () => {
  expect(await readOperator(at, { owner: OWNER, operator: OPERATOR })).toEqual({ scopes: 5, expiresAt: MOST })
  expect(await readCredit(at, OWNER)).toBe(12n)
  expect(await readMoney(at, OWNER)).toEqual({ token: MOST, coin: 5n })
  expect(await readOperatorStand(at, { owner: OWNER, operator: OPERATOR })).toEqual({
    scopes: 5,
    expiresAt: MOST,
    coin: 7n,
    now: 100n,
    gasPrice: 13n,
  })
})

it('says in a sentence what is wrong: nothing there, an error, half an answer', async () => {
  const before = answerOf
  for (const [answer, sentence] of [
    [{ result: '0x' }, 'The chain can’t be read: its answer is not of the form that was asked for.'],
    [
      { result: `0x${'0'.repeat(63)}` },
      'The chain can’t be read: its answer is not of the form that was asked for.',
    ],
    [{ error: { message: 'execution reverted' } }, 'The chain can’t be read: execution reverted.'],
    [{}, 'The chain can’t be read: it gives no answer.'],
  ] as const) {
    answerOf = () => answer
    const error = await readCredit(at, OWNER).catch((thrown: unknown) => thrown)
    expect(errorText(error)).toMatchObject({
      message: sentence,
      hint: expect.stringContaining('tried again'),
    })
  }
  answerOf = before
})
