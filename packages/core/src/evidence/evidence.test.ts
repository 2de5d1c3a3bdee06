import { startRpcProxy } from '@dmc/testkit/rpc-proxy'
import * as fc from 'fast-check'
import { createPublicClient, type Hex, http, type PublicClient } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Data, hasher, miner, operator, Story, stranger, user } from '../../test/evidence/story.ts'
import { OPERATOR_SCOPES } from '../chain/types.ts'
import { DmcError } from '../errors/dmc-error.ts'
import { type EvidenceBundle, parseEvidence, printEvidence, type SignedLeaves } from './bundle.ts'
import type { EvidenceVerdict } from './judge-answer.ts'
import { verifyEvidence } from './verify-evidence.ts'

/** A real chain, real signatures, real proofs: nothing of this host is needed to check them. */
let story: Story
let orderId: bigint
let other: bigint
let bundle: EvidenceBundle
const first = new Data(1, 40)
const second = new Data(2, 60)
const third = new Data(3, 90)
const times: Record<'first' | 'second' | 'third' | 'revoked', bigint> = {
  first: 0n,
  second: 0n,
  third: 0n,
  revoked: 0n,
}

beforeAll(async () => {
  story = await Story.start()
  orderId = await story.order()
  other = await story.order()
  await story.authorise(miner, operator, OPERATOR_SCOPES.PREPARE, (await story.now()) + 100_000n)
  await story.agree(orderId, first.commitment)
  await story.agree(other, first.commitment)
  times.first = await story.now()
  await story.challenge(orderId, 7n)
  await story.answer(orderId, first.leaf(7))
  await story.warp(10_000n)
  await story.agree(orderId, second.commitment)
  times.second = await story.now()
  await story.warp(10_000n)
  await story.agree(orderId, third.commitment)
  times.third = await story.now()
  await story.warp(10_000n)
  await story.authorise(miner, operator, 0, 0n)
  times.revoked = await story.now()
  await story.warp(10_000n)
  const answers = [3, 59].map((index) => second.leaf(index))
  bundle = await story.evidence(orderId, [
    await story.sign(operator, { orderId, commitment: second.commitment, answers, signedAt: times.second }),
    await story.sign(miner, {
      orderId,
      commitment: first.commitment,
      answers: [first.leaf(39)],
      signedAt: times.first,
    }),
  ])
})
afterAll(() => story?.net.stop())

const FALSE = ['false', 'EVIDENCE_INVALID', 'WRONG_CHAIN', 'NOT_A_DMC_MARKET']
const verify = (evidence: EvidenceBundle, client: PublicClient = story.net.client) =>
  verifyEvidence(client, evidence, { hasher })
const copy = (): EvidenceBundle => structuredClone(bundle)
const bytesOf = (text: string) => new TextEncoder().encode(text)

/** The verdict on one exchange, in a bundle that is true otherwise. */
async function verdictOn(exchange: SignedLeaves): Promise<[EvidenceVerdict, string]> {
  const evidence = { ...copy(), answers: [{ askedMs: 0, outcome: 'passed', exchange }] }
  const { answers, claims } = await verify(evidence)
  expect(claims.filter(({ result }) => result !== 'true')).toEqual([])
  return [answers[0]?.verdict ?? 'unverifiable', answers[0]?.reason ?? '']
}

