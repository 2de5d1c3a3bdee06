import { listOwnBills } from '../account/list-bills.ts'
import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import { billRow } from '../rows/bill-row.ts'
import { ownerOf } from '../rows/owner-of.ts'

export const billList: Handler<'bill.list', AgentContext> = async (ctx) => {
  const account = await ctx.account()
  const [bills, now] = await Promise.all([
    listOwnBills(account, ownerOf(ctx)),
    ctx.contract.reader.chainTime(),
  ])
  return { bills: bills.map((bill) => billRow(ctx, bill, now)) }
}
