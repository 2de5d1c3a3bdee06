import type { ContractErrorArgs, ContractErrorName } from 'viem'
import { DmcError } from '../errors/dmc-error.ts'
import type { marketAbi } from './generated/market-abi.ts'
import { MARKET_ERROR_TEXTS } from './market-error-texts.ts'

type Name = ContractErrorName<typeof marketAbi> & keyof typeof MARKET_ERROR_TEXTS
type Args<N extends Name> = Extract<ContractErrorArgs<typeof marketAbi, N>, readonly unknown[]>

/** The error as the Market would revert with it, foretold: the same code, sentence and next step. */
export function marketError<N extends Name>(name: N, ...args: Args<N>): DmcError {
  const text = MARKET_ERROR_TEXTS[name] as {
    code: DmcError['code']
    say: (...values: never[]) => string
    hint: string
  }
  return new DmcError(text.code, text.say(...(args as never[])), { hint: text.hint, meta: { error: name } })
}
