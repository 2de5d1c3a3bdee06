import { statfs } from 'node:fs/promises'
import { formatSize } from '@dmc/core/units/format-size'
import { type Check, failed, notChecked, ok, warning } from '../check.ts'

const FAILED_BELOW = 256n << 20n
const WARN_BELOW = 4n << 30n

export const diskSpace: Check = {
  name: 'disk-space',
  title: 'Space for state and spool',
  async run({ dataDir }) {
    const stat = await statfs(dataDir, { bigint: true }).catch(() => null)
    if (!stat) return notChecked('The data folder is not there.')
    const free = stat.bavail * stat.bsize
    const detail = `${formatSize(free)} free where the data folder is`
    const fix = 'Free some space on that disk, or move the data folder to a larger one.'
    if (free < FAILED_BELOW) return failed(`${detail}.`, fix)
    return free < WARN_BELOW ? warning(`${detail}; a backup may need more for its spool.`, fix) : ok(detail)
  },
}
