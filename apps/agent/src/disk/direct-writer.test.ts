import { randomBytes } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { DirectWriter } from './direct-writer.ts'

const folder = mkdtempSync(join(tmpdir(), 'dmc-direct-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const MIB = 1024 * 1024
let files = 0

it.each([0, 1, 4095, 4096, 4097, 2 * MIB - 1, 2 * MIB, 2 * MIB + 1, 5 * MIB + 123, 8 * MIB])(
  'writes %i bytes in parts of any size, which the caller uses again at once',
  async (size) => {
    const path = join(folder, `file-${files++}`)
    const data = randomBytes(size)
    const fd = openSync(path, 'wx')
    const writer = new DirectWriter(fd)
    const part = Buffer.alloc(3 * MIB)
    for (let at = 0; at < size; ) {
      const length = Math.min(size - at, 1 + ((at * 7919 + 12_345) % part.length))
      data.copy(part, 0, at, at + length)
      await writer.write(part.subarray(0, length))
      part.fill(0xee)
      at += length
    }
    await writer.finish()
    await writer.close()
    closeSync(fd)
    expect(readFileSync(path).equals(data)).toBe(true)
  },
)

it('tells what a piece met, and lets go of the file all the same', async () => {
  const path = join(folder, 'read-only')
  writeFileSync(path, '')
  const fd = openSync(path, 'r')
  const writer = new DirectWriter(fd)
  // the odd tail goes through the descriptor that may only read
  const failed = (async () => {
    await writer.write(randomBytes(2 * MIB + 5))
    await writer.finish()
  })()
  await expect(failed).rejects.toMatchObject({ code: 'EBADF' })
  await writer.close()
  closeSync(fd)
})
