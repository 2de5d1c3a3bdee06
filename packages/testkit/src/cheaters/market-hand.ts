import { type MarketAct, type MarketActArgs, marketCall } from '@dmc/core/chain/acts/market-call'
import { approveCall } from '@dmc/core/chain/acts/token-call'
import { decodeLogs, type MarketEvent, type RawLog } from '@dmc/core/chain/decode-log'
import { readMoney } from '@dmc/core/chain/read-money'
import { type Address, createWalletClient, type Hex, http } from 'viem'
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import type { Devnet } from '../devnet.ts'

/** A wallet that acts on a real devnet by its own key, and knows to the wei what that has cost. */
export class MarketHand {
  readonly devnet: Devnet
  readonly account: PrivateKeyAccount
  /** Wei of gas that its transactions took, reverted ones too. */
  gasWei = 0n
  /** Units of gas of each mined transaction, in order. */
  readonly gasUsed: bigint[] = []
  /** Tokens when it was made. */
  firstToken = 0n

  private constructor(devnet: Devnet, account: PrivateKeyAccount) {
    this.devnet = devnet
    this.account = account
  }

  /** A fresh wallet with coin, tokens, and an allowance for the Market. */
  static async open(devnet: Devnet): Promise<MarketHand> {
    const hand = new MarketHand(devnet, privateKeyToAccount(generatePrivateKey()))
    await devnet.fund(hand.address)
    await hand.send(approveCall(devnet.token, devnet.market, (1n << 256n) - 1n))
    hand.firstToken = (await hand.money()).token
    return hand
  }

  /** A wallet that has what it needs already, such as that of an agent. */
  static async of(devnet: Devnet, account: PrivateKeyAccount): Promise<MarketHand> {
    const hand = new MarketHand(devnet, account)
    hand.firstToken = (await hand.money()).token
    return hand
  }

  get address(): Address {
    return this.account.address
  }

  /** Tokens it holds plus what the Market owes it, less what it began with: what all this has brought or cost. */
  async balance(): Promise<bigint> {
    const { token, credit } = await this.money()
    return token + credit - this.firstToken
  }

  money() {
    const { client, market, token } = this.devnet
    return readMoney(client, { market, token, account: this.address })
  }

  /** An act of the Market. @throws when it is refused before it is sent, or reverts */
  act<N extends MarketAct>(name: N, args: MarketActArgs<N>): Promise<MarketEvent[]> {
    return this.send(marketCall(this.devnet.market, name, args))
  }

  async send({ to, data, value }: { to: Address; data: Hex; value: bigint }): Promise<MarketEvent[]> {
    const { client, url, market } = this.devnet
    const wallet = createWalletClient({ chain: client.chain, transport: http(url), account: this.account })
    const hash = await wallet.sendTransaction({ to, data, value } as never)
    const receipt = await client.waitForTransactionReceipt({ hash, pollingInterval: 20 })
    this.gasWei += receipt.gasUsed * receipt.effectiveGasPrice
    this.gasUsed.push(receipt.gasUsed)
    if (receipt.status !== 'success') throw new Error(`${hash} reverted`)
    return decodeLogs(market, receipt.logs as RawLog[])
  }
}

/** The event that an act must have told. */
export function only<N extends MarketEvent['name']>(
  events: MarketEvent[],
  name: N,
): Extract<MarketEvent, { name: N }> {
  const found = events.find((event) => event.name === name)
  if (found === undefined) throw new Error(`no ${name}, only ${events.map((event) => event.name).join(', ')}`)
  return found as Extract<MarketEvent, { name: N }>
}
