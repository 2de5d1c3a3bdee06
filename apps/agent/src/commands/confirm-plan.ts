import { reviveError } from '@dmc/core/errors/to-dmc-error'
import type { Plan, TransactionEvent } from '../control/types.ts'
import { fail } from '../output/io.ts'
import { printPlan } from '../output/print-plan.ts'
import { createProgress } from '../output/progress.ts'
import { askYesNo } from '../output/prompt.ts'
import { transactionText } from '../output/transaction-text.ts'
import type { Shell } from './shell.ts'

/** Options of every command that moves money. */
export interface MoneyOptions {
  dryRun?: boolean
}

/**
 * Shows what an act will do and asks. True = go on; false = `--dry-run`, all is said.
 * @throws the plan's first problem; NOT_CONFIRMED without a person and without --yes, or when the person says no.
 */
export async function confirmPlan({ io }: Shell, plan: Plan, { dryRun }: MoneyOptions): Promise<boolean> {
  if (dryRun) {
    io.document('plan', { plan })
    printPlan(io, plan)
    return false
  }
  printPlan(io, plan)
  const problem = plan.problems[0]
  if (problem) throw reviveError(problem)
  if (io.yes) return true
  if (!io.interactive) {
    throw fail(
      'NOT_CONFIRMED',
      'This moves money and nobody could be asked; nothing was sent.',
      'Look at it with --dry-run, then run it again with --yes.',
    )
  }
  const question = plan.transactions.length > 0 ? 'Sign and send this?' : 'Nothing has to be signed. Go on?'
  if (await askYesNo(question)) return true
  throw fail('NOT_CONFIRMED', 'Not confirmed; nothing was sent.', 'Run it again when you want it.')
}

/** Follows the transactions of an act on stderr; with --json the one document at the end names them. */
export function followTransactions({ io }: Shell): (event: TransactionEvent) => void {
  const progress = createProgress(io)
  return (event) => {
    const text = transactionText(event)
    if (text) progress.line(text)
  }
}
