import { formatSize } from '@dmc/core/units/format-size'
import { count } from '../../output/format.ts'
import { type Check, failed, notChecked, ok } from '../check.ts'

export const sectors: Check = {
  name: 'sectors',
  title: 'Sectors',
  async run({ sectors: list }) {
    if (!list) return notChecked('The agent is not running.', 'Start it (dmc-agent run) and look again.')
    const all = await list()
    const away = all.filter(({ mounted, state }) => !mounted && state !== 'removed')
    if (away.length > 0) {
      return failed(
        `Not mounted: ${away.map(({ path }) => path).join(', ')}.`,
        'Mount the disk again; its orders are challenged whether it is there or not.',
      )
    }
    const size = all.reduce((sum, sector) => sum + sector.size, 0)
    return ok(
      all.length === 0
        ? 'none on this host'
        : `${count(all.length, 'sector')}, ${formatSize(size)}, all mounted`,
    )
  },
}
