import { DmcError } from '@dmc/core/errors/dmc-error'
import { toHex } from '@dmc/core/log/bytes'
import type { AgentContext } from './agent-context.ts'
import { listContracts } from './contract/contract-rows.ts'
import { findVolumes, openSource } from './contract/open-volumes.ts'
import { rebuildCache } from './source/rebuild-cache.ts'

/**
 * Makes the local cache of a source anew from what its miners hold: it was lost, or the chain has a commitment that this
 * host did not make (design: the cache names its commitment and is rebuilt when the chain differs).
 * @throws STORE_CORRUPT when none of its orders holds its log; PEER_*, LOG_*; then what was here stands
 */
export async function rebuildSource(
  ctx: AgentContext,
  sourceId: string,
  { onNote, signal }: { onNote: (message: string) => void; signal: AbortSignal },
): Promise<void> {
  const source = ctx.sources.get(sourceId)
  onNote(
    `What this host knows of ${source.name}'s log is not what the chain has: it is read again from the miner.`,
  )
  const own = listContracts(ctx.store, 'user').filter((contract) => contract.sourceId === sourceId)
  const { reader } = ctx.contract
  const options = {
    reader,
    orders: await Promise.all(own.map(({ orderId }) => reader.order(orderId))),
    master: ctx.keys.master,
    allowPrivate: ctx.config.allowPrivateEndpoints,
    bandwidth: ctx.contract.bandwidth,
    signal,
    onNote,
  }
  const group = (await findVolumes(options)).get(toHex(source.salt))
  if (!group) {
    throw new DmcError(
      'STORE_CORRUPT',
      `None of ${source.name}'s orders holds the log that this host began.`,
      {
        hint: `Take a new order for it: dmc-agent order create --source ${source.name}`,
      },
    )
  }
  const opened = await openSource(options, group)
  try {
    await rebuildCache({
      sourceId,
      dataDir: ctx.config.dataDir,
      opened: opened.opened,
      heads: group.heads,
      reader: opened.reader,
      signal,
    })
  } finally {
    await opened.close()
  }
  ctx.journal.add({
    event: 'cache-rebuilt',
    subject: `source:${sourceId}`,
    message: `The local cache of ${source.name} is made again from its log; the next backup reads every file once and stores what is new.`,
  })
}
