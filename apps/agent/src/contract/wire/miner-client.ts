import { randomBytes } from 'node:crypto'
import type { Commitment, MarketReader } from '@dmc/core/chain/types'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { chunkRoot } from '@dmc/core/merkle/chunk-root'
import { CHUNK_SIZE, HASH_SIZE, treeDepth } from '@dmc/core/merkle/constants'
import type { Hasher } from '@dmc/core/merkle/hasher'
import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import { verifyData, verifyRange } from '@dmc/core/merkle/range-proof'
import { verifyLeaf } from '@dmc/core/merkle/verify-leaf'
import { answerDigest } from '@dmc/core/protocol/answer-digest'
import { type LeafAnswer, leafAnswersHash, probeAnswerHash } from '@dmc/core/protocol/answers-hash'
import { RECHECK, WIRE_LIMITS } from '@dmc/core/protocol/limits'
import {
  appendReply,
  leafAnswerReply,
  leavesReply,
  probeAnswerReply,
  sealReply,
  statusReply,
  toWireCommitment,
  toWireInteger,
} from '@dmc/core/protocol/messages'
import { type Address, bytesToHex, type Hex, isAddressEqual } from 'viem'
import type * as z from 'zod'
import { recoverSigner } from '../../chain/recover-signer.ts'
import { askJson } from './ask-json.ts'
import { type Bandwidth, type Bandwidths, UNLIMITED } from './bandwidth.ts'
import { type ExchangeOptions, exchange, isSaidByPeer, protocol } from './exchange.ts'
import { fetchHeader } from './fetch-header.ts'
import { type LinkOptions, type MinerLink, openLink } from './miner-link.ts'
import { ProvenSink } from './proven-sink.ts'
import { BEHIND, RetryLoop } from './retry-loop.ts'

export interface ConnectOptions extends Omit<LinkOptions, 'connections'> {
  /** From the chain; with null it is read there. */
  endpoint: string | null
  /** Connections kept, 1 to 8. */
  connections?: number
  /** How long one request is tried again after retryable failures; without it until the signal aborts. */
  patienceMs?: number
  /** The longest pause between two tries; 15 s by default. */
  mostWaitMs?: number
  /** What this host may send and take; without it as much as goes through. */
  bandwidth?: Bandwidths
  /** Told of each failure that is tried again, so that waiting is never silent. */
  onRetry?: (error: DmcError, waitMs: number) => void
}

export type OrderStatus = z.output<typeof statusReply>

/** A miner's answer to an off-chain challenge as it came: not looked at yet, neither signature nor content. */
export interface RawAnswer {
  nonce: Hex
  /** What the question named. */
  commitment: Commitment
  /** Unix seconds by the miner's clock. */
  signedAt: bigint
  signature: Hex
  /** Who proved, in this link's hello, to speak for the miner. */
  miner: Address
  /** Milliseconds from sending the question to the whole answer: hello, and what we do with the answer, not counted. */
  latencyMs: number
}
export interface RawLeaves extends RawAnswer {
  /** In the order asked, under the indices that were asked. */
  answers: LeafAnswer[]
}
export interface RawProbe extends RawAnswer {
  probe: { offset: bigint; length: bigint; key: Uint8Array }
  hmac: Uint8Array
}

