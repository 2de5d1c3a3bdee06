import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFileSafely, writeFileSafely } from './write-file-safely.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dmc-write-safely-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const MODULE = new URL('./write-file-safely.ts', import.meta.url).pathname

/** In a process that may not write a byte into any file; what it says. */
function withoutRoom(call: string): string {
  const script = `import * as all from ${JSON.stringify(MODULE)}
try { console.log(${call}) } catch (error) { console.log(error.code) }`
  const args = ['-c', `trap '' XFSZ; ulimit -f 0; exec "$0" --input-type=module -e "$1" 2>&1 | cat`]
  return spawnSync('bash', [...args, process.execPath, script], { encoding: 'utf8' }).stdout.trim()
}

describe('a small private file', () => {
  it('is created once, with folders that only its owner enters', () => {
    const file = join(root, 'a/b/secret')
    expect(createFileSafely(file, 'one\n')).toBe('created')
    expect(createFileSafely(file, 'two\n')).toBe('exists')
    expect(readFileSync(file, 'utf8')).toBe('one\n')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(join(root, 'a')).mode & 0o777).toBe(0o700)
  })

  it('is not said to be there when something is in the way of its folder', () => {
    writeFileSync(join(root, 'plain'), '')
    const refused = expect.objectContaining({ code: 'TARGET_UNWRITABLE' })
    expect(() => createFileSafely(join(root, 'plain/secret'), '')).toThrow(refused)
    expect(() => writeFileSafely(join(root, 'plain/secret'), '')).toThrow(refused)
  })

  it.runIf(process.platform === 'linux')('is whole or not there: half a keystore once stayed behind', () => {
    const file = join(root, 'keystore.json')
    expect(withoutRoom(`all.createFileSafely(${JSON.stringify(file)}, '{}')`)).toMatch(
      /^(TARGET_UNWRITABLE|DISK_FULL)$/,
    )
    expect(existsSync(file)).toBe(false)
    writeFileSync(file, 'before')
    expect(withoutRoom(`all.writeFileSafely(${JSON.stringify(file)}, '{}')`)).toMatch(
      /^(TARGET_UNWRITABLE|DISK_FULL)$/,
    )
    expect(readFileSync(file, 'utf8')).toBe('before')
  })
})
