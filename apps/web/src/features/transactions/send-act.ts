import type { ChainCall } from '@dmc/core/chain/acts/market-call'
import { type PermitRequest, permitTypedData, type SignedPermit } from '@dmc/core/chain/acts/permit'
import { approveCall } from '@dmc/core/chain/acts/token-call'
import { tokenAbi } from '@dmc/core/chain/generated/token-abi'
import { decodeMarketError, revertDataOf } from '@dmc/core/chain/market-errors'
import { readPermitDomain } from '@dmc/core/chain/read-permit-domain'
import { type Address, bytesToHex, type PublicClient, parseSignature } from 'viem'
import {
  connect,
  getConnection,
  getConnectors,
  getPublicClient,
  reconnect,
  sendTransaction,
  signTypedData,
  switchChain,
} from 'wagmi/actions'
import { eth, pay } from '../../lib/amounts.ts'
import type { ChainConfig } from '../../lib/chain-config.tsx'
import { shortHex } from '../../lib/short-hex.ts'
import { isRejection } from '../wallet/is-rejection.ts'
import { walletsOf } from '../wallet/wagmi-config.ts'
import type { Act, Problem, TransactStep } from './act.ts'
import { type Asked, findAsked, forgetAsked, noteAsked } from './asked-notes.ts'
import { canBatch, lookAtBatch, sendBatch, type WalletProvider } from './batch-calls.ts'
import { findSent } from './find-sent.ts'
import { addToTray, type TrayEntry } from './tray-store.ts'

/** How long an approval is waited for; when it is mined later, the next try finds it. */
const APPROVED_MS = 180_000

/** What sending needs; `onStep` hears how far it is. */
export interface Sending {
  act: Act
  owner: Address
  config: ChainConfig
  trayKey: string
  /** Of what must not be sent twice: what else is sent under this name is the same. null: it may. */
  name: string | null
  onStep: (step: TransactStep) => void
}

/**
 * The one way in which anything is sent: simulate, decoded revert before the wallet opens, permit (or approval and act as one,
 * where the wallet does that), wallet, submitted; then the tray follows it. Loaded when it is needed. Answers the tray's id, what is wrong, or null for a "no" in the wallet.
 */
export async function sendAct(sending: Sending): Promise<{ id: string } | { problem: Problem } | null> {
  try {
    return await attempt(sending)
  } catch (error) {
    if (isRejection(error)) return null
    if (revertDataOf(error) !== null) {
      const { message, hint } = decodeMarketError(error)
      return { problem: { message, hint } }
    }
    const { shortMessage, details, message } = error as {
      shortMessage?: string
      details?: string
      message?: string
    }
    const why = (details ?? shortMessage ?? message ?? 'the wallet did not say why').split('\n')[0]
    return {
      problem: {
        message: `It was not sent: ${why}`,
        hint: 'Nothing happened on chain. Check the wallet and try again.',
      },
    }
  }
}

async function attempt(sending: Sending) {
  const { act, owner, config, trayKey, name, onStep } = sending
  const wagmi = walletsOf(config)
  const client = getPublicClient(wagmi) as PublicClient
  // The wallet comes first: its account and chain decide what a simulation means.
  const connector = await connectorOf(wagmi, owner)
  if (typeof connector === 'string') {
    return {
      problem: { message: connector, hint: 'Choose the account in your wallet that you signed in with.' },
    }
  }
  const wallet: Wallet = { wagmi, client, connector }
  const before = await askedBefore(sending, wallet)
  if (before !== null) return before
  const bare = await act.call(null)
  const wrong = await whyNot(client, owner, bare, act.takes, config.token)
  if (wrong !== null) return { problem: wrong }
  const { chainId } = config
  if ((await connector.getChainId()) !== chainId) await switchChain(wagmi, { chainId, connector })

  const sent = (entry: TrayEntry) => {
    if (act.followUp !== undefined) entry.followUp = act.followUp
    addToTray(trayKey, entry)
    if (name !== null) forgetAsked(name)
    return { id: entry.id }
  }
  let call = bare
  if (act.takes > 0n) {
    const asOne = await sendAsOne(sending, wallet, bare)
    if (asOne !== null) return sent(asOne)
  }
  if (act.takes > 0n && act.approve) {
    const wrongApproval = await allow(sending, wallet)
    if (wrongApproval !== null) return { problem: wrongApproval }
    onStep('checking')
    await client.call({ account: owner, to: call.to, data: call.data, value: call.value })
  } else if (act.takes > 0n) {
    onStep('permit')
    const { token, market: spender } = config
    call = await act.call(
      await signPermit(wagmi, client, { token, chainId, owner, spender, value: act.takes }),
    )
    onStep('checking')
    await client.call({ account: owner, to: call.to, data: call.data, value: call.value })
  }
  onStep('wallet')
  return sent(await send({ owner, name }, wallet, { call, title: act.title }))
}

