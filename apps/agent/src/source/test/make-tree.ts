import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A temporary folder, removed by `cleanUp`. */
export function tempFolder(): { path: string; cleanUp(): void } {
  const path = mkdtempSync(join(tmpdir(), 'dmc-source-'))
  return { path, cleanUp: () => rmSync(path, { recursive: true, force: true }) }
}

/** Bytes that do not compress, the same for the same seed. */
export function noise(length: number, seed: number | string): Buffer {
  const out = Buffer.allocUnsafe(length)
  const first = createHash('sha256').update(String(seed)).digest()
  // xorshift128 from the seed: fast, and nothing zstd could find
  let [a, b, c, d] = [
    first.readUInt32LE(0),
    first.readUInt32LE(4),
    first.readUInt32LE(8),
    first.readUInt32LE(12),
  ]
  for (let at = 0; at < length; at += 4) {
    let t = d
    const s = a
    d = c
    c = b
    b = s
    t ^= t << 11
    t ^= t >>> 8
    a = (t ^ s ^ (s >>> 19)) >>> 0
    if (at + 4 <= length) out.writeUInt32LE(a, at)
    else for (let i = at; i < length; i++) out[i] = (a >>> (8 * (i - at))) & 255
  }
  return out
}

export const text = (length: number, seed: number): Buffer =>
  Buffer.from(`line of text number ${seed}, as in a log\n`.repeat(Math.ceil(length / 30))).subarray(0, length)

const bytes = (folder: string, ...name: number[]) =>
  Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name)])

/** One of everything that a folder can hold and an ordinary user can make. */
export function makeTree(root: string): void {
  mkdirSync(join(root, 'docs/deep/deeper'), { recursive: true })
  mkdirSync(join(root, 'empty-folder'))
  mkdirSync(join(root, 'many'))
  mkdirSync(join(root, 'odd names'))
  writeFileSync(join(root, 'hello.txt'), 'hello\n')
  writeFileSync(join(root, 'empty'), '')
  writeFileSync(join(root, 'docs/text.log'), text(2_000_000, 1))
  writeFileSync(join(root, 'docs/noise.bin'), noise(5_000_000, 2))
  writeFileSync(join(root, 'docs/deep/just-small.bin'), noise(256 * 1024 - 1, 3))
  writeFileSync(join(root, 'docs/deep/just-large.bin'), noise(256 * 1024, 4))
  writeFileSync(join(root, 'docs/deep/zeros'), Buffer.alloc(600_000))
  for (let i = 0; i < 300; i++) writeFileSync(join(root, 'many', `file-${i}`), noise(i * 7, i))
  // names are bytes
  writeFileSync(bytes(join(root, 'odd names'), 0xff, 0xfe, 0x80), 'not UTF-8')
  writeFileSync(join(root, 'odd names', 'with\nnewline'), '1')
  writeFileSync(join(root, 'odd names', '-dash and "quotes"'), '2')
  writeFileSync(join(root, 'odd names', 'ü'.repeat(127)), '254 bytes')
  writeFileSync(join(root, 'odd names', 'x'.repeat(255)), '255 bytes')
  writeFileSync(join(root, 'odd names', '...'), 'three dots')
  // links
  symlinkSync('hello.txt', join(root, 'link'))
  symlinkSync('../nowhere/at all', join(root, 'docs/dangling'))
  symlinkSync('/etc/passwd', join(root, 'docs/absolute'))
  symlinkSync(Buffer.from([0xff, 0x2f, 0x80]), join(root, 'docs/target not UTF-8'))
  symlinkSync('docs', join(root, 'link-to-folder'))
  linkSync(join(root, 'docs/noise.bin'), join(root, 'many', 'same-as-noise'))
  linkSync(join(root, 'hello.txt'), join(root, 'hello-again.txt'))
  linkSync(join(root, 'empty'), join(root, 'docs/empty-again'))
  // sparse: data at the start, in the middle, and a hole at the end
  const sparse = openSync(join(root, 'sparse'), 'w')
  writeSync(sparse, noise(10_000, 5), 0, 10_000, 0)
  writeSync(sparse, noise(5000, 6), 0, 5000, 6_000_123)
  closeSync(sparse)
  truncateSync(join(root, 'sparse'), 20_000_000)
  const small = openSync(join(root, 'small-sparse'), 'w')
  writeSync(small, 'x', 150_000)
  closeSync(small)
  closeSync(openSync(join(root, 'all-hole'), 'w'))
  truncateSync(join(root, 'all-hole'), 1_000_000)
  // modes and times
  chmodSync(join(root, 'hello.txt'), 0o600)
  chmodSync(join(root, 'docs/text.log'), 0o444)
  chmodSync(join(root, 'docs/deep/just-small.bin'), 0o4755)
  chmodSync(join(root, 'many'), 0o1777)
  chmodSync(join(root, 'docs/deep'), 0o2750)
  utimesSync(join(root, 'hello.txt'), 1_234_567_890.123456, 1_234_567_890.123456)
  utimesSync(join(root, 'docs/noise.bin'), 0, 0)
  utimesSync(join(root, 'docs/text.log'), '-86400.5', '-86400.5')
  utimesSync(join(root, 'many/file-7'), 2_000_000_000.999_999, 2_000_000_000.999_999)
  lutimesSync(join(root, 'link'), 1_111_111_111, 1_111_111_111)
  utimesSync(join(root, 'empty-folder'), 999_999_999, 999_999_999)
  execFileSync('mkfifo', [join(root, 'fifo')])
}

/** Waits until nothing in a folder looks as if it had just changed. */
export const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 40))