/** One miner, one order, one role (flow 11). Everything that is returned is verified first. */
export interface MinerClient {
  readonly orderId: bigint
  /** Bytes. */
  readonly capacity: number
  readonly depth: number
  status(): Promise<OrderStatus>
  /** Leaf 0 of the volume, proven against the chain's commitment. */
  header(): Promise<{ leaf: Buffer; commitment: Commitment }>
  /** Opens a session, or goes on with it from byte `size` at most: the miner forgets what it holds beyond. */
  append(session: string, base: Commitment | null, size?: number): Promise<{ durableSize: number }>
  /** Whole leaves; resolves when they are durable at the miner, with the chunk roots that it has on disk. */
  putLeaves(
    session: string,
    firstLeaf: number,
    data: Uint8Array,
  ): Promise<{ durableSize: number; chunks: [index: number, root: Hex][] }>
  seal(session: string, commitment: Commitment): Promise<void>
  /** Whole leaves, at most 8 MiB. */
  data(offset: number, length: number, commitment: Commitment, signal?: AbortSignal): Promise<Buffer>
  /** Whole chunks (the last one of the commitment may be shorter) into memory of the caller, one buffer a chunk. */
  chunks(first: number, into: readonly Buffer[], commitment: Commitment, signal?: AbortSignal): Promise<void>
  /** `count` chunk roots, 32 bytes each. */
  roots(first: number, count: number, commitment: Commitment): Promise<Buffer>
  /** An off-chain challenge; every leaf, path and the miner's signature are checked. */
  challenge(leaves: readonly bigint[], commitment: Commitment): Promise<LeafAnswer[]>
  /** HMAC-SHA256(key, data of the range); the caller compares it with the one that it kept. */
  probe(
    probe: { offset: bigint; length: bigint; key: Uint8Array },
    commitment: Commitment,
  ): Promise<Uint8Array>
  /** As `challenge`, and gives the answer back as it came, so that a signed wrong one can be kept. */
  askLeaves(leaves: readonly bigint[], commitment: Commitment): Promise<RawLeaves>
  /** As `probe`, and gives the answer back as it came. */
  askProbe(probe: RawProbe['probe'], commitment: Commitment): Promise<RawProbe>
  close(): Promise<void>
}

/**
 * Dials the order's miner and says hello; throws when that fails (retryable or not), so that the caller can look at the
 * chain in between. Later requests are tried again with back-off by themselves, over new connections, endpoints and
 * tokens, until the signal aborts.
 * @throws ENDPOINT_*, PEER_*, ORDER_REFUSED, ORDER_STATE, RPC_*
 */
export async function connectMiner(options: ConnectOptions): Promise<MinerClient> {
  const connections = Math.min(Math.max(options.connections ?? 4, 1), 8)
  const link: LinkOptions = { ...options, connections }
  const first = await openLink(link, options.endpoint)
  return new WireClient(options, link, first)
}

/** 32 bytes. */
const WORD = /^0x[0-9a-f]{64}$/i

/** Has the one who said hello for the miner signed this very answer, for this order, question and commitment? */
export async function isSignedByMiner(
  domain: Pick<MarketReader, 'chainId' | 'market'>,
  orderId: bigint,
  { nonce, commitment: { root, size }, signedAt, signature, miner }: RawAnswer,
  answersHash: Hex,
): Promise<boolean> {
  const message = { orderId, nonce, root, size, answersHash, signedAt }
  // what the typed data has no room for is nobody's statement
  if (![nonce, root, answersHash].every((word) => WORD.test(word))) return false
  if (orderId >> 256n || size >> 64n || signedAt >> 64n) return false
  const from = await recoverSigner(answerDigest(domain, message), signature)
  return from !== null && isAddressEqual(from, miner)
}

/** Of digits that were checked. */
const fromHex = (text: Hex): Uint8Array => new Uint8Array(Buffer.from(text.slice(2), 'hex'))

export const notSigned = (miner: Address): DmcError =>
  new DmcError('PEER_NOT_AUTHORISED', `The answer is not signed by ${miner}.`, {
    hint: 'Ask again; without the miner’s signature an answer proves nothing against it.',
  })

class WireClient implements MinerClient {
  readonly orderId: bigint
  readonly capacity: number
  readonly depth: number
  readonly #options: ConnectOptions
  readonly #linkOptions: LinkOptions
  readonly #hasher: Hasher = createNodeHasher()
  readonly #bandwidth: Bandwidths
  /** This order's in both directions. */
  readonly #lane: string
  readonly #closing = new AbortController()
  readonly #signal: AbortSignal
  #link: Promise<MinerLink> | null

