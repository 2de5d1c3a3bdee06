import type { AlertKind } from '@dmc/core/alerts/kinds'
import type { OwnerFacts } from '../facts.ts'
import type { Finding, Rule } from '../finding.ts'
import { backupFailing, backupMissed, snapshotPartial, sourceFailed } from './backup-rules.ts'
import { challengeMissed, challengeOpen, orderSlashed } from './challenge-rules.ts'
import { dashboardChain } from './dashboard-rules.ts'
import { hostAway, hostChain, hostSays, keyExpires, keyGasLow, keyRevoked } from './host-rules.ts'
import { minerQuits, orderEnds, orderNotActive, orderOver, reserveLow } from './order-rules.ts'
import { answerFailing, proofFailing } from './proof-rules.ts'
import { sectorDamaged, sectorFull, sectorNotMounted } from './sector-rules.ts'
import { credit, tokensLow, walletGasLow } from './wallet-rules.ts'

/** One rule a kind: a kind without one does not compile. */
export const RULES: Record<AlertKind, Rule> = {
  'order-ends': orderEnds,
  'order-over': orderOver,
  'order-not-active': orderNotActive,
  'miner-quits': minerQuits,
  credit,
  'reserve-low': reserveLow,
  'tokens-low': tokensLow,
  'wallet-gas-low': walletGasLow,
  'challenge-open': challengeOpen,
  'challenge-missed': challengeMissed,
  'order-slashed': orderSlashed,
  'proof-failing': proofFailing,
  'answer-failing': answerFailing,
  'backup-missed': backupMissed,
  'backup-failing': backupFailing,
  'snapshot-partial': snapshotPartial,
  'source-failed': sourceFailed,
  'host-away': hostAway,
  'host-says': hostSays,
  'host-chain': hostChain,
  'key-gas-low': keyGasLow,
  'key-expires': keyExpires,
  'key-revoked': keyRevoked,
  'sector-not-mounted': sectorNotMounted,
  'sector-damaged': sectorDamaged,
  'sector-full': sectorFull,
  'dashboard-chain': dashboardChain,
}

export interface Found {
  findings: Finding[]
  /** Kinds of which nothing can be said now: what stands of them stays. */
  unknown: ReadonlySet<AlertKind>
}

/** All that needs a person, of the kinds that it wants watched. */
export function runRules(facts: OwnerFacts): Found {
  const findings: Finding[] = []
  const unknown = new Set<AlertKind>()
  for (const [name, rule] of Object.entries(RULES)) {
    const kind = name as AlertKind
    if (facts.settings.off.watch.includes(kind)) continue
    const found = rule(facts)
    if (found === null) unknown.add(kind)
    else findings.push(...found)
  }
  return { findings, unknown }
}
