import { marketCall } from '@dmc/core/chain/acts/market-call'
import type { LocalAccount } from 'viem'
import { ROOT } from '../../apps/web/test/indexer/one-leaf.ts'
import { approveAndSend } from '../../apps/web/test/support/wallet.ts'
import type { World } from './world.ts'

/**
 * An order of one week that is in force, by transactions alone: no host works on it, both sides state the commitment of one leaf.
 * Both wallets must have tokens.
 */
export async function activeOrder(
  { devnet }: World,
  of: { user: LocalAccount; miner: LocalAccount },
): Promise<bigint> {
  const { market } = devnet
  const price = 10n ** 18n
  const bill = await approveAndSend(devnet, of.miner, {
    pledgeOrEscrow: 10n ** 24n,
    call: (now) =>
      marketCall(market, 'createBill', [
        {
          capacity: 1_024n,
          step: 1_024n,
          price,
          pledgeRate: 4n,
          minWeeks: 1n,
          maxWeeks: 10n,
          bond: 10n ** 18n,
          expiresAt: now + 1_000_000n,
        },
      ]),
  })
  const { billId } = bill.event('BillCreated').args
  const order = await approveAndSend(devnet, of.user, {
    pledgeOrEscrow: 10n ** 24n,
    call: () =>
      marketCall(market, 'createOrder', [
        {
          billId,
          expectedMiner: of.miner.address,
          capacity: 1_024n,
          weeks: 1n,
          maxPrice: price,
          minPledgeRate: 1n,
          maxBond: 10n ** 18n,
          challenges: 5n,
        },
      ]),
  })
  const { orderId } = order.event('OrderCreated').args
  for (const [side, account] of [of.user, of.miner].entries()) {
    await approveAndSend(devnet, account, {
      pledgeOrEscrow: 10n ** 24n,
      call: () => marketCall(market, 'prepare', [orderId, BigInt(side) as 0n | 1n, ROOT, 1_024n]),
    })
  }
  return orderId
}
