import { DmcError } from '@dmc/core/errors/dmc-error'

export const orderNotHere = (orderId: bigint): DmcError =>
  new DmcError('SECTOR_DAMAGED', `None of this host’s disks holds the data of order ${orderId}.`, {
    hint: 'Put the disk with its data back: dmc-agent sector add PATH --size SIZE',
  })