/**
 * The wallet was asked for the same by a page that was left before it answered. What was sent since is shown, not paid again; as long as
 * the wallet may still show that question, it is said once.
 */
async function askedBefore({ act, owner, trayKey, name }: Sending, { client, connector }: Wallet) {
  const asked = name === null ? null : findAsked(name)
  if (name === null || asked === null) return null
  const found =
    asked.batch === undefined
      ? await findSent(client, owner, asked)
      : await findBatch((await connector.getProvider()) as WalletProvider, asked)
  if (found === 'waiting') {
    return {
      problem: {
        message: 'Your wallet has sent something that is not in a block yet: it may be this.',
        hint: 'Wait for it, then try again here.',
      },
    }
  }
  if (found !== null) {
    const entry = entryOf({ owner, title: act.title, asked }, found)
    if (act.followUp !== undefined) entry.followUp = act.followUp
    addToTray(trayKey, entry)
    forgetAsked(name)
    return { id: entry.id }
  }
  if (asked.warned) {
    forgetAsked(name)
    return null
  }
  noteAsked(name, { ...asked, warned: true })
  return {
    problem: {
      message: 'Your wallet was asked for this already, and this page did not hear the answer.',
      hint: 'If the wallet still shows the question, say no there, so that nothing is paid twice. Then try again here.',
    },
  }
}

async function findBatch(provider: WalletProvider, { batch = '', nonce }: Asked) {
  const now = await lookAtBatch(provider, batch).catch(() => 'unknown' as const)
  return now === 'unknown' || now === 'failed' ? null : { hash: '0x' as const, nonce, batch }
}

const entryOf = (
  of: { owner: Address; title: string; asked: Asked },
  sent: { hash: `0x${string}`; nonce: number; batch?: string },
): TrayEntry => ({
  id: crypto.randomUUID(),
  title: of.title,
  ...sent,
  from: of.owner,
  to: of.asked.to,
  data: of.asked.data,
  value: of.asked.value,
  submittedAt: Date.now(),
  submittedBlock: of.asked.block,
  state: 'submitted',
  confirmations: 0,
})

/** Approval and act as one question, from a wallet that does both or neither; null when it can't, or no approval is missing. */
async function sendAsOne(
  { act, owner, config, name, onStep }: Sending,
  { client, connector }: Wallet,
  call: ChainCall,
): Promise<TrayEntry | null> {
  const { token, market, chainId } = config
  const provider = (await connector.getProvider()) as WalletProvider
  if (!(await canBatch(provider, { owner, chainId }))) return null
  const asked = { ...(await before(client, owner, call)), batch: newName() }
  onStep('batch')
  const batch = await noting(name, asked, () =>
    sendBatch(provider, {
      owner,
      chainId,
      id: asked.batch,
      calls: [approveCall(token, market, act.takes), call],
    }),
  )
  if (batch === null) {
    if (name !== null) forgetAsked(name)
    onStep('checking')
    return null
  }
  return entryOf({ owner, title: act.title, asked }, { hash: '0x', nonce: asked.nonce, batch })
}

const newName = () => bytesToHex(crypto.getRandomValues(new Uint8Array(32)))

/** Where account and chain stand before the wallet is asked. */
async function before(client: PublicClient, owner: Address, { to, data, value }: ChainCall): Promise<Asked> {
  const [nonce, block] = await Promise.all([
    client.getTransactionCount({ address: owner, blockTag: 'pending' }),
    client.getBlockNumber({ cacheTime: 0 }),
  ])
  return { to, data, value: String(value), nonce, block: String(block), askedAt: Date.now() }
}

/** The question is written down until there is an answer; a "no" is one, an error may have come too late. */
async function noting<T>(name: string | null, asked: Asked, ask: () => Promise<T>): Promise<T> {
  if (name === null) return ask()
  noteAsked(name, asked)
  try {
    return await ask()
  } catch (error) {
    if (isRejection(error)) forgetAsked(name)
    else noteAsked(name, { ...asked, warned: true })
    throw error
  }
}

interface Wallet {
  wagmi: WagmiConfig
  client: PublicClient
  connector: Exclude<Awaited<ReturnType<typeof connectorOf>>, string>
}

/** Asks the wallet to send it; the entry for the tray, not yet in it. */
async function send(
  { owner, name }: Pick<Sending, 'owner' | 'name'>,
  { wagmi, client, connector }: Wallet,
  { call, title }: { call: ChainCall; title: string },
): Promise<TrayEntry> {
  const { to, data, value } = call
  const [asked, gas] = await Promise.all([
    before(client, owner, call),
    client.estimateGas({ account: owner, to, data, value, blockTag: 'latest' }),
  ])
  // An estimate is exact for this block; the next one may need a little more.
  const hash = await noting(name, asked, () =>
    sendTransaction(wagmi, { to, data, value, gas: gas + gas / 5n, account: owner, connector }),
  )
  return entryOf({ owner, title, asked }, { hash, nonce: asked.nonce })
}