describe('a bundle', () => {
  it('tells bill, order, prepares, challenges and transactions, and is found to be true by an RPC alone', async () => {
    const read = parseEvidence(bytesOf(printEvidence(bundle)))
    expect(read).toEqual(bundle)
    expect(read.bill.args).toMatchObject({ miner: miner.address, pledgeRate: '2', bond: '5' })
    expect(read.order.args).toMatchObject({ user: user.address, capacity: '2', weeks: '3' })
    expect(read.history.map(({ event }) => event)).toEqual([
      'Prepared',
      'Prepared',
      'OrderActivated',
      'ChallengeOpened',
      'ChallengeAnswered',
      'Prepared',
      'Prepared',
      'CommitmentReplaced',
      'Prepared',
      'Prepared',
      'CommitmentReplaced',
    ])
    expect(read.operators).toHaveLength(2)
    expect(read.transactions.map(({ call }) => call)).toContain('answer')
    const report = await verify(read)
    expect(report.claims.filter(({ result }) => result !== 'true')).toEqual([])
    expect(report.answers.map(({ verdict, leaves }) => [verdict, leaves])).toEqual([
      ['proved', 2],
      ['proved', 1],
    ])
    expect(report).toMatchObject({ result: 'holds', complete: true, leftOut: [], miner: miner.address })
  })

  it('is false as soon as one field of it is another', async () => {
    const paths: (string | number)[][] = []
    const walk = (value: unknown, path: (string | number)[]) => {
      if (typeof value !== 'object' || value === null) return void paths.push(path)
      for (const [key, part] of Object.entries(value))
        walk(part, [...path, Array.isArray(value) ? Number(key) : key])
    }
    walk(JSON.parse(printEvidence(bundle)), [])
    // said by the host alone, and told apart from what is checked
    const word = (path: (string | number)[]) =>
      path[0] === 'madeAt' || path.at(-1) === 'askedMs' || path.at(-1) === 'outcome'
    const checked = paths.filter((path) => !word(path))
    expect(checked.length).toBeGreaterThan(200)
    for (const path of checked) {
      const json = JSON.parse(printEvidence(bundle))
      const last = path.at(-1) as string
      const holder = path.slice(0, -1).reduce((at, key) => at[key], json)
      holder[last] = another(holder[last])
      const name = path.join('.')
      let result: string
      try {
        result = (await verify(parseEvidence(bytesOf(JSON.stringify(json))))).result
      } catch (error) {
        if (!DmcError.is(error)) throw error
        result = error.code
      }
      // what was asked is not signed: another question makes an answer say less, never something else
      const verdicts = path.includes('leaves') ? ['incomplete', 'EVIDENCE_INVALID'] : FALSE
      expect(verdicts, name).toContain(result)
    }
  })

  it('can’t keep quiet about what happened, nor tell what did not', async () => {
    for (let i = 0; i < bundle.history.length; i++) {
      const evidence = copy()
      const [gone] = evidence.history.splice(i, 1)
      const report = await verify(evidence)
      expect(report.result, gone?.event).toBe('false')
      expect(report.leftOut).toEqual([expect.stringContaining(String(gone?.event))])
    }
    const evidence = copy()
    evidence.history.push({ ...(evidence.history[0] as (typeof evidence.history)[0]), event: 'OrderSlashed' })
    expect((await verify(evidence)).result).toBe('false')
    const foreign = copy()
    foreign.history.push((await story.evidence(other)).history[0] as (typeof foreign.history)[0])
    const { claims } = await verify(foreign)
    expect(claims.find(({ result }) => result === 'false')?.reason).toMatch(/not about order/)
  })

  it('of another chain or another Market is refused, before anything is believed', async () => {
    await expect(verify({ ...copy(), chainId: 1 })).rejects.toMatchObject({ code: 'WRONG_CHAIN' })
    await expect(verify({ ...copy(), market: story.net.token })).rejects.toMatchObject({
      code: 'NOT_A_DMC_MARKET',
    })
    const insisting = { hasher, market: stranger.address }
    await expect(verifyEvidence(story.net.client, bundle, insisting)).rejects.toMatchObject({
      code: 'NOT_A_DMC_MARKET',
      message: expect.stringContaining(stranger.address),
    })
    // the same id, other blocks: a chain that only calls itself so
    const twin = await Story.start()
    try {
      if (twin.net.market === story.net.market) {
        const report = await verify(copy(), twin.net.client)
        expect(report.result).toBe('false')
        expect(report.answers.every(({ verdict }) => verdict === 'unverifiable')).toBe(true)
      }
    } finally {
      await twin.net.stop()
    }
  })

  it('of a node that does not tell everything is incomplete, not false', async () => {
    const proxy = await startRpcProxy(story.net.url)
    try {
      proxy.intercept = async (call, forward) => {
        if (call.method === 'eth_getLogs') throw Object.assign(new Error('logs are pruned'), { code: -32000 })
        return forward(call)
      }
      const client = createPublicClient({ transport: http(proxy.url, { retryCount: 0 }) })
      const report = await verify(copy(), client)
      expect(report).toMatchObject({ result: 'incomplete', complete: false })
      expect(report.claims.every(({ result }) => result === 'true')).toBe(true)
      expect(report.answers.every(({ verdict }) => verdict === 'unverifiable')).toBe(true)
      // a range at a time is enough
      let requests = 0
      proxy.intercept = async (call, forward) => {
        const [filter] = call.params as { fromBlock: Hex; toBlock: Hex }[]
        if (call.method === 'eth_getLogs' && filter && Number(filter.toBlock) - Number(filter.fromBlock) > 4)
          throw Object.assign(new Error('too many blocks'), { code: -32005 })
        if (call.method === 'eth_getLogs') requests++
        return forward(call)
      }
      expect((await verify(copy(), client)).result).toBe('holds')
      expect(requests).toBeGreaterThan(3)
      proxy.intercept = async (call, forward) => {
        if (call.method === 'eth_getTransactionReceipt') throw new Error('no')
        return forward(call)
      }
      expect((await verify(copy(), client)).result).toBe('incomplete')
    } finally {
      await proxy.close()
    }
  })
})

