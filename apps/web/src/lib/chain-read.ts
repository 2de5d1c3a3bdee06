import type { Address, Hex } from 'viem'

/**
 * The few things that pages read from the chain itself, without the chain library: that is loaded when something is signed. A test
 * holds the selectors and the decoding against the Market's ABI.
 */
const SELECTORS = { operatorOf: '0x2b558793', credit: '0xd5d44d80', balanceOf: '0x70a08231' } as const

/** Of the dashboard's configuration. */
interface At {
  /** Where the proxy to the chain answers. */
  rpcPath: string
  market: Address
  token: Address
}
type Call = [method: string, ...params: unknown[]]

export interface OperatorNow {
  /** Bits of OPERATOR_SCOPES; 0 when it may do nothing. */
  scopes: number
  /** Unix seconds. */
  expiresAt: bigint
}

/** What `operator` may do for `owner`, as the Market has it. */
export async function readOperator(at: At, of: { owner: Address; operator: Address }): Promise<OperatorNow> {
  const [data] = await ask(at, [operatorCall(at, of)])
  return operatorIn(data)
}

/** Token wei that the Market owes an account. */
export async function readCredit(at: At, account: Address): Promise<bigint> {
  const [data] = await ask(at, [viewCall(at.market, 'credit', account)])
  return wordIn(data, 0)
}

/** Token wei of an account, and its coin for gas in wei. */
export async function readMoney(at: At, account: Address): Promise<{ token: bigint; coin: bigint }> {
  const [token, coin] = await ask(at, [
    viewCall(at.token, 'balanceOf', account),
    ['eth_getBalance', account, 'latest'],
  ])
  return { token: wordIn(token, 0), coin: BigInt(String(coin)) }
}

export interface OperatorStand extends OperatorNow {
  /** Its coin for gas, wei. */
  coin: bigint
  /** Newest block's time, unix seconds. */
  now: bigint
  /** Wei per gas that is enough also when the next blocks get dearer. */
  gasPrice: bigint
}

/** The most that a transaction may burn now, in wei of the chain's coin; null when it would not succeed as things are. */
export async function readGas(
  at: At,
  tx: { from: Address; to: Address; data: Hex; value: bigint },
): Promise<bigint | null> {
  const value = `0x${tx.value.toString(16)}`
  const [block, tip] = await ask(at, [
    ['eth_getBlockByNumber', 'latest', false],
    ['eth_maxPriorityFeePerGas'],
  ])
  const { baseFeePerGas = '0x0' } = block as { baseFeePerGas?: Hex }
  const price = (BigInt(baseFeePerGas) * 12n) / 10n + BigInt(String(tip))
  try {
    const [units] = await ask(at, [['eth_estimateGas', { ...tx, value }]])
    return ((BigInt(String(units)) * 12n) / 10n) * price
  } catch {
    return null
  }
}

/** Everything that decides what an operator still needs; one request. */
export async function readOperatorStand(
  at: At,
  of: { owner: Address; operator: Address },
): Promise<OperatorStand> {
  const [data, coin, block, tip] = await ask(at, [
    operatorCall(at, of),
    ['eth_getBalance', of.operator, 'latest'],
    ['eth_getBlockByNumber', 'latest', false],
    ['eth_maxPriorityFeePerGas'],
  ])
  const { timestamp, baseFeePerGas = '0x0' } = block as { timestamp: Hex; baseFeePerGas?: Hex }
  return {
    ...operatorIn(data),
    coin: BigInt(String(coin)),
    now: BigInt(timestamp),
    gasPrice: (BigInt(baseFeePerGas) * 12n) / 10n + BigInt(String(tip)),
  }
}

const operatorCall = (at: At, { owner, operator }: { owner: Address; operator: Address }): Call =>
  viewCall(at.market, 'operatorOf', owner, operator)

function operatorIn(data: unknown): OperatorNow {
  return { scopes: Number(wordIn(data, 0)), expiresAt: wordIn(data, 1) }
}

function viewCall(to: Address, name: keyof typeof SELECTORS, ...accounts: Address[]): Call {
  const words = accounts.map((account) => account.slice(2).toLowerCase().padStart(64, '0'))
  return ['eth_call', { to, data: SELECTORS[name] + words.join('') }, 'latest']
}

/** The nth 32 bytes of what a view answered. */
function wordIn(data: unknown, n: number): bigint {
  const word = String(data).slice(2 + 64 * n, 2 + 64 * (n + 1))
  if (!/^[0-9a-f]{64}$/i.test(word)) throw trouble('its answer is not of the form that was asked for')
  return BigInt(`0x${word}`)
}

interface Answer {
  id: number
  result?: unknown
  error?: { message?: string }
}

/** All in one request, through the dashboard's own proxy; the answers in the order of the questions. */
async function ask({ rpcPath }: At, calls: Call[]): Promise<unknown[]> {
  const response = await fetch(rpcPath, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(calls.map(([method, ...params], id) => ({ jsonrpc: '2.0', id, method, params }))),
  })
  if (!response.ok) throw trouble(`the dashboard answers ${response.status}`)
  const answers = new Map(((await response.json()) as Answer[]).map((answer) => [answer.id, answer]))
  return calls.map((_call, id) => {
    const answer = answers.get(id)
    if (answer?.result == null) throw trouble(answer?.error?.message?.slice(0, 200) ?? 'it gives no answer')
    return answer.result
  })
}

const trouble = (why: string): Error =>
  Object.assign(new Error(`The chain can’t be read: ${why}.`), {
    hint: 'It is tried again by itself; if it stays, the dashboard’s RPC is out of reach.',
  })
