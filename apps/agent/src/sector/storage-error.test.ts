import { readSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { storageError } from './storage-error.ts'

const thrownBy = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (error) {
    return error
  }
}
const withErrno = (code: string) => Object.assign(new Error(`${code}: write`), { code })

describe('storage errors', () => {
  it.each(['ENOSPC', 'EDQUOT', 'EFBIG'])('%s is a full disk, and passes by itself', (code) => {
    expect(storageError(withErrno(code), '/disk/1.data', 'writing')).toMatchObject({
      code: 'DISK_FULL',
      retryable: true,
      message: expect.stringContaining('/disk/1.data'),
    })
  })

  it.each(['EIO', 'EROFS', 'ENODEV', 'ESTALE'])('%s is damage, said with the file and the error', (code) => {
    expect(storageError(withErrno(code), '/disk/1.data', 'reading at byte 5')).toMatchObject({
      code: 'SECTOR_DAMAGED',
      retryable: false,
      message: expect.stringMatching(`/disk/1.data: reading at byte 5 failed .${code}`),
    })
  })

  it('SQLite’s own errors are those of the journal', () => {
    const db = new DatabaseSync(':memory:')
    db.exec('PRAGMA max_page_count = 2; CREATE TABLE t (x)')
    const full = thrownBy(() => db.exec('INSERT INTO t VALUES (zeroblob(100000))'))
    expect(storageError(full, '/disk/sector.db', 'writing')).toMatchObject({ code: 'DISK_FULL' })
    const wrong = thrownBy(() => db.exec('SELECT * FROM nothing'))
    expect(storageError(wrong, '/disk/sector.db', 'reading')).toMatchObject({ code: 'SECTOR_DAMAGED' })
    db.close()
  })

  it('a mistake of ours does not accuse the disk', () => {
    const mistake = thrownBy(() => readSync(undefined as never, Buffer.alloc(1)))
    expect(storageError(mistake, '/disk/1.data', 'reading')).toMatchObject({ code: 'BUG' })
  })
})
