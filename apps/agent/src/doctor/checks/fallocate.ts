import { spawnSync } from 'node:child_process'
import { type Check, ok, warning } from '../check.ts'

/** Sectors reserve an order's space with it, so that a full disk is met before an order is taken, not in the middle of one. */
export const fallocate: Check = {
  name: 'fallocate',
  title: 'Reserving disk space',
  async run() {
    const found = spawnSync('fallocate', ['--version'], { stdio: 'ignore', timeout: 5000 }).status === 0
    if (found) return ok('fallocate is there')
    return warning(
      'There is no fallocate: a miner can only count the space of its orders, not reserve it on the disk.',
      'Install it (Debian: util-linux). Users do not need it.',
    )
  },
}
