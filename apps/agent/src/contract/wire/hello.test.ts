import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer, type TLSSocket, connect as tlsConnect } from 'node:tls'
import { OPERATOR_SCOPES } from '@dmc/core/chain/types'
import { encodeHeader } from '@dmc/core/log/header-leaf'
import { nodeLogCrypto } from '@dmc/core/log/node-log-crypto'
import { parseEndpoint } from '@dmc/core/protocol/endpoint'
import { helloChallenge, helloToken, statusReply, toWireInteger } from '@dmc/core/protocol/messages'
import { helloTypedData, NO_CHANNEL } from '@dmc/core/protocol/typed-data'
import { type Hex, hexToBytes, type LocalAccount } from 'viem'
import { describe, expect, it } from 'vitest'
import type * as z from 'zod'
import { createMemoryMarket, newAccount } from '../../../test/support/memory-market.ts'
import { createMemoryRun } from '../../../test/support/memory-run.ts'
import { type GivenMiner, useMiners } from '../../../test/support/use-miners.ts'
import { askJson } from './ask-json.ts'
import { deliver } from './deliver.ts'
import { createPinnedAgent } from './pinned-agent.ts'
import { channelOf } from './tls-channel.ts'
import { loadTlsIdentity } from './tls-identity.ts'

const givenMiner = useMiners()
const signal = new AbortController().signal
const nonce = (): Hex => `0x${randomBytes(32).toString('hex')}`

/** A caller of our own, to say what an honest client never would. */
function rawCaller({ miner, orderId }: GivenMiner, connections = 1) {
  const endpoint = parseEndpoint(miner.endpoint)
  const agent = createPinnedAgent({ endpoint, address: '127.0.0.1', connections })
  const post = <T extends z.ZodType>(json: unknown, schema: T) =>
    askJson({ agent, endpoint, signal, method: 'POST', path: `/v1/orders/${orderId}/hello`, json, schema })
  return {
    agent,
    start: (role: string, signer: string, userNonce: Hex) =>
      post({ role, signer, userNonce }, helloChallenge),
    finish: (json: unknown) => post(json, helloToken),
    status: (token: string, id = orderId) =>
      askJson({
        agent,
        endpoint,
        signal,
        method: 'GET',
        path: `/v1/orders/${id}`,
        headers: { authorization: `Bearer ${token}` },
        schema: statusReply,
      }),
  }
}

interface Lie {
  signer?: LocalAccount
  /** Fields of what is signed. */
  signed?: Record<string, unknown>
  domain?: { chainId: number; market: Hex }
  /** Fields of what is sent. */
  sent?: Record<string, unknown>
  role?: 'user' | 'reader'
}

/** Both steps, honest but for the lie. */
async function helloWith(given: GivenMiner, lie: Lie = {}) {
  const caller = rawCaller(given)
  const signer = lie.signer ?? given.user
  const role = lie.role ?? 'user'
  const userNonce = nonce()
  try {
    const { reply, socket } = await caller.start(role, signer.address, userNonce)
    const message = {
      orderId: given.orderId,
      role,
      signer: signer.address,
      peer: reply.signer,
      userNonce,
      minerNonce: reply.minerNonce,
      expiresAt: reply.expiresAt,
      channel: channelOf(socket),
      ...lie.signed,
    } as const
    const signature = await signer.signTypedData(helloTypedData(lie.domain ?? given.market, message))
    const finish = {
      role,
      signer: signer.address,
      userNonce,
      minerNonce: reply.minerNonce,
      expiresAt: toWireInteger(reply.expiresAt),
      signature,
      ...lie.sent,
    }
    return { token: (await caller.finish(finish)).reply.token, finish, caller }
  } catch (error) {
    caller.agent.destroy()
    throw error
  }
}

const code = (expected: string) => expect.objectContaining({ code: expected })

