import type { AgentContext } from '../agent-context.ts'
import type { Handler } from './handler.ts'
import type { MethodName } from './methods.ts'

/** Each method's handler, loaded when it is first called. */
const HANDLERS: { [M in MethodName]: () => Promise<Handler<M, AgentContext>> } = {
  'sector.add': async () => (await import('../handlers/sector-add.ts')).sectorAdd,
  'sector.list': async () => (await import('../handlers/sector-list.ts')).sectorList,
  'sector.remove': async () => (await import('../handlers/sector-remove.ts')).sectorRemove,
  'bill.create': async () => (await import('../handlers/bill-create.ts')).billCreate,
  'bill.list': async () => (await import('../handlers/bill-list.ts')).billList,
  'bill.cancel': async () => (await import('../handlers/bill-cancel.ts')).billCancel,
  'endpoint.set': async () => (await import('../handlers/endpoint-set.ts')).endpointSet,
  'source.add': async () => (await import('../handlers/source-add.ts')).sourceAdd,
  'source.exclude': async () => (await import('../handlers/source-exclude.ts')).sourceExclude,
  'source.schedule': async () => (await import('../handlers/source-schedule.ts')).sourceSchedule,
  'source.keep': async () => (await import('../handlers/source-keep.ts')).sourceKeep,
  'source.list': async () => (await import('../handlers/source-list.ts')).sourceList,
  'source.remove': async () => (await import('../handlers/source-remove.ts')).sourceRemove,
  'market.list': async () => (await import('../handlers/market-list.ts')).marketList,
  'order.preview': async () => (await import('../handlers/order-preview.ts')).orderPreview,
  'order.create': async () => (await import('../handlers/order-create.ts')).orderCreate,
  'order.list': async () => (await import('../handlers/order-list.ts')).orderList,
  'order.show': async () => (await import('../handlers/order-show.ts')).orderShow,
  'order.evidence': async () => (await import('../handlers/order-evidence.ts')).orderEvidence,
  'bill.shrink': async () => (await import('../handlers/bill-shrink.ts')).billShrink,
  'source.renew': async () => (await import('../handlers/source-renew.ts')).sourceRenew,
  'order.act': async () => (await import('../handlers/order-act.ts')).orderAct,
  'order.claimAll': async () => (await import('../handlers/order-claim-all.ts')).orderClaimAll,
  'order.cancel': async () => (await import('../handlers/order-cancel.ts')).orderCancel,
  'order.check': async () => (await import('../handlers/order-check.ts')).orderCheck,
  'order.checks': async () => (await import('../handlers/order-checks.ts')).orderChecks,
  'order.challenge': async () => (await import('../handlers/order-challenge.ts')).orderChallenge,
  'order.exportStubs': async () => (await import('../handlers/order-export-stubs.ts')).orderExportStubs,
  'challenge.list': async () => (await import('../handlers/challenge-list.ts')).challengeList,
  'challenge.answer': async () => (await import('../handlers/challenge-answer.ts')).challengeAnswer,
  'watch.add': async () => (await import('../handlers/watch-add.ts')).watchAdd,
  'watch.list': async () => (await import('../handlers/watch-list.ts')).watchList,
  'watch.remove': async () => (await import('../handlers/watch-remove.ts')).watchRemove,
  'operator.authorise': async () => (await import('../handlers/operator-authorise.ts')).operatorAuthorise,
  'backup.start': async () => (await import('../handlers/backup-start.ts')).backupStart,
  'snapshot.list': async () => (await import('../handlers/snapshot-list.ts')).snapshotList,
  'snapshot.ls': async () => (await import('../handlers/snapshot-ls.ts')).snapshotLs,
  'restore.start': async () => (await import('../handlers/restore-start.ts')).restoreStart,
  'recover.start': async () => (await import('../handlers/recover-start.ts')).recoverStart,
  'status.get': async () => (await import('../handlers/status-get.ts')).statusGet,
  'health.get': async () => (await import('../handlers/health-get.ts')).healthGet,
  'journal.list': async () => (await import('../handlers/journal-list.ts')).journalList,
  'journal.follow': async () => (await import('../handlers/journal-follow.ts')).journalFollow,
  'doctor.run': async () => (await import('../handlers/doctor-run.ts')).doctorRun,
  'wallet.show': async () => (await import('../handlers/wallet-show.ts')).walletShow,
  'wallet.withdraw': async () => (await import('../handlers/wallet-withdraw.ts')).walletWithdraw,
  'faucet.take': async () => (await import('../handlers/faucet-take.ts')).faucetTake,
  'agent.stop': async () => (await import('../handlers/agent-stop.ts')).agentStop,
}

export function loadHandler<M extends MethodName>(method: M): Promise<Handler<M, AgentContext>> {
  return HANDLERS[method]()
}
