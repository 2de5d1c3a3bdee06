import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { EXPORTER_BYTES, EXPORTER_LABEL } from '@dmc/core/protocol/limits'
import { NO_CHANNEL } from '@dmc/core/protocol/typed-data'
import type { Hex } from 'viem'

type Exporter = (length: number, label: string, context?: Buffer) => Buffer

/** What both ends of one TLS connection know and no third party does; zero on plain http (docs/PROTOCOL.md 4). */
export function channelOf(socket: Socket): Hex {
  if (!(socket instanceof TLSSocket)) return NO_CHANNEL
  // the type insists on a context, the protocol has none
  const exporter = socket.exportKeyingMaterial.bind(socket) as unknown as Exporter
  return `0x${exporter(EXPORTER_BYTES, EXPORTER_LABEL).toString('hex')}`
}