for (const tls of [true, false]) {
  describe(`hello over ${tls ? 'TLS' : 'plain loopback http'} (flow 11)`, () => {
    it('lets the order’s user in, and nobody else', async () => {
      const given = await givenMiner({ tls })
      const { token, caller } = await helloWith(given)
      expect((await caller.status(token)).reply).toMatchObject({ state: 'preparing', durableSize: 0n })
      caller.agent.destroy()
      await expect(helloWith(given, { signer: newAccount() })).rejects.toEqual(code('PEER_NOT_AUTHORISED'))
      await expect(helloWith(given, { signer: given.account })).rejects.toEqual(code('PEER_NOT_AUTHORISED'))
    })

    it('refuses every forged field', async () => {
      const given = await givenMiner({ tls })
      const stranger = newAccount()
      const lies: [string, Lie][] = [
        ['another order', { signed: { orderId: given.orderId + 1n } }],
        ['another role', { signed: { role: 'miner' } }],
        ['another signer', { signed: { signer: stranger.address } }],
        ['another peer', { signed: { peer: stranger.address } }],
        ['another user nonce', { signed: { userNonce: nonce() } }],
        ['another miner nonce', { signed: { minerNonce: nonce() } }],
        ['another expiry', { signed: { expiresAt: 1n } }],
        ['another connection', { signed: { channel: nonce() } }],
        ['another chain', { domain: { chainId: 1, market: given.market.market } }],
        ['another Market', { domain: { chainId: given.market.chainId, market: stranger.address } }],
        ['garbage', { sent: { signature: `0x${'11'.repeat(65)}` } }],
        ['zeros', { sent: { signature: `0x${'00'.repeat(65)}` } }],
      ]
      for (const [name, lie] of lies) {
        await expect(helloWith(given, lie), name).rejects.toEqual(code('PEER_NOT_AUTHORISED'))
      }
      await expect(helloWith(given, { sent: { userNonce: nonce() } })).rejects.toEqual(code('HELLO_REPLAYED'))
      await expect(helloWith(given, { sent: { minerNonce: nonce() } })).rejects.toEqual(
        code('HELLO_REPLAYED'),
      )
      await expect(helloWith(given, { sent: { expiresAt: 99 } })).rejects.toEqual(code('HELLO_REPLAYED'))
      await expect(helloWith(given, { sent: { role: 'reader' } })).rejects.toEqual(code('HELLO_REPLAYED'))
      await expect(helloWith(given, { sent: { signer: stranger.address } })).rejects.toEqual(
        code('HELLO_REPLAYED'),
      )
      await expect(helloWith(given, { sent: { role: 'miner' } })).rejects.toEqual(code('REQUEST_INVALID'))
    })

    it('uses a nonce once, on its own connection', async () => {
      const given = await givenMiner({ tls })
      const { finish, caller } = await helloWith(given)
      await expect(caller.finish(finish)).rejects.toEqual(code('HELLO_REPLAYED'))
      caller.agent.destroy()
      await expect(caller.finish(finish)).rejects.toEqual(code('HELLO_REPLAYED'))
      // a second connection, while the first is open
      const first = rawCaller(given)
      const second = rawCaller(given)
      const userNonce = nonce()
      const { reply, socket } = await first.start('user', given.user.address, userNonce)
      const signature = await given.user.signTypedData(
        helloTypedData(given.market, {
          orderId: given.orderId,
          role: 'user',
          signer: given.user.address,
          peer: reply.signer,
          userNonce,
          minerNonce: reply.minerNonce,
          expiresAt: reply.expiresAt,
          channel: channelOf(socket),
        }),
      )
      const step = {
        role: 'user',
        signer: given.user.address,
        userNonce,
        minerNonce: reply.minerNonce,
        expiresAt: toWireInteger(reply.expiresAt),
        signature,
      }
      await expect(second.finish(step)).rejects.toEqual(code('HELLO_REPLAYED'))
      // and that attempt used the nonce up
      await expect(first.finish(step)).rejects.toEqual(code('HELLO_REPLAYED'))
      first.agent.destroy()
      second.agent.destroy()
    })
  })
}

