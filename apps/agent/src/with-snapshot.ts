import { DmcError } from '@dmc/core/errors/dmc-error'
import { toHex } from '@dmc/core/log/bytes'
import type { AgentContext } from './agent-context.ts'
import { listContracts } from './contract/contract-rows.ts'
import { findSnapshot } from './contract/find-snapshot.ts'
import type { OpenedSource } from './contract/open-volumes.ts'
import { ordersOfOwner } from './rows/list-orders.ts'
import { ownerOf } from './rows/owner-of.ts'
import type { OpenedSnapshot } from './source/list-snapshot.ts'
import type { SourceInfo } from './source/types.ts'

/**
 * Opens a snapshot for `work` and closes it after. Orders are those of the wallet by the chain's own links; when the source
 * is one of this host's, only its own orders are asked.
 */
export async function withSnapshot<T>(
  ctx: AgentContext,
  request: {
    snapshot: string
    source: string | undefined
    signal: AbortSignal
    onNote: (message: string) => void
  },
  work: (snapshot: OpenedSnapshot, source: OpenedSource) => Promise<T>,
): Promise<T> {
  const { snapshot, source: wanted, signal, onNote } = request
  const local =
    wanted === undefined ? ctx.sources.list() : ctx.sources.list().filter((one) => isNamed(one, wanted))
  const known = local.find((one) =>
    ctx.sources.snapshots(one.sourceId).some((s) => s.snapshotId.startsWith(snapshot)),
  )
  const only = known ?? (wanted === undefined ? undefined : local[0])
  const all = await ordersOfOwner(ctx, ownerOf(ctx))
  const own = new Set(
    listContracts(ctx.store, 'user')
      .filter((contract) => only && contract.sourceId === only.sourceId)
      .map((contract) => contract.orderId),
  )
  const orders = own.size > 0 ? all.filter((order) => own.has(order.orderId)) : all
  const salt = only ? toHex(only.salt) : null
  const wants =
    wanted === undefined && salt === null
      ? null
      : (otherSalt: string, name: string) =>
          salt === null ? name === wanted || otherSalt.startsWith(wanted ?? '') : otherSalt === salt
  const found = await findSnapshot({
    reader: ctx.contract.reader,
    orders,
    master: ctx.keys.master,
    allowPrivate: ctx.config.allowPrivateEndpoints,
    bandwidth: ctx.contract.bandwidth,
    signal,
    onNote,
    snapshot,
    wants,
  })
  try {
    return await work(found.snapshot, found.source)
  } catch (error) {
    // what a restore could not prove is looked into at once
    if (DmcError.is(error) && error.code.startsWith('PROOF_'))
      for (const { orderId } of found.source.proven()) ctx.checks.checkSoon(orderId)
    throw error
  } finally {
    await found.source.close()
  }
}

const isNamed = (source: SourceInfo, wanted: string): boolean =>
  source.name === wanted || source.sourceId.startsWith(wanted)
