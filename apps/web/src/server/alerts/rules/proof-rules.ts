import { DAY, type OwnerFacts } from '../facts.ts'
import { type Finding, orderHref, type Rule, span } from '../finding.ts'

type Proof = OwnerFacts['proofs'][number]

/** A miner that can't be reached so long may have a bad day; longer, and it may have gone. */
const AWAY_S = DAY
const GONE_S = 3 * DAY

/** What the user's own checks say: a leaf is not shown, shown wrong, or nobody answers. */
export const proofFailing: Rule = ({ proofs, orders, now }) =>
  proofs.flatMap((proof): Finding[] => {
    const order = orders.find(({ orderId }) => orderId === proof.orderId)
    if (order?.state !== 'active' || proof.removed) return []
    const found = judge(proof, now)
    if (found === null) return []
    return [
      {
        kind: 'proof-failing',
        subject: `order:${proof.orderId}`,
        href: orderHref(proof.orderId, 'user'),
        money: null,
        deadline: null,
        ...found,
      },
    ]
  })

type Judged = Pick<Finding, 'level' | 'message' | 'cause' | 'hint' | 'action' | 'stage'>

function judge(proof: Proof, now: number): Judged | null {
  const id = proof.orderId
  const { state, leaf, reason } = escalationOf(proof.escalation)
  // on chain the challenge has an alert of its own
  if (state === 'opened' || state === 'settled') return null
  if (state !== null) {
    const asking = state === 'asking'
    return {
      level: asking ? 'error' : 'warning',
      message: asking
        ? `The miner of order ${id} does not show your data: challenge it on chain?`
        : `The miner of order ${id} did not show a leaf; it is asked again.`,
      cause: `Leaf ${leaf}: ${reason}`,
      hint: asking
        ? 'Your host waits for your word. A challenge puts a bond of the reserve at stake, which an honest miner wins.'
        : 'Nothing is to be done yet: your host asks three times before anything happens.',
      action: asking ? 'Decide' : 'See the order',
      stage: asking ? 1 : 0,
    }
  }
  if (proof.lastOutcome === 'wrong' || proof.lastOutcome === 'refused') {
    return {
      level: 'error',
      message:
        proof.lastOutcome === 'wrong'
          ? `The miner of order ${id} showed something else than your data.`
          : `The miner of order ${id} refuses to show your data.`,
      cause: provenSince(proof, now),
      hint: 'Your host asks again; back the source up to another miner if it stays.',
      action: 'See the order',
      stage: 1,
    }
  }
  if (proof.lastOutcome !== 'offline') return null
  const proven = proof.lastProvenAt === null ? null : now - proof.lastProvenAt.getTime() / 1000
  if (proven !== null && proven < AWAY_S) return null
  const gone = proven === null || proven >= GONE_S
  return {
    level: gone ? 'error' : 'warning',
    message: `The miner of order ${id} can’t be reached.`,
    cause: provenSince(proof, now),
    hint: 'It is asked again by itself. Challenged on chain it must answer, or lose its pledge.',
    action: 'See the order',
    stage: gone ? 1 : 0,
  }
}

const provenSince = ({ lastProvenAt }: Proof, now: number): string =>
  lastProvenAt === null
    ? 'It was never proven.'
    : `Last proven ${span(now - lastProvenAt.getTime() / 1000)} ago.`

function escalationOf(stored: unknown): { state: string | null; leaf: string; reason: string } {
  const { state, leaf, reason } = (stored ?? {}) as { state?: unknown; leaf?: unknown; reason?: unknown }
  return {
    state: typeof state === 'string' ? state : null,
    leaf: String(leaf ?? '?'),
    reason: typeof reason === 'string' && reason !== '' ? reason : 'it was not shown.',
  }
}

/** The miner's host tries to answer a challenge, and it does not get on chain. */
export const answerFailing: Rule = ({ answers, orders, chain }) => {
  if (chain === null) return null
  const window = Number(chain.parameters.answerWindow)
  return answers.flatMap((answer): Finding[] => {
    const order = orders.find(({ orderId }) => orderId === answer.orderId)
    const open = order?.challenge ?? null
    if (order === undefined || open === null || open.leafIndex !== answer.leaf) return []
    if (open.deadline !== answer.deadline) return []
    const left = Number(open.deadline) - chain.now
    const { message, hint } = (answer.error ?? {}) as { message?: string; hint?: string }
    const failed = answer.state === 'failed'
    if (left < 0 || answer.state === 'confirmed' || (!failed && message === undefined)) return []
    const urgent = failed || left <= window / 2
    return [
      {
        kind: 'answer-failing',
        subject: `order:${answer.orderId}`,
        level: urgent ? 'error' : 'warning',
        message: `The answer to the challenge of order ${answer.orderId} is not on chain, ${span(left)} are left.`,
        cause: message ?? 'Your host could not send it.',
        hint: hint ?? 'Look at the host: does it have the data and gas?',
        href: orderHref(answer.orderId, 'miner'),
        action: 'See the challenge',
        money: order.pledge,
        deadline: Number(open.deadline),
        stage: left <= window / 4 ? 2 : urgent ? 1 : 0,
      },
    ]
  })
}
