import { formatTime } from '@dmc/core/units/format-time'
import { formatTokens } from '@dmc/core/units/format-tokens'
import { callAgent } from '../control/call-agent.ts'
import type { WalletInfo } from '../control/types.ts'
import { keystoreFile, readKeystore } from '../keys/keystore-file.ts'
import { formatGas } from '../output/format.ts'
import type { Io } from '../output/io.ts'
import { printPairs } from '../output/print-table.ts'
import type { Action } from './shell.ts'

export const walletShow: Action<[], { offline?: boolean }> = async ({ io, caller, config }, options) => {
  const { wallet = null, operator } = readKeystore(keystoreFile(config.dataDir))
  if (options.offline) {
    io.document('wallet.show', { wallet: wallet && { address: wallet }, operator: { address: operator } })
    printPairs(io, [
      ['Wallet', wallet ?? 'none (dmc-agent wallet create)'],
      ['Operator', operator],
    ])
    return
  }
  const info = await callAgent(caller, 'wallet.show', {})
  io.document('wallet.show', info)
  printPairs(io, walletPairs(io, info))
}

/** Also a part of `status`. */
export function walletPairs({ colors }: Io, info: WalletInfo): [string, string][] {
  const tokens = (wei: bigint) => formatTokens(wei, { symbol: info.tokenSymbol })
  const { wallet, operator } = info
  const pairs: [string, string][] = []
  if (wallet) {
    pairs.push(['Wallet', wallet.address], ['  tokens', tokens(wallet.token)])
    if (wallet.credit > 0n) pairs.push(['  credit', `${tokens(wallet.credit)} in the Market, to withdraw`])
    pairs.push(['  allowance', tokens(wallet.allowance)], ['  gas', formatGas(wallet.gasWei)])
  } else pairs.push(['Wallet', 'none on this host (dmc-agent wallet create or import)'])
  const scopes = operator.scopes.length > 0 ? operator.scopes.join(', ') : colors.yellow('nothing yet')
  pairs.push(['Operator', operator.address], ['  may', scopes])
  if (operator.expiresAt > 0n) pairs.push(['  until', formatTime(operator.expiresAt)])
  pairs.push(['  gas', formatGas(operator.gasWei)])
  return pairs
}
