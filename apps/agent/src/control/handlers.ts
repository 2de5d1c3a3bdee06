import type { AgentContext } from '../agent-context.ts'
import { agentStop } from '../handlers/agent-stop.ts'
import { backupStart } from '../handlers/backup-start.ts'
import { billCancel } from '../handlers/bill-cancel.ts'
import { billCreate } from '../handlers/bill-create.ts'
import { billList } from '../handlers/bill-list.ts'
import { billShrink } from '../handlers/bill-shrink.ts'
import { challengeAnswer } from '../handlers/challenge-answer.ts'
import { challengeList } from '../handlers/challenge-list.ts'
import { doctorRun } from '../handlers/doctor-run.ts'
import { endpointSet } from '../handlers/endpoint-set.ts'
import { faucetTake } from '../handlers/faucet-take.ts'
import { healthGet } from '../handlers/health-get.ts'
import { journalFollow } from '../handlers/journal-follow.ts'
import { journalList } from '../handlers/journal-list.ts'
import { marketList } from '../handlers/market-list.ts'
import { operatorAuthorise } from '../handlers/operator-authorise.ts'
import { orderAct } from '../handlers/order-act.ts'
import { orderCancel } from '../handlers/order-cancel.ts'
import { orderChallenge } from '../handlers/order-challenge.ts'
import { orderCheck } from '../handlers/order-check.ts'
import { orderChecks } from '../handlers/order-checks.ts'
import { orderClaimAll } from '../handlers/order-claim-all.ts'
import { orderCreate } from '../handlers/order-create.ts'
import { orderEvidence } from '../handlers/order-evidence.ts'
import { orderExportStubs } from '../handlers/order-export-stubs.ts'
import { orderList } from '../handlers/order-list.ts'
import { orderPreview } from '../handlers/order-preview.ts'
import { orderShow } from '../handlers/order-show.ts'
import { recoverStart } from '../handlers/recover-start.ts'
import { restoreStart } from '../handlers/restore-start.ts'
import { sectorAdd } from '../handlers/sector-add.ts'
import { sectorList } from '../handlers/sector-list.ts'
import { sectorRemove } from '../handlers/sector-remove.ts'
import { sectorScrub } from '../handlers/sector-scrub.ts'
import { snapshotList } from '../handlers/snapshot-list.ts'
import { snapshotLs } from '../handlers/snapshot-ls.ts'
import { sourceAdd } from '../handlers/source-add.ts'
import { sourceExclude } from '../handlers/source-exclude.ts'
import { sourceKeep } from '../handlers/source-keep.ts'
import { sourceList } from '../handlers/source-list.ts'
import { sourceRemove } from '../handlers/source-remove.ts'
import { sourceRenew } from '../handlers/source-renew.ts'
import { sourceSchedule } from '../handlers/source-schedule.ts'
import { statusGet } from '../handlers/status-get.ts'
import { walletShow } from '../handlers/wallet-show.ts'
import { walletWithdraw } from '../handlers/wallet-withdraw.ts'
import { watchAdd } from '../handlers/watch-add.ts'
import { watchList } from '../handlers/watch-list.ts'
import { watchRemove } from '../handlers/watch-remove.ts'
import type { Handler } from './handler.ts'
import type { MethodName } from './methods.ts'

/**
 * Each method's handler, read with the agent: an upgrade may take the files of one that runs away. And what is imported when it is needed
 * would be a part of the bundle of its own, which all that opens the agent had to read.
 */
export const HANDLERS: { [M in MethodName]: Handler<M, AgentContext> } = {
  'sector.add': sectorAdd,
  'sector.list': sectorList,
  'sector.scrub': sectorScrub,
  'sector.remove': sectorRemove,
  'bill.create': billCreate,
  'bill.list': billList,
  'bill.cancel': billCancel,
  'endpoint.set': endpointSet,
  'source.add': sourceAdd,
  'source.exclude': sourceExclude,
  'source.schedule': sourceSchedule,
  'source.keep': sourceKeep,
  'source.list': sourceList,
  'source.remove': sourceRemove,
  'market.list': marketList,
  'order.preview': orderPreview,
  'order.create': orderCreate,
  'order.list': orderList,
  'order.show': orderShow,
  'order.evidence': orderEvidence,
  'bill.shrink': billShrink,
  'source.renew': sourceRenew,
  'order.act': orderAct,
  'order.claimAll': orderClaimAll,
  'order.cancel': orderCancel,
  'order.check': orderCheck,
  'order.checks': orderChecks,
  'order.challenge': orderChallenge,
  'order.exportStubs': orderExportStubs,
  'challenge.list': challengeList,
  'challenge.answer': challengeAnswer,
  'watch.add': watchAdd,
  'watch.list': watchList,
  'watch.remove': watchRemove,
  'operator.authorise': operatorAuthorise,
  'backup.start': backupStart,
  'snapshot.list': snapshotList,
  'snapshot.ls': snapshotLs,
  'restore.start': restoreStart,
  'recover.start': recoverStart,
  'status.get': statusGet,
  'health.get': healthGet,
  'journal.list': journalList,
  'journal.follow': journalFollow,
  'doctor.run': doctorRun,
  'wallet.show': walletShow,
  'wallet.withdraw': walletWithdraw,
  'faucet.take': faucetTake,
  'agent.stop': agentStop,
}
