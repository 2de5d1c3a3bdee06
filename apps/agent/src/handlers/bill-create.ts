import { DmcError } from '@dmc/core/errors/dmc-error'
import { billIntent, linkBill } from '../account/bill-rows.ts'
import { createBill, planBill } from '../account/create-bill.ts'
import { noteOwnEndpoint } from '../account/endpoint-rows.ts'
import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import { findSector } from '../find-sector.ts'
import { progressOf } from '../progress-of.ts'

const MIB = 1n << 20n

/** flows 2 and 3: offers a sector; the bill, the operator's grant and the endpoint go in one transaction. */
export const billCreate: Handler<'bill.create', AgentContext> = async (ctx, input, emit, signal) => {
  const sector = await findSector(ctx, input.sectorId)
  const free = BigInt(sector.size - sector.reserved)
  const step = input.step
  const capacity = ((input.capacity === 0n ? free : input.capacity) / MIB / step) * step
  if (capacity === 0n || capacity * MIB > free) {
    throw new DmcError(
      'NOT_ENOUGH_SPACE',
      `Sector ${sector.sectorId} has ${free} bytes free; the bill would offer ${input.capacity === 0n ? free : input.capacity} in steps of ${step * MIB}.`,
      { hint: 'Offer less, in whole steps, or add a larger sector.' },
    )
  }
  const account = await ctx.account()
  const { minWeeks, maxWeeks, price, pledgeRate, bond, openWeeks } = input
  const wish = {
    capacity,
    step,
    price,
    pledgeRate,
    minWeeks,
    maxWeeks,
    bond,
    openWeeks,
    endpoint: await ctx.endpoint(),
  }
  if (input.mode === 'preview') {
    const { plan } = await planBill(account, wish)
    return { plan, done: null }
  }
  const intent = billIntent(ctx.store, account.market, sector.sectorId)
  const execution = { intent, subject: `sector:${sector.sectorId}`, ...progressOf(emit, signal) }
  noteOwnEndpoint(ctx.store, wish.endpoint)
  const { plan, result, billId } = await createBill(account, wish, execution)
  linkBill(ctx.store, billId, sector.sectorId)
  await ctx.serve()
  return {
    plan: plan ?? (await planBill(account, wish)).plan,
    done: { billId, hashes: result ? [result.hash] : [] },
  }
}
