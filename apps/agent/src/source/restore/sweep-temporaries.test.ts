import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { sweepTemporaries, temporaryIn } from './restore-file.ts'

it('a killed restore leaves no temporary name behind when it goes on, and nothing else is touched', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dmc-sweep-'))
  try {
    const own = temporaryIn(Buffer.from(folder))
      .toString()
      .slice(folder.length + 1)
    for (const name of [
      '.dmc-0123456789abcdef-49',
      own,
      '.dmc-restore-x',
      '.dmc-0123456789abcdef-49x',
      'photo.jpg',
    ]) {
      writeFileSync(join(folder, name), '')
    }
    sweepTemporaries(Buffer.from(folder))
    expect(readdirSync(folder).sort()).toEqual(
      ['.dmc-0123456789abcdef-49x', '.dmc-restore-x', own, 'photo.jpg'].sort(),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})
