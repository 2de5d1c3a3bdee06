import type { OperatorGrant } from '@dmc/core/chain/acts/terms'
import { reading } from '@dmc/core/chain/chain-error'
import { readOperator } from '@dmc/core/chain/read-operator'
import { formatTime } from '@dmc/core/units/format-time'
import { formatTokens } from '@dmc/core/units/format-tokens'
import type { Address } from 'viem'
import { estimateFees } from '../chain/estimate-fees.ts'
import type { AccountContext } from './context.ts'

const SCOPE_NAMES = ['PREPARE', 'CHALLENGE', 'REFUSE', 'ENDPOINT'] as const

/** Bits of OPERATOR_SCOPES as names, for people. */
export function scopeNames(scopes: number): string[] {
  return SCOPE_NAMES.filter((_, bit) => (scopes >> bit) & 1)
}

/** An operator that must act until some day is authorised for half a year more, so that not every order renews it. */
const SPARE = 26n * 604_800n
/** Gas that a float pays for: some hundred prepares. */
const FLOAT_UNITS = 15_000_000n
/** A moment of dear gas must not empty the wallet: at most a tenth of a coin. */
const MOST_FLOAT = 10n ** 17n

export interface GrantNeeded {
  grant: OperatorGrant
  gasFloatWei: bigint
}

/**
 * What this host's operator lacks to do `scopes` for `owner` until `until` (unix seconds): scopes, time, or coin for gas. null when
 * it lacks nothing. Scopes that it has stay.
 */
export async function grantNeeded(
  context: AccountContext,
  owner: Address,
  scopes: number,
  until: bigint,
): Promise<GrantNeeded | null> {
  const { rpc, market } = context
  const operator = context.operator.address
  const [has, balance, fees, now] = await Promise.all([
    readOperator(rpc.client, { market, owner, operator }),
    reading('the operator’s gas money', () => rpc.client.getBalance({ address: operator })),
    estimateFees(rpc.client),
    context.reader.chainTime(),
  ])
  const live = has.expiresAt >= now ? has.scopes : 0
  const price = FLOAT_UNITS * fees.maxFeePerGas
  const float = price < MOST_FLOAT ? price : MOST_FLOAT
  const gasFloatWei = balance * 5n < float ? float - balance : 0n
  if ((live & scopes) === scopes && has.expiresAt >= until && gasFloatWei === 0n) return null
  const wanted = until + SPARE
  const expiresAt = has.expiresAt >= until ? has.expiresAt : wanted
  return { grant: { operator, scopes: live | scopes, expiresAt }, gasFloatWei }
}

export function describeGrant({ grant, gasFloatWei }: GrantNeeded): [string, string][] {
  const names = scopeNames(grant.scopes).join(', ')
  return [
    ['This host may', `${names} for the wallet until ${formatTime(grant.expiresAt)} (key ${grant.operator})`],
    ...(gasFloatWei === 0n
      ? []
      : ([['Gas for this host', formatTokens(gasFloatWei, { symbol: 'ETH', round: 'up' })]] as [
          string,
          string,
        ][])),
  ]
}
