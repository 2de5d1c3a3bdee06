import { reading } from '@dmc/core/chain/chain-error'
import { tokenAbi } from '@dmc/core/chain/generated/token-abi'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { formatTokens } from '@dmc/core/units/format-tokens'
import type { Address, PublicClient } from 'viem'

/** Tokens that an act takes from its sender, and whether they come by allowance. */
export interface TokensTaken {
  token: Address
  /** Whose allowance is used: the Market. */
  spender: Address
  amount: bigint
  /** The transaction carries its own permit, so no allowance is needed before. */
  byPermit?: boolean
}

const pay = (wei: bigint) => formatTokens(wei, { round: 'up' })

/** @throws NO_TOKEN, NO_ALLOWANCE with have and need; RPC_UNREACHABLE, RPC_BAD_ANSWER */
export async function checkTokens(client: PublicClient, account: Address, takes: TokensTaken): Promise<void> {
  const call = { address: takes.token, abi: tokenAbi } as const
  const [balance, allowance] = await reading(`the tokens of ${account}`, () =>
    Promise.all([
      client.readContract({ ...call, functionName: 'balanceOf', args: [account] }),
      client.readContract({ ...call, functionName: 'allowance', args: [account, takes.spender] }),
    ]),
  )
  if (balance < takes.amount) throw noToken(account, balance, takes.amount)
  if (takes.byPermit !== true && allowance < takes.amount) throw noAllowance(account, allowance, takes.amount)
}

/** In wei. @throws RPC_UNREACHABLE, RPC_BAD_ANSWER */
export const readGasMoney = (client: PublicClient, account: Address): Promise<bigint> =>
  reading(`the gas money of ${account}`, () => client.getBalance({ address: account }))

export function noToken(account: Address, have: bigint, need: bigint): DmcError {
  return new DmcError('NO_TOKEN', `${account} has ${formatTokens(have)}; ${pay(need)} are needed.`, {
    hint: `Send at least ${pay(need - have)} to ${account} (on a devnet: dmc-agent faucet), then repeat the command.`,
    meta: { have: String(have), need: String(need) },
  })
}

export function noAllowance(account: Address, have: bigint, need: bigint): DmcError {
  return new DmcError(
    'NO_ALLOWANCE',
    `The Market may take ${formatTokens(have)} of ${account}; ${pay(need)} are needed.`,
    {
      hint: 'Repeat the command: it asks for the allowance first.',
      meta: { have: String(have), need: String(need) },
    },
  )
}

export function noGas(account: Address, have: bigint, need: bigint): DmcError {
  const coin = { symbol: 'ETH' }
  return new DmcError(
    'NO_GAS',
    `${account} has ${formatTokens(have, coin)} for gas; up to ${formatTokens(need, { ...coin, round: 'up' })} is needed.`,
    {
      hint: `Send at least ${formatTokens(need - have, { ...coin, round: 'up' })} to ${account}, then repeat the command.`,
      meta: { have: String(have), need: String(need) },
    },
  )
}
