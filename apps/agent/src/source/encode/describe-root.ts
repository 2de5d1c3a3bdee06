import { lstatSync } from 'node:fs'
import { DmcError } from '@dmc/core/errors/dmc-error'
import type { ContentRef } from '@dmc/core/log/locator'
import { ENTRY_KIND, keptTime, type NodeEntry } from '@dmc/core/log/node-entry'
import { showPath } from '../path-bytes.ts'
import { toEntry } from './encode-nodes.ts'
import { type Manifest, modeBits } from './manifest.ts'

/** The snapshot's root entry: the folder itself without a name, or the one file. */
export function describeRoot(
  root: Buffer,
  manifest: Manifest,
  singleFile: boolean,
  content: ContentRef,
): NodeEntry {
  if (singleFile) {
    const [row] = manifest.entriesOf(1)
    const entry = row ? toEntry(row) : null
    if (entry?.kind === ENTRY_KIND.file) return entry
    throw new DmcError(
      'SOURCE_UNREADABLE',
      `Cannot store ${showPath(root)}: ${entry?.reason ?? 'it is gone'}.`,
      {
        hint: 'Make the file readable and keep it still while it is backed up, then run the backup again.',
      },
    )
  }
  const stat = lstatSync(root, { bigint: true })
  return {
    name: new Uint8Array(0),
    kind: ENTRY_KIND.directory,
    mode: Number(modeBits(stat.mode)),
    mtimeNs: keptTime(stat.mtimeNs),
    size: 0,
    content,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    holes: [],
  }
}
