import { createHash } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

/** Bytes that do not compress and are the same for the same seed. */
export function noise(seed: string, length: number): Buffer {
  const blocks: Buffer[] = []
  for (let index = 0; index * 64 < length; index++)
    blocks.push(createHash('sha512').update(`${seed}:${index}`).digest())
  return Buffer.concat(blocks).subarray(0, length)
}

/**
 * A folder with one of everything: large and small files, links of both kinds, modes, old times, empty things, a sparse
 * file, a name that is not text. About `bytes` bytes.
 */
export function makeTree(folder: string, seed: string, bytes: number): string {
  for (const name of ['docs/2026', 'empty', 'photos']) mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, 'docs/letter.txt'), `${seed}\n`.repeat(100))
  writeFileSync(join(folder, 'docs/2026/Grüße ✓.md'), '# hello\n')
  writeFileSync(
    Buffer.concat([Buffer.from(join(folder, 'docs/')), Buffer.from([0x6f, 0xff, 0xfe, 0x2e, 0x74])]),
    'a name that is not UTF-8\n',
  )
  for (let index = 0; index < 40; index++)
    writeFileSync(join(folder, `docs/2026/note-${index}.txt`), `${seed} note ${index}\n`.repeat(index))
  const big = Math.floor(bytes / 2)
  writeFileSync(join(folder, 'photos/a.raw'), noise(`${seed} a`, big))
  writeFileSync(join(folder, 'photos/b.raw'), noise(`${seed} b`, bytes - big))
  writeFileSync(join(folder, 'empty.txt'), '')
  writeFileSync(join(folder, 'run.sh'), '#!/bin/sh\n')
  chmodSync(join(folder, 'run.sh'), 0o750)
  symlinkSync('photos/a.raw', join(folder, 'best'))
  symlinkSync('/nowhere', join(folder, 'dangling'))
  linkSync(join(folder, 'run.sh'), join(folder, 'docs/run again.sh'))
  const sparse = openSync(join(folder, 'disk.img'), 'w')
  ftruncateSync(sparse, 8 << 20)
  writeSync(sparse, noise(`${seed} s`, 8192), 0, 8192, 4 << 20)
  closeSync(sparse)
  utimesSync(join(folder, 'docs/letter.txt'), 1_000_000_000.25, 1_000_000_000.25)
  lutimesSync(join(folder, 'best'), 1_234_567_890, 1_234_567_890)
  return folder
}

/** One file of noise, folders made. */
export function writeNoise(path: string, seed: string, bytes: number): string {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, noise(seed, bytes))
  return path
}
