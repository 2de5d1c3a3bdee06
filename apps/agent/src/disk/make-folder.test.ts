import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeFolder } from './make-folder.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dmc-make-folder-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const code = (expected: string) => expect.objectContaining({ code: expected })

describe('makeFolder', () => {
  it('makes what is missing, with the mode, and finds what is there', () => {
    const path = join(root, 'a/b/c')
    makeFolder(path, 0o700)
    makeFolder(path, 0o700)
    expect(statSync(path).mode & 0o777).toBe(0o700)
    expect(statSync(join(root, 'a')).mode & 0o777).toBe(0o700)
    makeFolder(`${path}/d/`)
    expect(statSync(`${path}/d`).isDirectory()).toBe(true)
  })

  it('takes names that are no UTF-8, and links to folders', () => {
    const odd = Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0x66, 0xff]), Buffer.from('/deep')])
    makeFolder(odd)
    expect(statSync(odd).isDirectory()).toBe(true)
    mkdirSync(join(root, 'real'))
    symlinkSync('real', join(root, 'link'))
    makeFolder(join(root, 'link/inner'))
    expect(statSync(join(root, 'real/inner')).isDirectory()).toBe(true)
    makeFolder(join(root, 'link'))
  })

  it('says what is in the way', () => {
    writeFileSync(join(root, 'file'), '')
    symlinkSync('nowhere', join(root, 'dangling'))
    expect(() => makeFolder(join(root, 'file'))).toThrow(code('EEXIST'))
    expect(() => makeFolder(join(root, 'file/inner'))).toThrow(code('ENOTDIR'))
    expect(() => makeFolder(join(root, 'dangling'))).toThrow(code('EEXIST'))
  })

  it.runIf(process.platform === 'linux')('returns where Node’s own mkdir never does: below /proc', () => {
    expect(() => makeFolder('/proc/dmc-nothing/inner')).toThrow(code('ENOENT'))
    expect(() => makeFolder(Buffer.from('/proc/dmc-nothing'))).toThrow(code('ENOENT'))
  })
})