describe('a kept answer', () => {
  const at = (signer = miner, more: Partial<Parameters<Story['sign']>[1]> = {}) =>
    story.sign(signer, {
      orderId,
      commitment: third.commitment,
      answers: [third.leaf(5), third.leaf(80)],
      signedAt: times.third + 5_000n,
      ...more,
    })

  it('proves what the miner or its operator held', async () => {
    expect(await verdictOn(await at())).toEqual(['proved', 'The miner proved 2 leaves of 90.'])
    expect((await verdictOn(await at(operator)))[0]).toBe('proved')
    // the commitment that was just replaced stays answerable
    const old = { commitment: second.commitment, answers: [second.leaf(1)] }
    expect((await verdictOn(await at(miner, old)))[0]).toBe('proved')
  })

  it('is evidence against a miner that signed what is not so', async () => {
    const right = third.leaf(5)
    const flipped = { ...right, leaf: right.leaf.map((byte, i) => (i === 9 ? byte ^ 1 : byte)) }
    const path = (change: (path: readonly Uint8Array[]) => Uint8Array[]) => ({
      ...right,
      path: change(right.path),
    })
    for (const [name, answers] of [
      ['a flipped bit', [third.leaf(80), flipped]],
      ['a wrong sibling', [path(([, ...rest]) => [new Uint8Array(32), ...rest])]],
      ['another leaf', [{ ...third.leaf(6), index: 5n }]],
      ['a leaf past the end', [{ ...right, index: 90n }]],
      ['the leaf of an older commitment', [second.leaf(5)]],
      ['a path that is too short', [path((nodes) => nodes.slice(1))]],
      ['a path that is too long', [path((nodes) => [...nodes, new Uint8Array(32)])]],
      ['nothing', []],
    ] as const) {
      const [verdict, reason] = await verdictOn(await at(operator, { answers: [...answers], leaves: [5n] }))
      expect(verdict, `${name}: ${reason}`).toBe('wrong')
    }
  })

  it('is worthless without the miner’s signature', async () => {
    for (const exchange of [
      await at(stranger),
      await at(user),
      // a field that the signature covers
      { ...(await at()), nonce: `0x${'00'.repeat(32)}` as Hex },
      { ...(await at()), signedAt: times.third + 5_001n },
      { ...(await at()), signature: `0x${'11'.repeat(65)}` as Hex },
      // its answers for another order, under our number and under their own
      { ...(await at(miner, { orderId: other })), orderId },
      await at(miner, { orderId: other }),
      // the operator when it was revoked, and before it was authorised
      await at(operator, { signedAt: times.revoked + 5_000n }),
      await at(operator, { signedAt: times.first - 50_000n }),
    ]) {
      expect((await verdictOn(exchange))[0]).toBe('worthless')
    }
  })

  it('about a commitment that was not in force says nothing', async () => {
    for (const exchange of [
      await at(miner, { commitment: first.commitment, answers: [first.leaf(1)] }),
      await at(miner, { commitment: first.commitment, answers: [third.leaf(1)] }),
      await at(miner, { signedAt: times.first - 5_000n }),
      await at(miner, { commitment: { ...third.commitment, size: 80n * 1024n } }),
      await at(miner, { commitment: third.commitment, signedAt: times.first }),
    ]) {
      expect((await verdictOn(exchange))[0]).toBe('unverifiable')
    }
  })

  it('can’t be turned against an honest miner', async () => {
    // the question is not signed: "I asked for more" proves nothing
    expect((await verdictOn({ ...(await at()), leaves: [5n, 80n, 81n] }))[0]).toBe('unverifiable')
    expect((await verdictOn({ ...(await at()), leaves: [5n, 81n] }))[0]).toBe('unverifiable')
    // the same signed bytes, cut into one leaf with a long path: four records make whole siblings
    const five = await at(miner, { answers: [1, 2, 3, 4, 5].map((index) => third.leaf(index)) })
    const [head, ...rest] = five.answers
    const tail = rest.map(({ index, leaf, path }) =>
      [index.toString(16).padStart(16, '0'), leaf.slice(2), ...path.map((node) => node.slice(2))].join(''),
    )
    const nodes = (tail.join('').match(/.{64}/g) ?? []).map((node) => `0x${node}` as Hex)
    expect(nodes.length * 64).toBe(tail.join('').length)
    const cut = { ...five, leaves: [1n], answers: [{ ...head, path: [...(head?.path ?? []), ...nodes] }] }
    const [verdict, reason] = await verdictOn(cut as SignedLeaves)
    expect([verdict, reason]).toEqual(['unverifiable', expect.stringContaining('proved 5 leaves')])
  })
})

