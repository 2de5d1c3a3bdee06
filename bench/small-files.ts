import * as backup from './backup.ts'
import type { BenchDocument, BenchOptions } from './bench.ts'
import * as rebackup from './rebackup.ts'
import * as restore from './restore.ts'

/** The small set through all three: first backup, re-backup after 1 % changed, restore. `--size` is the number of files. */
export async function run(options: BenchOptions): Promise<BenchDocument> {
  const small: BenchOptions = {
    ...options,
    data: 'small',
    size: options.size === 1024 ? 20_000 : options.size,
  }
  const first = await backup.run(small)
  const others = [await rebackup.run(small), await restore.run(small)]
  return {
    ...first,
    bench: 'small-files',
    peers: [first, ...others].flatMap(({ bench, ours, peers }) => [
      { name: `dmc ${bench}`, version: 'this one', ...ours },
      ...peers.map((peer) => ({ ...peer, name: `${peer.name} ${bench}` })),
    ]),
    // all three tell of memory
    figures: [first, ...others].flatMap(({ bench, figures }) =>
      figures.map((figure) => ({ ...figure, name: figure.name.replace(/^peak/, `${bench}: peak`) })),
    ),
  }
}
