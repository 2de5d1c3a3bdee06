import { concat, type Hex, type LocalAccount, numberToHex, pad, size } from 'viem'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import { rpc } from './rpc.ts'

export interface WalletCall {
  to: Hex
  data?: Hex
  value?: Hex
}

/**
 * A wallet that carries out several calls as one (EIP-5792), really: its account lends itself code for them (EIP-7702), so that they are
 * one transaction in which all of them happen or none. Needs a node that lets code be put anywhere, as devnets do.
 */
export class AtomicWallet {
  readonly #sent = new Map<string, Hex>()
  readonly #account: LocalAccount
  readonly #node: { url: string; chainId: number }

  constructor(account: LocalAccount, node: { url: string; chainId: number }) {
    this.#account = account
    this.#node = node
  }

  /** `wallet_getCapabilities`, for our chain. */
  get capabilities() {
    return { [numberToHex(this.#node.chainId)]: { atomic: { status: 'supported' } } }
  }

  /** `wallet_sendCalls`. @returns the transaction */
  async sendCalls({ id, calls }: { id: string; calls: readonly WalletCall[] }): Promise<Hex> {
    const { url, chainId } = this.#node
    const account = this.#account
    const code = privateKeyToAddress(generatePrivateKey())
    await rpc(url, 'anvil_setCode', [code, batchCode(calls)])
    const [count, price] = await Promise.all([
      rpc<Hex>(url, 'eth_getTransactionCount', [account.address, 'pending']),
      rpc<Hex>(url, 'eth_gasPrice'),
    ])
    const nonce = Number(count)
    if (account.signAuthorization === undefined) throw new Error('this account can’t lend itself code')
    // its own transaction counts first
    const authorization = await account.signAuthorization({ address: code, chainId, nonce: nonce + 1 })
    const raw = await account.signTransaction({
      type: 'eip7702',
      chainId,
      nonce,
      to: account.address,
      gas: 2_000_000n,
      maxFeePerGas: BigInt(price) * 2n,
      maxPriorityFeePerGas: 1n,
      authorizationList: [authorization],
    })
    const hash = await rpc<Hex>(url, 'eth_sendRawTransaction', [raw])
    this.#sent.set(id, hash)
    return hash
  }

  /** `wallet_getCallsStatus`. @throws a 5730 for a name that it does not know */
  async status(id: string) {
    const hash = this.#sent.get(id)
    if (hash === undefined) throw Object.assign(new Error('unknown bundle id'), { code: 5730 })
    const receipt = await rpc<{ status: Hex } | null>(this.#node.url, 'eth_getTransactionReceipt', [hash])
    const status = receipt === null ? 100 : receipt.status === '0x1' ? 200 : 500
    const receipts = receipt === null ? {} : { receipts: [receipt] }
    return {
      version: '2.0.0',
      id,
      chainId: numberToHex(this.#node.chainId),
      atomic: true,
      status,
      ...receipts,
    }
  }
}

/** Code that makes these calls when the account itself asks for them, and takes all back when one fails; asked by others it does nothing. */
function batchCode(calls: readonly WalletCall[]): Hex {
  const push = (value: Hex, bytes: number) => concat([numberToHex(0x5f + bytes), pad(value, { size: bytes })])
  const at = (place: number) => push(numberToHex(place), 2)
  // CALLER ADDRESS EQ, go on behind the STOP
  const guard = concat(['0x3330', '0x14', at(8), '0x5700', '0x5b'])
  const call = ({ to, data = '0x', value = '0x0' }: WalletCall, from: number, fail: number) =>
    concat([
      ...[at(size(data)), at(from), '0x5f39'], // CODECOPY to 0
      ...['0x5f5f', at(size(data)), '0x5f', push(value, 32), push(to, 20), '0x5af1'], // GAS CALL
      ...['0x15', at(fail), '0x57'], // ISZERO JUMPI
    ] as Hex[])
  const each = size(call({ to: '0x' }, 0, 0))
  const fail = size(guard) + each * calls.length + 1
  const end: Hex = '0x005b3d5f5f3e3d5ffd' // STOP; or RETURNDATACOPY, REVERT
  let from = fail - 1 + size(end)
  const made = calls.map((of) => {
    const made = call(of, from, fail)
    from += size(of.data ?? '0x')
    return made
  })
  return concat([guard, ...made, end, ...calls.map(({ data = '0x' }) => data)])
}
