import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DmcError } from '@dmc/core/errors/dmc-error'
import { afterEach } from 'vitest'
import { openSnapshot } from '../list-snapshot.ts'
import { openCatalog } from '../open-catalog.ts'
import { restoreSnapshot } from '../restore-snapshot.ts'
import type { RestoreResult } from '../types.ts'
import { backUp, FileMiner, keysFor, targetOf } from './file-miner.ts'
import { tempFolder } from './make-tree.ts'

export const MIB = 1024 * 1024
const open: { cleanUp(): void }[] = []
afterEach(() => {
  for (const { cleanUp } of open.splice(0)) cleanUp()
})

/** A source folder, an agent's data folder, a miner, and a place to restore to. */
export function setUp({ mib = 64 }: { mib?: number } = {}) {
  const temp = tempFolder()
  open.push(temp)
  const at = (name: string) => join(temp.path, name)
  mkdirSync(at('source'))
  const keys = keysFor()
  const source = { sourceId: temp.path.slice(-6), name: 'my files', path: Buffer.from(at('source')) }
  const miner = new FileMiner(at('miner'), targetOf(mib))
  const basics = { source, keys, dataDir: at('data') }
  return {
    at,
    keys,
    source,
    miner,
    basics,
    root: at('source'),
    backUp: (more = {}) => backUp(miner, { ...basics, ...more }),
    async openLog(snapshotId?: string) {
      const opened = await openCatalog({ reader: miner, heads: [miner.head()], keys })
      const snapshot = await openSnapshot({ opened, reader: miner, ...(snapshotId ? { snapshotId } : {}) })
      return { opened, snapshot }
    },
    async restore(to: string, snapshotId?: string, more = {}): Promise<RestoreResult> {
      const { snapshot } = await this.openLog(snapshotId)
      return restoreSnapshot({ snapshot, target: at(to), ...more })
    },
  }
}

export const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

export const failure = async (work: Promise<unknown>): Promise<DmcError> => {
  try {
    await work
  } catch (error) {
    return error as DmcError
  }
  throw new Error('it did not fail')
}