describe('hello (flow 11)', () => {
  it('expires', async () => {
    const given = await givenMiner({ limits: { nonceMs: -1 } })
    await expect(helloWith(given)).rejects.toEqual(code('HELLO_EXPIRED'))
  })

  it('takes a live operator with the right scope only', async () => {
    const given = await givenMiner()
    const { market, user } = given
    const operator = newAccount()
    const tryHello = async () => (await helloWith(given, { signer: operator })).caller.agent.destroy()
    await expect(tryHello()).rejects.toEqual(code('PEER_NOT_AUTHORISED'))
    for (const scopes of [OPERATOR_SCOPES.REFUSE, OPERATOR_SCOPES.ENDPOINT, 0]) {
      market.authorise(user.address, operator.address, scopes)
      await expect(tryHello()).rejects.toEqual(code('PEER_NOT_AUTHORISED'))
    }
    for (const scopes of [OPERATOR_SCOPES.PREPARE, OPERATOR_SCOPES.CHALLENGE, 15]) {
      market.authorise(user.address, operator.address, scopes, market.now)
      await tryHello()
    }
    market.authorise(user.address, operator.address, 15, market.now - 1n)
    await expect(tryHello()).rejects.toEqual(code('PEER_NOT_AUTHORISED'))
  })

  it('knows the reader only from the header under the commitment in force; a reader may not write', async () => {
    const given = await givenMiner({ capacity: 2 })
    const reader = newAccount()
    await expect(helloWith(given, { signer: reader, role: 'reader' })).rejects.toEqual(
      code('PEER_NOT_AUTHORISED'),
    )
    const log = Buffer.alloc(4096, 1)
    const crypto = nodeLogCrypto
    const header = encodeHeader(crypto, new Uint8Array(32), {
      volumeId: new Uint8Array(16),
      keyEpoch: 0,
      salt: new Uint8Array(32),
      maxSize: 2 * 1024 * 1024,
      readerAddress: reader.address,
      number: 0,
      compatibleFlags: 0,
    })
    log.set(header)
    const run = createMemoryRun(log, 2, null)
    const client = await given.connect()
    await deliver({ client, run, signal })
    await expect(helloWith(given, { signer: reader, role: 'reader' })).rejects.toEqual(
      code('PEER_NOT_AUTHORISED'),
    )
    given.market.agree(given.orderId, run.commitment)
    await given.store.committed(run.commitment)
    await expect(helloWith(given, { role: 'reader' })).rejects.toEqual(code('PEER_NOT_AUTHORISED'))
    const asReader = await given.connect({ role: 'reader', signer: reader })
    expect((await asReader.data(0, 4096, run.commitment)).equals(log)).toBe(true)
    expect(await asReader.challenge([3n], run.commitment)).toHaveLength(1)
    expect(hexToBytes(`0x${(await asReader.header()).leaf.toString('hex')}`)).toEqual(header)
    await expect(asReader.append('aa'.repeat(16), run.commitment)).rejects.toEqual(
      code('PEER_NOT_AUTHORISED'),
    )
    await expect(asReader.putLeaves('aa'.repeat(16), 4, log)).rejects.toEqual(code('PEER_NOT_AUTHORISED'))
    await expect(asReader.seal('aa'.repeat(16), run.commitment)).rejects.toEqual(code('PEER_NOT_AUTHORISED'))
  })

  it('gives a token for one order, for a while', async () => {
    const given = await givenMiner({ limits: { tokenMs: 2000 } })
    given.market.addOrder({
      orderId: 99n,
      capacity: 1n,
      user: given.user.address,
      miner: given.account.address,
    })
    const { token, caller } = await helloWith(given)
    await caller.status(token)
    await expect(caller.status(token, 99n)).rejects.toEqual(code('TOKEN_INVALID'))
    await expect(caller.status('nonsense-nonsense')).rejects.toEqual(code('TOKEN_INVALID'))
    await new Promise((resolve) => setTimeout(resolve, 2020))
    await expect(caller.status(token)).rejects.toEqual(code('TOKEN_INVALID'))
    caller.agent.destroy()
    // the client renews by itself
    const client = await given.connect()
    await new Promise((resolve) => setTimeout(resolve, 2020))
    expect((await client.status()).state).toBe('preparing')
  })

  it('refuses a miner that is not the order’s, or that works for another Market', async () => {
    const given = await givenMiner()
    const { market, orderId } = given
    const order = await market.order(orderId)
    market.orders.set(orderId, { ...order, miner: newAccount().address })
    await expect(given.connect()).rejects.toEqual(code('PEER_NOT_AUTHORISED'))
    market.authorise((await market.order(orderId)).miner, given.account.address, OPERATOR_SCOPES.PREPARE)
    await given.connect()
    market.authorise(
      (await market.order(orderId)).miner,
      given.account.address,
      OPERATOR_SCOPES.PREPARE,
      market.now - 1n,
    )
    await expect(given.connect()).rejects.toEqual(code('PEER_NOT_AUTHORISED'))

    const elsewhere = createMemoryMarket({ market: newAccount().address })
    elsewhere.orders.set(orderId, order)
    elsewhere.endpoints.set(1n, given.miner.endpoint)
    await expect(given.connect({ reader: elsewhere })).rejects.toEqual(code('PEER_WRONG_MARKET'))
    const fork = createMemoryMarket({ chainId: 1 })
    fork.orders.set(orderId, order)
    fork.endpoints.set(1n, given.miner.endpoint)
    await expect(given.connect({ reader: fork })).rejects.toEqual(code('PEER_WRONG_MARKET'))
  })

  it('fails when it is relayed over another TLS connection', async () => {
    const given = await givenMiner()
    const folder = await mkdtemp(join(tmpdir(), 'dmc-relay-'))
    const relayIdentity = await loadTlsIdentity(folder)
    const target = parseEndpoint(given.miner.endpoint)
    const sockets = new Set<TLSSocket>()
    // in the middle, with a key of its own that the user was made to believe in
    const relay = createTlsServer({ ...relayIdentity, minVersion: 'TLSv1.3' }, (near) => {
      const far = tlsConnect({ host: '127.0.0.1', port: target.port, rejectUnauthorized: false })
      for (const socket of [near, far]) {
        sockets.add(socket)
        socket.on('error', () => {})
      }
      near.pipe(far).pipe(near)
    })
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
    try {
      const endpoint = `https://127.0.0.1:${(relay.address() as AddressInfo).port}#spki=${relayIdentity.spki}`
      await expect(given.connect({ endpoint })).rejects.toMatchObject({
        code: 'PEER_NOT_AUTHORISED',
        message: expect.stringContaining('connection'),
      })
    } finally {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => relay.close(resolve))
      await rm(folder, { recursive: true })
    }
  })

  it('never has the zero channel under TLS', async () => {
    const given = await givenMiner()
    const caller = rawCaller(given)
    const { socket } = await caller.start('user', given.user.address, nonce())
    expect(channelOf(socket)).not.toBe(NO_CHANNEL)
    caller.agent.destroy()
  })
})
