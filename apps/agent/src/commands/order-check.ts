import type { CheckOutcome } from '@dmc/core/challenge/outcomes'
import { formatSize } from '@dmc/core/units/format-size'
import { callAgent } from '../control/call-agent.ts'
import type { CheckedOrder } from '../control/types.ts'
import { cleanText } from '../output/clean-text.ts'
import { parseCount, parseId } from './arguments.ts'
import type { Action } from './shell.ts'

/** docs/ERRORS.md: verification failed; peer or network; could not be told. */
const EXIT: Record<CheckOutcome, number> = { passed: 0, wrong: 4, refused: 6, offline: 6, unknown: 1 }

/** flow 14: "Check now". */
export const orderCheck: Action<[string], { leaves?: string; probe?: boolean }> = async (
  { io, caller },
  options,
  order,
) => {
  const answer = await callAgent(caller, 'order.check', {
    orderId: parseId(order, 'an order'),
    probe: options.probe === true,
    ...(options.leaves === undefined
      ? {}
      : { leaves: parseCount(options.leaves, 'a number of leaves', { min: 1, max: 64 }) }),
  })
  io.document('order.check', answer)
  for (const line of linesOf(answer)) io.print(cleanText(line))
  return EXIT[answer.check.outcome]
}

function linesOf({ check, failingLeaf, proof }: CheckedOrder): string[] {
  const { outcome, orderId, leaves, bytes, latencyMs, error } = check
  const what = check.kind === 'probe' ? `a probe of ${formatSize(bytes)}` : `${leaves} leaves`
  const why = error ? [error.message] : []
  switch (outcome) {
    case 'passed':
      return [`Passed: the miner of order ${orderId} proved ${what} in ${latencyMs} ms.`, proof.odds]
    case 'wrong':
      return [
        `Wrong: the miner of order ${orderId} signed an answer that does not prove${failingLeaf === null ? '' : ` leaf ${failingLeaf}`}. The answer is kept.`,
        ...why,
        `It is asked again by dmc-agent run. To have it answer on chain or lose its pledge: dmc-agent order challenge ${orderId}${failingLeaf === null ? '' : ` --leaf ${failingLeaf}`}`,
      ]
    case 'refused':
      return [`Refused: the miner of order ${orderId} did not answer the question.`, ...why]
    case 'offline':
      return [`Offline: the miner of order ${orderId} could not be reached.`, ...why]
    case 'unknown':
      return [
        `Unknown: whether order ${orderId} is there could not be told; it is not the miner’s fault.`,
        ...why,
      ]
  }
}
