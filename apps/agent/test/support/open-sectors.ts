import { join } from 'node:path'
import { BufferPool } from '../../src/sector/buffer-pool.ts'
import { openSectorService, type SectorServiceOptions } from '../../src/sector/sector-service.ts'
import type { SectorService } from '../../src/sector/types.ts'
import { type Journal, openJournal } from '../../src/store/journal.ts'
import { openStore, type Store } from '../../src/store/open-store.ts'

export interface TestSectors {
  service: SectorService
  journal: Journal
  store: Store
  close(): Promise<void>
}

/** A sector service on the agent data in `folder`/data; opened again on the same folder it is the same agent. */
export function openSectors(folder: string, options: Partial<SectorServiceOptions> = {}): TestSectors {
  const store = openStore(join(folder, 'data'))
  const journal = openJournal(store)
  const pool = new BufferPool(32 * 1024 * 1024)
  const service = openSectorService({ store, journal, pool, forbidden: () => [], ...options })
  return {
    service,
    journal,
    store,
    async close() {
      await service.close()
      store.close()
    },
  }
}
