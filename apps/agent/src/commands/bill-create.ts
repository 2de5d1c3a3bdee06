import { parseSize } from '@dmc/core/units/parse-size'
import { parseTokens } from '@dmc/core/units/parse-tokens'
import { withAgent } from '../control/call-agent.ts'
import { fail } from '../output/io.ts'
import { parseCount, parseWeekRange, parseWeeks } from './arguments.ts'
import { confirmPlan, followTransactions, type MoneyOptions } from './confirm-plan.ts'
import type { Action } from './shell.ts'

export interface BillCreateOptions extends MoneyOptions {
  sector: string
  price: string
  pledgeRate: string
  weeks: string
  capacity?: string
  step: string
  bond: string
  open: string
}

const MIB = 1n << 20n

/** flows 2 and 3 */
export const billCreate: Action<[], BillCreateOptions> = async (shell, options) => {
  const step = parseSize(options.step)
  if (step % MIB !== 0n)
    throw fail('BAD_SIZE', `The step '${options.step}' is not whole MiB.`, 'For example: --step 1GiB.')
  const bill = {
    sectorId: options.sector,
    capacity: options.capacity ? parseSize(options.capacity) : 0n,
    step: step / MIB,
    price: parseTokens(options.price),
    pledgeRate: parseCount(options.pledgeRate, 'a pledge rate'),
    ...parseWeekRange(options.weeks),
    bond: parseTokens(options.bond),
    openWeeks: parseWeeks(options.open),
  }
  await withAgent(shell.caller, async (agent) => {
    const { plan } = await agent.call('bill.create', { mode: 'preview', ...bill })
    if (!(await confirmPlan(shell, plan, options))) return
    const { done } = await agent.call('bill.create', { mode: 'execute', ...bill }, followTransactions(shell))
    shell.io.document('bill.create', { billId: done?.billId, hashes: done?.hashes })
    shell.io.print(`Bill ${done?.billId} is open.`)
    if (agent.where === 'here') shell.io.note('Keep the agent running so that it takes orders: dmc-agent run')
  })
}
