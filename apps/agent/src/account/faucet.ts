import { faucetCall } from '@dmc/core/chain/acts/token-call'
import { reading } from '@dmc/core/chain/chain-error'
import { tokenAbi } from '@dmc/core/chain/generated/token-abi'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { type Hex, numberToHex, parseEther } from 'viem'
import type { SendOptions } from '../chain/transaction-types.ts'
import { type AccountContext, needWallet } from './context.ts'

/** Coin for gas that a devnet account gets when it has less than a tenth of it. */
const GAS_MONEY = parseEther('10')
const DEVNETS = [31337, 1337]

/**
 * Devnets only: mints test tokens to the wallet, at least `amount` (default: one faucet call, 100,000), and gives it coin for gas.
 * `intent` names the wish; each of the calls that it takes happens once.
 * @throws USAGE elsewhere; MARKET_FAUCET_LIMIT, NO_GAS; everything that `send` throws
 */
export async function takeFromFaucet(
  context: AccountContext,
  wish: { amount?: bigint; intent: string },
  how: SendOptions = {},
): Promise<{ hash: Hex; balance: bigint }> {
  const wallet = needWallet(context, 'The faucet')
  const { rpc, facts, sender } = context
  if (!DEVNETS.includes(rpc.chainId)) {
    throw new DmcError('USAGE', `Chain ${rpc.chainId} has no faucet.`, {
      hint: `Send ${facts.symbol} to ${wallet.address}.`,
    })
  }
  const token = { address: facts.token, abi: tokenAbi } as const
  const coin = await reading('a balance', () => rpc.client.getBalance({ address: wallet.address }))
  if (coin < GAS_MONEY / 10n) {
    // What nodes for development offer; where it is missing the balance check says what to do.
    const params = [wallet.address, numberToHex(GAS_MONEY)]
    await rpc.client.request({ method: 'anvil_setBalance', params } as never).catch(() => {})
  }
  const step = await reading('the faucet', () =>
    rpc.client.readContract({ ...token, functionName: 'FAUCET_AMOUNT' }),
  )
  const calls = wish.amount === undefined || wish.amount <= step ? 1n : (wish.amount + step - 1n) / step
  let hash: Hex = '0x'
  for (let call = 0n; call < calls; call++) {
    const intent = `${wish.intent}:${call}`
    hash = (
      await sender.send({ intent, account: wallet, call: faucetCall(facts.token), retryFailed: true }, how)
    ).hash
  }
  const balance = await reading('a balance', () =>
    rpc.client.readContract({ ...token, functionName: 'balanceOf', args: [wallet.address] }),
  )
  return { hash, balance }
}
