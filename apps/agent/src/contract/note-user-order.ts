import type { OrderOnChain } from '@dmc/core/chain/types'
import type { ContractState } from '@dmc/core/market/states'
import type { ContractContext } from './context.ts'
import { findContract, setContract } from './contract-rows.ts'

/**
 * Brings the user's row of an order to what the chain says: one that has ended takes no more backups, one whose end a
 * reorg took back does again. Harmless for orders that this host does not know.
 */
export function noteUserOrder(
  { store, journal }: Pick<ContractContext, 'store' | 'journal'>,
  order: OrderOnChain,
): void {
  const { orderId } = order
  const contract = findContract(store, orderId, 'user')
  if (contract === null) return
  const over = contract.state === 'refused' || contract.state === 'closed'
  const state = stateFor(order, over, contract.state)
  if (state === contract.state) return
  setContract(store, orderId, 'user', { state })
  if (order.state !== 'preparing' && order.state !== 'active') {
    journal.add({
      level: order.state === 'ended' ? 'info' : 'warning',
      event: 'order-final',
      subject: `order:${orderId}`,
      message: `Order ${orderId} is ${order.state}: nothing more is backed up into it. What it left over is in your credit (dmc-agent wallet withdraw).`,
    })
  }
}

function stateFor(order: OrderOnChain, over: boolean, now: ContractState): ContractState {
  switch (order.state) {
    case 'refused':
      return 'refused'
    case 'ended':
    case 'cancelled':
    case 'slashed':
      return 'closed'
    case 'active':
      return over ? 'active' : now
    case 'preparing':
      return over ? 'delivering' : now
  }
}