  constructor(options: ConnectOptions, link: LinkOptions, first: MinerLink) {
    this.#options = options
    this.#signal = AbortSignal.any([options.signal, this.#closing.signal])
    this.#linkOptions = { ...link, signal: this.#signal }
    this.#link = Promise.resolve(first)
    this.orderId = options.orderId
    this.#bandwidth = options.bandwidth ?? UNLIMITED
    this.#lane = String(options.orderId)
    this.capacity = Number(first.order.capacity) * CHUNK_SIZE
    this.depth = treeDepth(first.order.capacity)
  }

  status() {
    return this.#askJson({ method: 'GET', path: '', schema: statusReply })
  }

  header() {
    return this.#run(async ({ agent, endpoint }) =>
      fetchHeader({
        agent,
        endpoint,
        reader: this.#options.reader,
        orderId: this.orderId,
        signal: this.#signal,
      }),
    )
  }

  async append(session: string, base: Commitment | null, size?: number) {
    const reply = await this.#askJson({
      method: 'POST',
      path: '/append',
      json: {
        session,
        base: toWireCommitment(base),
        ...(size === undefined ? {} : { size: toWireInteger(BigInt(size)) }),
      },
      schema: appendReply,
    })
    return { durableSize: Number(reply.durableSize) }
  }

  async putLeaves(session: string, firstLeaf: number, data: Uint8Array) {
    const reply = await this.#askJson({
      method: 'PUT',
      path: `/leaves/${firstLeaf}`,
      headers: { 'dmc-session': session, 'content-type': 'application/octet-stream' },
      body: data,
      schema: leavesReply,
    })
    return { durableSize: Number(reply.durableSize), chunks: reply.chunks }
  }

  async seal(session: string, { root, size }: Commitment): Promise<void> {
    await this.#askJson({
      method: 'POST',
      path: '/seal',
      json: { session, root, size: toWireInteger(size) },
      schema: sealReply,
    })
  }

  async data(offset: number, length: number, commitment: Commitment, signal?: AbortSignal): Promise<Buffer> {
    const sink = new ProvenSink(2 * this.depth, [Buffer.allocUnsafe(length)])
    await this.#fetch(`/data?offset=${offset}&length=${length}`, commitment, sink, signal, () => {
      verifyData({
        hasher: this.#hasher,
        commitment,
        depth: this.depth,
        offset,
        data: sink.only,
        siblings: sink.siblings,
      })
    })
    return sink.only
  }

  async chunks(
    first: number,
    into: readonly Buffer[],
    commitment: Commitment,
    signal?: AbortSignal,
  ): Promise<void> {
    const length = into.reduce((sum, chunk) => sum + chunk.length, 0)
    const sink = new ProvenSink(2 * this.depth, into)
    await this.#fetch(`/data?offset=${first * CHUNK_SIZE}&length=${length}`, commitment, sink, signal, () => {
      const nodes = new Uint8Array(into.length * HASH_SIZE)
      into.forEach((chunk, i) => {
        chunkRoot(this.#hasher, chunk, nodes.subarray(i * HASH_SIZE, (i + 1) * HASH_SIZE))
      })
      this.#verifyRoots(first, nodes, sink.siblings, commitment)
    })
  }

  async roots(first: number, count: number, commitment: Commitment): Promise<Buffer> {
    const sink = new ProvenSink(2 * this.depth, [Buffer.allocUnsafe(count * HASH_SIZE)])
    await this.#fetch(`/roots?first=${first}&count=${count}`, commitment, sink, undefined, () =>
      this.#verifyRoots(first, sink.only, sink.siblings, commitment),
    )
    return sink.only
  }

  async challenge(leaves: readonly bigint[], commitment: Commitment): Promise<LeafAnswer[]> {
    const raw = await this.askLeaves(leaves, commitment)
    await this.#mustBeSigned(raw, leafAnswersHash(raw.answers))
    const { root, size } = commitment
    for (const answer of raw.answers) {
      verifyLeaf({ hasher: this.#hasher, root, size, depth: this.depth, ...answer })
    }
    return raw.answers
  }

  async probe(probe: RawProbe['probe'], commitment: Commitment) {
    const raw = await this.askProbe(probe, commitment)
    await this.#mustBeSigned(raw, probeAnswerHash({ ...probe, hmac: raw.hmac }))
    return raw.hmac
  }

  askLeaves(leaves: readonly bigint[], commitment: Commitment): Promise<RawLeaves> {
    return this.#question(
      commitment,
      { leaves: leaves.map(toWireInteger) },
      leafAnswerReply,
      (link, reply) => {
        if (reply.answers.length !== leaves.length) {
          throw protocol(link.endpoint, `${reply.answers.length} answers to ${leaves.length} questions`)
        }
        return {
          answers: reply.answers.map(({ leaf, path }, i) => ({
            index: leaves[i] ?? -1n,
            leaf: fromHex(leaf),
            path: path.map(fromHex),
          })),
        }
      },
    )
  }

  askProbe(probe: RawProbe['probe'], commitment: Commitment): Promise<RawProbe> {
    const asked = {
      offset: toWireInteger(probe.offset),
      length: toWireInteger(probe.length),
      key: bytesToHex(probe.key),
    }
    return this.#question(commitment, { probe: asked }, probeAnswerReply, (_link, reply) => ({
      probe,
      hmac: fromHex(reply.answer),
    }))
  }

  #question<R extends Signed, A>(
    commitment: Commitment,
    question: object,
    schema: z.ZodType<R>,
    read: (link: MinerLink, reply: R) => A,
  ): Promise<RawAnswer & A> {
    const nonce: Hex = `0x${randomBytes(32).toString('hex')}`
    const { root, size } = commitment
    return this.#run(async (link) => {
      const json = { nonce, root, size: toWireInteger(size), ...question }
      const asked = { method: 'POST', path: '/challenge', json, schema } as const
      const { reply, tookMs } = await this.#ask(link, asked)
      const { signedAt, signature } = reply
      const { miner } = link.token
      return { nonce, commitment, signedAt, signature, miner, latencyMs: tookMs, ...read(link, reply) }
    })
  }

  async close(): Promise<void> {
    this.#closing.abort()
    const link = await this.#link?.catch(() => null)
    link?.agent.destroy()
  }

  #verifyRoots(first: number, nodes: Uint8Array, siblings: Uint8Array[], commitment: Commitment): void {
    const count = nodes.length / HASH_SIZE
    verifyRange({
      hasher: this.#hasher,
      ...commitment,
      depth: this.depth,
      level: 10,
      first,
      count,
      nodes,
      siblings,
    })
  }

  async #mustBeSigned(raw: RawAnswer, answersHash: Hex): Promise<void> {
    if (await isSignedByMiner(this.#options.reader, this.orderId, raw, answersHash)) return
    throw notSigned(raw.miner)
  }

  /** Octets with siblings in front; `verify` decides whether they count. */
  async #fetch(
    pathAndQuery: string,
    { root, size }: Commitment,
    sink: ProvenSink,
    signal: AbortSignal | undefined,
    verify: () => void,
  ): Promise<void> {
    const path = `${pathAndQuery}&root=${root}&size=${size}`
    const ask = async (link: MinerLink, headers: Record<string, string>) => {
      sink.reset()
      const { down } = this.#bandwidth
      await down.turn(this.#lane, () =>
        exchange({
          ...this.#request(link, { method: 'GET', path, headers }),
          signal: signal ? AbortSignal.any([signal, this.#signal]) : this.#signal,
          most: WIRE_LIMITS.dataBytes + 2 + sink.mostSiblings * HASH_SIZE,
          sink: (chunk, length) => sink.take(chunk, length),
          paceDown: this.#pace(down),
        }),
      )
      verify()
    }
    await this.#run(async (link) => {
      try {
        await ask(link, {})
      } catch (error) {
        if (!DmcError.is(error) || isSaidByPeer(error) || !error.code.startsWith('PROOF_')) throw error
        // an honest miner whose disk has changed a bit finds it when it looks, and says so
        await ask(link, { [RECHECK]: '1' })
      }
    }, signal)
  }

  #askJson<T extends z.ZodType>(ask: AskJson<T>): Promise<z.output<T>> {
    return this.#run(async (link) => (await this.#ask(link, ask)).reply)
  }

  async #ask<T extends z.ZodType>(
    link: MinerLink,
    { json, body, schema, ...ask }: AskJson<T>,
  ): Promise<{ reply: z.output<T>; tookMs: number }> {
    const whole = { ...this.#request(link, ask), signal: this.#signal, schema }
    if (body === undefined) return askJson({ ...whole, ...(json === undefined ? {} : { json }) })
    const { up } = this.#bandwidth
    return up.turn(this.#lane, () => askJson({ ...whole, body, paceUp: this.#pace(up) }))
  }

  #pace(line: Bandwidth): ((bytes: number) => Promise<void>) | undefined {
    return line.limit === null ? undefined : (bytes) => line.pass(this.#lane, bytes)
  }

  #request(link: MinerLink, { method, path, headers }: Pick<ExchangeOptions, 'method' | 'path' | 'headers'>) {
    return {
      agent: link.agent,
      endpoint: link.endpoint,
      method,
      path: `/v1/orders/${this.orderId}${path}`,
      headers: { ...headers, authorization: `Bearer ${link.token.token}` },
    }
  }

  /** Runs one request over the current link; renews link and token, and tries again what may succeed later. */
  async #run<T>(work: (link: MinerLink) => Promise<T>, signal = this.#signal): Promise<T> {
    const retry = new RetryLoop({
      signal,
      ...(this.#options.patienceMs === undefined ? {} : { patienceMs: this.#options.patienceMs }),
      ...(this.#options.mostWaitMs === undefined ? {} : { mostWaitMs: this.#options.mostWaitMs }),
      ...(this.#options.onRetry ? { onRetry: this.#options.onRetry } : {}),
    })
    for (;;) {
      const pending = this.#current()
      try {
        const link = await pending
        if (performance.now() > link.token.renewAt && this.#link === pending) {
          this.#drop(pending)
          continue
        }
        return await work(link)
      } catch (error) {
        const again = await retry.decide(error, await this.#isBehind(error))
        if (again === 'relink' && this.#link === pending) this.#drop(pending)
      }
    }
  }

  /** Right after an agreement the miner's node may not have it yet: what the chain says is readable will be read. */
  async #isBehind(error: unknown): Promise<boolean> {
    if (!DmcError.is(error) || !BEHIND.includes(error.code)) return false
    const order = await this.#options.reader.order(this.orderId).catch(() => null)
    return order !== null && order.commitment !== null
  }

  #current(): Promise<MinerLink> {
    if (this.#link === null) {
      const link = openLink(this.#linkOptions, null)
      this.#link = link
      link.catch(() => {
        if (this.#link === link) this.#link = null
      })
    }
    return this.#link
  }

  /** Requests that still run over the old link may finish; its idle connections close by themselves. */
  #drop(link: Promise<MinerLink>): void {
    this.#link = null
    link.then(
      ({ agent }) => setTimeout(() => agent.destroy(), 60_000).unref(),
      () => {},
    )
  }
}

type Signed = Pick<RawAnswer, 'signedAt' | 'signature'>

type AskJson<T extends z.ZodType> = Pick<ExchangeOptions, 'method' | 'path' | 'headers'> & {
  json?: unknown
  body?: Uint8Array
  schema: T
}
