import { writeFile } from 'node:fs/promises'
import { readOrder } from '@dmc/core/chain/read-order'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { deriveReaderKey, deriveSourceKey } from '@dmc/core/log/derive-keys'
import { nodeLogCrypto } from '@dmc/core/log/node-log-crypto'
import type { AgentContext } from '../agent-context.ts'
import { findContract } from '../contract/contract-rows.ts'
import type { Handler } from '../control/handler.ts'

/** Writes what a watcher needs to check an order for this user: never a key that opens or changes anything. */
export const orderExportStubs: Handler<'order.exportStubs', AgentContext> = async (
  ctx,
  { orderId, path },
) => {
  const { chainId, market } = ctx.config.chain
  const contract = findContract(ctx.store, orderId, 'user')
  if (!contract?.sourceId) {
    throw new DmcError('ORDER_NOT_FOUND', `Order ${orderId} holds no source of this host.`, {
      hint: 'Export them on the host that backs up into it: dmc-agent order list',
    })
  }
  const { commitment } = await readOrder(ctx.rpc.client, { market, orderId })
  if (commitment === null) {
    throw new DmcError('ORDER_STATE', `Order ${orderId} holds nothing yet.`, {
      hint: 'Export its stubs after the first backup.',
    })
  }
  const { salt } = ctx.sources.get(contract.sourceId)
  const readerKey = deriveReaderKey(nodeLogCrypto, deriveSourceKey(nodeLogCrypto, ctx.keys.master, salt))
  const stubs = {
    v: 1,
    kind: 'dmc-order-stubs',
    chainId,
    market,
    orderId: String(orderId),
    commitment: { root: commitment.root.toLowerCase(), size: String(commitment.size) },
    readerKey,
    writtenAt: new Date().toISOString(),
  }
  try {
    await writeFile(path, `${JSON.stringify(stubs, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    throw new DmcError('TARGET_UNWRITABLE', `${path} could not be written: ${(error as Error).message}.`, {
      hint: 'Name a new file in a folder that you may write to.',
    })
  }
  ctx.journal.add({
    level: 'warning',
    event: 'stubs-exported',
    subject: `order:${orderId}`,
    message: `The stubs of order ${orderId} were written to ${path}: who has them can check its miner and read ciphertext of this source, never a file.`,
  })
  return { orderId, path }
}
