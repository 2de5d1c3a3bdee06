import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BLOB_TYPE } from '@dmc/core/log/blob'
import { deriveVolumeKey } from '@dmc/core/log/derive-keys'
import { openFooter } from '@dmc/core/log/footer-leaf'
import { decodeHeader } from '@dmc/core/log/header-leaf'
import { ENTRY_KIND } from '@dmc/core/log/node-entry'
import { nodeLogCrypto as crypto } from '@dmc/core/log/node-log-crypto'
import { expect, it } from 'vitest'
import { listSnapshot, openSnapshot } from './list-snapshot.ts'
import { openCatalog } from './open-catalog.ts'
import { rebuildCache } from './rebuild-cache.ts'
import { backUp, CHAIN, FileMiner, keysFor, targetOf } from './test/file-miner.ts'
import { tempFolder } from './test/make-tree.ts'

it('a flipped bit in any byte of a log is noticed, before the tree is even asked', async () => {
  const temp = tempFolder()
  try {
    const root = join(temp.path, 'source')
    mkdirSync(join(root, 'folder'), { recursive: true })
    writeFileSync(join(root, 'file'), 'content of a file')
    writeFileSync(join(root, 'folder/other'), 'other content')
    const keys = keysFor()
    const miner = new FileMiner(join(temp.path, 'miner'), targetOf(1))
    const source = { sourceId: 'damaged', name: 'damaged', path: Buffer.from(root) }
    const { commitment } = await backUp(miner, { source, keys, dataDir: temp.path })
    const log = readFileSync(miner.file)
    const { volumeId, keyEpoch } = decodeHeader(log.subarray(0, 1024))

    /** Reads everything that is in the log. */
    const readAll = async (bytes: Buffer) => {
      const reader = {
        read: async (_id: string, at: number, length: number) => bytes.subarray(at, at + length),
      }
      const heads = [{ orderId: 10n, commitment, header: bytes.subarray(0, 1024), ...CHAIN }]
      const opened = await openCatalog({ reader, heads, keys })
      const snapshot = await openSnapshot({ opened, reader })
      for await (const { entry } of listSnapshot(snapshot, { recursive: true })) {
        if (entry.kind !== ENTRY_KIND.file) continue
        for await (const part of snapshot.blobs.bytesOf(
          BLOB_TYPE.content,
          snapshot.blobs.slicesOf(entry.content),
        )) {
          expect(part.length).toBeGreaterThan(0)
        }
      }
      for (const { run } of opened.catalog.segments) {
        for await (const part of snapshot.blobs.openAll(BLOB_TYPE.index, run))
          expect(part.length % 62).toBe(0)
      }
      return { opened, heads, reader }
    }
    const { opened, heads, reader } = await readAll(log)
    const footerAt = log.length - 1024
    const volumeKey = deriveVolumeKey(crypto, keys.sourceKey, volumeId, keyEpoch)
    const footer = openFooter(crypto, volumeKey, volumeId, footerAt, log.subarray(footerAt))
    const paddingFrom = footer.catalogOffset + footer.catalogStored

    const unnoticed: number[] = []
    for (let at = 0; at < log.length; at++) {
      const bytes = Buffer.from(log)
      bytes[at] = (bytes[at] as number) ^ (1 << (at % 8))
      try {
        await readAll(bytes)
        unnoticed.push(at)
      } catch (error) {
        expect(['LOG_CORRUPT', 'LOG_VERSION', 'PHRASE_WRONG'], `byte ${at}: ${error}`).toContain(
          (error as { code: string }).code,
        )
      }
    }
    // random padding says nothing; the tree covers it
    expect(unnoticed).toEqual(Array.from({ length: footerAt - paddingFrom }, (_, i) => paddingFrom + i))
    for (const at of [unnoticed[0] ?? 0, 2000, log.length - 1]) {
      const bytes = Buffer.from(log)
      bytes[at] = (bytes[at] as number) ^ 1
      const damaged = {
        read: async (_id: string, from: number, length: number) => bytes.subarray(from, from + length),
      }
      const rebuild = rebuildCache({ sourceId: 'x', dataDir: temp.path, opened, heads, reader: damaged })
      await expect(rebuild, `byte ${at}`).rejects.toMatchObject({ code: 'LOG_CORRUPT' })
    }
    await rebuildCache({ sourceId: 'x', dataDir: temp.path, opened, heads, reader })
  } finally {
    temp.cleanUp()
  }
})