/** Lets the Market take exactly what the act takes, unless it may already; done when that is mined. */
async function allow(
  { act, owner, config, trayKey, onStep }: Sending,
  wallet: Wallet,
): Promise<Problem | null> {
  const { client } = wallet
  const { token, market } = config
  const allowed = await client.readContract({
    address: token,
    abi: tokenAbi,
    functionName: 'allowance',
    args: [owner, market],
  })
  if (allowed >= act.takes) return null
  onStep('approve')
  const entry = await send({ owner, name: null }, wallet, {
    call: approveCall(token, market, act.takes),
    title: `Allow the Market to take ${pay(act.takes)}`,
  })
  addToTray(trayKey, entry)
  onStep('approving')
  // one that was sped up in the wallet is followed there
  const { status } = await client.waitForTransactionReceipt({
    hash: entry.hash,
    pollingInterval: 1_000,
    timeout: APPROVED_MS,
  })
  if (status === 'success') return null
  return {
    message: 'The Market was not allowed to take the tokens: that transaction was reverted.',
    hint: 'Nothing but gas was spent. Try again.',
  }
}

type WagmiConfig = ReturnType<typeof walletsOf>

/** The connected wallet, connected again when the page was reloaded; a sentence when it stands on another account. */
async function connectorOf(wagmi: WagmiConfig, owner: Address) {
  let connection = getConnection(wagmi)
  if (connection.connector === undefined) {
    await reconnect(wagmi).catch(() => [])
    connection = getConnection(wagmi)
  }
  if (connection.connector === undefined) {
    const candidates = getConnectors(wagmi).filter(
      (candidate) => candidate.type === 'injected' && candidate.id !== 'injected',
    )
    const only = candidates.length === 1 ? candidates[0] : undefined
    if (only === undefined) return 'No wallet is connected to this page.'
    await connect(wagmi, { connector: only })
    connection = getConnection(wagmi)
  }
  if (connection.address?.toLowerCase() !== owner.toLowerCase()) {
    return `The wallet stands on ${shortHex(connection.address ?? '')}, you are signed in as ${shortHex(owner)}.`
  }
  return connection.connector ?? 'No wallet is connected to this page.'
}

/**
 * Would it succeed? Without the permit the Market can't take the tokens, so a missing allowance as the only objection means that the
 * terms are fine; whether the tokens are there is asked apart.
 */
async function whyNot(
  client: PublicClient,
  owner: Address,
  call: ChainCall,
  takes: bigint,
  token: Address,
): Promise<Problem | null> {
  const [tokens, coin] = await Promise.all([
    takes === 0n
      ? 0n
      : client.readContract({ address: token, abi: tokenAbi, functionName: 'balanceOf', args: [owner] }),
    client.getBalance({ address: owner }),
  ])
  if (tokens < takes) {
    return {
      message: `This takes ${pay(takes)}, your wallet has ${pay(tokens)}.`,
      hint: 'Get more DMC first; on a devnet the faucet in the wallet menu gives some.',
    }
  }
  if (coin <= call.value) {
    return {
      message: `Your wallet has ${eth(coin)} for gas${call.value > 0n ? `, and ${eth(call.value)} go to the agent’s key` : ''}.`,
      hint: 'Add some of the chain’s coin to the wallet.',
    }
  }
  try {
    await client.call({ account: owner, to: call.to, data: call.data, value: call.value })
    return null
  } catch (error) {
    if (revertDataOf(error) === null) throw error
    const known = decodeMarketError(error)
    if (takes > 0n && known.meta.error === 'ERC20InsufficientAllowance') return null
    return { message: known.message, hint: known.hint }
  }
}

/** EIP-2612: one signature instead of an approve transaction; over exactly the amount, for an hour. */
async function signPermit(
  wagmi: WagmiConfig,
  client: PublicClient,
  wish: Pick<PermitRequest, 'token' | 'chainId' | 'owner' | 'spender' | 'value'>,
): Promise<SignedPermit> {
  const [domain, block] = await Promise.all([
    readPermitDomain(client, { token: wish.token, owner: wish.owner }),
    client.getBlock(),
  ])
  const deadline = block.timestamp + 3_600n
  const signature = await signTypedData(wagmi, {
    ...permitTypedData({ ...wish, ...domain, deadline }),
    account: wish.owner,
  })
  const { r, s, yParity } = parseSignature(signature)
  return { value: wish.value, deadline, v: 27 + yParity, r, s }
}
