import { closeSync, lstatSync, mkdtempSync, openSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ENTRY_KIND, NO_CONTENT, type NodeEntry } from '@dmc/core/log/node-entry'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { floorMicro, modeToSet, setLinkMetadata, setMetadata } from './set-metadata.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmc-times-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const entry = (more: Partial<NodeEntry>): NodeEntry => ({
  name: Buffer.from('x'),
  kind: ENTRY_KIND.file,
  mode: 0o644,
  mtimeNs: 0n,
  size: 0,
  content: NO_CONTENT,
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  holes: [],
  ...more,
})

describe('times', () => {
  it('come back in the same microsecond, from 1901 to 2242', () => {
    const file = join(folder, 'file')
    const fd = openSync(file, 'w')
    fc.assert(
      fc.property(
        fc.bigInt({ min: -2_147_483_000n, max: 2n ** 33n - 1n }),
        fc.bigInt({ min: 0n, max: 999_999_999n }),
        (seconds, ns) => {
          const mtimeNs = seconds * 1_000_000_000n + ns
          setMetadata(fd, entry({ mtimeNs }))
          expect(floorMicro(lstatSync(file, { bigint: true }).mtimeNs)).toBe(floorMicro(mtimeNs))
        },
      ),
      { numRuns: 2000 },
    )
    closeSync(fd)
  })

  it('whole microseconds round down on both sides of 1970', () => {
    expect([1999n, 1000n, 999n, 0n, -1n, -1000n, -1001n].map(floorMicro)).toEqual([
      1n,
      1n,
      0n,
      0n,
      -1n,
      -1n,
      -2n,
    ])
  })

  it('a symlink gets its own, not its target', () => {
    const link = Buffer.from(join(folder, 'link'))
    symlinkSync('file', link)
    const before = lstatSync(join(folder, 'file'), { bigint: true }).mtimeNs
    setLinkMetadata(link, entry({ kind: ENTRY_KIND.symlink, mtimeNs: 1_234_567_890_123_456_789n }))
    expect(floorMicro(lstatSync(link, { bigint: true }).mtimeNs)).toBe(1_234_567_890_123_456n)
    expect(lstatSync(join(folder, 'file'), { bigint: true }).mtimeNs).toBe(before)
  })
})

it('setuid and setgid stay only where they mean what they meant', () => {
  const uid = process.getuid?.() ?? 0
  expect(modeToSet(entry({ mode: 0o6755 }))).toBe(0o6755)
  expect(modeToSet(entry({ mode: 0o1777, uid: uid + 1 }))).toBe(0o1777)
  expect(modeToSet(entry({ mode: 0o6755, uid: uid + 1 }))).toBe(uid === 0 ? 0o6755 : 0o755)
})
