import { reading } from '@dmc/core/chain/chain-error'
import { formatDuration } from '@dmc/core/units/format-duration'
import { isDevnet } from '../../config/resolve-config.ts'
import { type Check, notChecked, ok, warning } from '../check.ts'
import { doctorRpc } from '../doctor-rpc.ts'
import { CONFIGURE, NOT_CONFIGURED } from './chain-rpc.ts'

/** Blocks are seconds to minutes apart; signatures between agents allow five minutes. */
const AHEAD = 60
const BEHIND = 300

/** The newest block's time against this host's clock: a wrong clock and a chain that stands look alike. */
export const clock: Check = {
  name: 'clock',
  title: 'Clock and age of the newest block',
  async run({ chain }) {
    if (!chain) return notChecked(NOT_CONFIGURED, CONFIGURE)
    const rpc = doctorRpc(chain, chain.rpcUrls)
    const { timestamp } = await reading('the newest block', () => rpc.client.getBlock({ blockTag: 'latest' }))
    const age = Math.floor(Date.now() / 1000) - Number(timestamp)
    const fix = 'Set the clock of this host (timedatectl set-ntp true); if it is right, use another RPC.'
    const devnet = isDevnet(chain.chainId) ? ' (a devnet may run ahead or stand still)' : ''
    if (age < -AHEAD)
      return warning(`The chain is ${formatDuration(-age)} ahead of this clock${devnet}.`, fix)
    if (age > BEHIND) return warning(`The newest block is ${formatDuration(age)} old${devnet}.`, fix)
    return ok(`newest block ${formatDuration(Math.max(0, age))} ago`)
  },
}
