import { DmcError } from '@dmc/core/errors/dmc-error'

const QUANTITY = /^0x[0-9a-f]{1,64}$/i
const BYTES = /^0x(?:[0-9a-f]{2})*$/i
const HASH = /^0x[0-9a-f]{64}$/i

const isQuantity = (value: unknown) => typeof value === 'string' && QUANTITY.test(value)
const isBytes = (value: unknown) => typeof value === 'string' && BYTES.test(value)
const isHash = (value: unknown) => typeof value === 'string' && HASH.test(value)
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isBlock = (value: unknown) =>
  value === null ||
  (isRecord(value) &&
    isHash(value.hash) &&
    isHash(value.parentHash) &&
    isQuantity(value.number) &&
    isQuantity(value.timestamp))

const isLog = (value: unknown) =>
  isRecord(value) &&
  typeof value.address === 'string' &&
  Array.isArray(value.topics) &&
  isBytes(value.data) &&
  isHash(value.blockHash) &&
  isQuantity(value.blockNumber) &&
  isQuantity(value.logIndex)

const SHAPES: Record<string, (value: unknown) => boolean> = {
  eth_chainId: isQuantity,
  eth_blockNumber: isQuantity,
  eth_getTransactionCount: isQuantity,
  eth_getBalance: isQuantity,
  eth_gasPrice: isQuantity,
  eth_maxPriorityFeePerGas: isQuantity,
  eth_estimateGas: isQuantity,
  eth_call: isBytes,
  eth_getCode: isBytes,
  eth_sendRawTransaction: isHash,
  eth_getBlockByNumber: isBlock,
  eth_getBlockByHash: isBlock,
  eth_getLogs: (value) => Array.isArray(value) && value.every(isLog),
  eth_getTransactionReceipt: (value) =>
    value === null ||
    (isRecord(value) &&
      isHash(value.blockHash) &&
      isQuantity(value.blockNumber) &&
      isQuantity(value.status) &&
      Array.isArray(value.logs)),
}

/**
 * Passes a JSON-RPC result on when it has the shape that its method promises, so that null or nonsense from a broken node never
 * becomes a number somewhere inside.
 * @throws RPC_BAD_ANSWER
 */
export function checkRpcResult(method: string, result: unknown): unknown {
  if (result !== undefined && (SHAPES[method]?.(result) ?? true)) return result
  const shown = JSON.stringify(result)?.slice(0, 60) ?? 'nothing'
  throw new DmcError('RPC_BAD_ANSWER', `The RPC answered ${method} with ${shown}.`, {
    hint: 'The node is broken or behind a broken proxy; try another RPC URL (DMC_RPC_URLS). It is tried again by itself.',
  })
}