describe('what is not evidence', () => {
  it('is refused with a sentence, whatever it is', () => {
    const good = printEvidence(bundle)
    const bad: Uint8Array[] = [
      bytesOf(''),
      bytesOf('[]'),
      bytesOf('null'),
      bytesOf('{"dmcEvidence":2}'),
      bytesOf('{"__proto__":{"dmcEvidence":1}}'),
      bytesOf(good.slice(0, -3)),
      bytesOf(good.replace('"madeAt"', '"extra": 1, "madeAt"')),
      bytesOf('['.repeat(200_000)),
      new Uint8Array([0xff, 0xfe, 0x00]),
      new Uint8Array(64 * 1024 * 1024 + 1),
    ]
    for (const bytes of bad) {
      expect(() => parseEvidence(bytes)).toThrow(expect.objectContaining({ code: 'EVIDENCE_INVALID' }))
    }
    expect(() => parseEvidence(bytesOf('{"dmcEvidence":2}'))).toThrow(/version 2/)
  })

  it('never breaks the reader: 2,000 damaged files give a bundle or EVIDENCE_INVALID', () => {
    const good = bytesOf(printEvidence(bundle))
    const damage = fc.array(
      fc.record({
        at: fc.integer({ min: 0, max: good.length - 1 }),
        drop: fc.integer({ min: 0, max: 40 }),
        put: fc.uint8Array({ maxLength: 12 }),
      }),
      { minLength: 1, maxLength: 4 },
    )
    fc.assert(
      fc.property(damage, (changes) => {
        let bytes = good
        for (const { at, drop, put } of changes) {
          bytes = Uint8Array.from([...bytes.subarray(0, at), ...put, ...bytes.subarray(at + drop)])
        }
        try {
          parseEvidence(bytes)
        } catch (error) {
          if (!DmcError.is(error) || error.code !== 'EVIDENCE_INVALID') throw error
          expect(error.message.length).toBeLessThan(400)
        }
      }),
      { numRuns: 300, seed: 4 },
    )
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(() => parseEvidence(bytesOf(text))).toThrow(DmcError)
      }),
      { numRuns: 1_700, seed: 5 },
    )
  })
})

/** Another value that could stand there. */
function another(value: unknown): unknown {
  if (typeof value === 'number') return value + 1
  if (typeof value === 'boolean') return !value
  const text = String(value)
  if (/^0x[0-9a-fA-F]*$/.test(text)) {
    const middle = text.length >> 1
    const digit = text[middle] === '1' ? '2' : '1'
    return `${text.slice(0, middle)}${digit}${text.slice(middle + 1)}`
  }
  if (/^[0-9]+$/.test(text)) return String(BigInt(text) + 1n)
  return text === 'prepare' ? 'claim' : 'prepare'
}
