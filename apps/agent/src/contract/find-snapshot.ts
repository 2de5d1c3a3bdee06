import { DmcError } from '@dmc/core/errors/dmc-error'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import { type OpenedSnapshot, openSnapshot } from '../source/list-snapshot.ts'
import { snapshotsOf } from '../source/open-catalog.ts'
import { findVolumes, type OpenedSource, type OpenVolumesOptions, openSource } from './open-volumes.ts'

export interface FindSnapshotOptions extends OpenVolumesOptions {
  /** Id, the first digits of it, or `latest`. */
  snapshot: string
  /** Only sources for which this is true, by salt (hex) and name in the catalog; all when null. */
  wants: ((salt: string, name: string) => boolean) | null
}

/** A snapshot, found and opened with nothing but the phrase and the chain; close `source` when done. */
export async function findSnapshot(
  options: FindSnapshotOptions,
): Promise<{ source: OpenedSource; snapshot: OpenedSnapshot }> {
  const { wants, signal, onNote } = options
  const wanted = options.snapshot.toLowerCase()
  const found: OpenedSource[] = []
  let unread: DmcError | null = null
  try {
    for (const group of (await findVolumes(options)).values()) {
      let source: OpenedSource
      try {
        source = await openSource(options, group)
      } catch (thrown) {
        signal.throwIfAborted()
        // the snapshot may be another source's, on a miner that answers
        unread = toDmcError(thrown)
        onNote(`Orders ${group.heads.map((head) => head.orderId).join(', ')}: ${unread.message}`)
        continue
      }
      const { sourceName } = source.opened.catalog
      const fits =
        (wants === null || wants(source.salt, sourceName)) &&
        (wanted === 'latest' ||
          snapshotsOf(source.opened.catalog).some(({ snapshotId }) => snapshotId.startsWith(wanted)))
      if (fits) found.push(source)
      else await source.close()
    }
    // the newest of all can't be told while one of them can't be read
    if (unread !== null && (found.length === 0 || wanted === 'latest')) throw unread
    const [source, another] = found
    if (!source) {
      throw new DmcError(
        'SNAPSHOT_NOT_FOUND',
        `There is no snapshot '${wanted}'${wants ? ' of that source' : ''}.`,
        {
          hint: 'List them: dmc-agent snapshots.',
        },
      )
    }
    if (another) {
      const names = found.map((one) => one.opened.catalog.sourceName).join(', ')
      throw new DmcError('SNAPSHOT_NOT_FOUND', `'${wanted}' fits snapshots of several sources: ${names}.`, {
        hint: 'Say which: --source NAME, or more digits of the snapshot’s id.',
      })
    }
    const id = wanted === 'latest' ? {} : { snapshotId: wanted }
    return {
      source,
      snapshot: await openSnapshot({ opened: source.opened, reader: source.reader, signal, ...id }),
    }
  } catch (error) {
    await Promise.all(found.map((source) => source.close()))
    throw error
  }
}
