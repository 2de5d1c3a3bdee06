import { createHash } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  existsSync,
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
import { join } from 'node:path'

/** Bytes that look random and are the same on every run. */
function noise(seed: string, length: number): Buffer {
  const blocks: Buffer[] = []
  for (let index = 0; index * 32 < length; index++)
    blocks.push(createHash('sha256').update(`${seed}:${index}`).digest())
  return Buffer.concat(blocks).subarray(0, length)
}

/**
 * A folder like a person's: letters, photos, a program, links, odd names, an empty folder, a sparse disk image. About
 * 24 MiB. Made once; an existing folder is left as it is, so that a person may change it between two runs.
 */
export function makeSampleFolder(folder: string): void {
  if (existsSync(folder)) return
  for (const name of ['Letters', 'Photos/2026', 'Projects/dmc/src', 'Empty folder'])
    mkdirSync(join(folder, name), { recursive: true })
  const letter = 'Dear future me,\n\nif you read this, the backup worked.\n\n'
  writeFileSync(join(folder, 'Letters/To whom it may concern.txt'), letter.repeat(400))
  writeFileSync(join(folder, 'Letters/Überraschung ✓.md'), '# Names are bytes, and all of them come back\n')
  writeFileSync(
    Buffer.concat([
      Buffer.from(join(folder, 'Letters/')),
      Buffer.from([0x6f, 0x6c, 0x64, 0xff, 0xfe, 0x2e, 0x74]),
    ]),
    'a name that is not UTF-8\n',
  )
  for (let index = 0; index < 9; index++) {
    writeFileSync(
      join(folder, `Photos/2026/IMG_${4711 + index}.jpg`),
      noise(`photo ${index}`, 2_000_000 + index * 77_777),
    )
  }
  for (let index = 0; index < 300; index++) {
    writeFileSync(
      join(folder, `Projects/dmc/src/file-${index}.ts`),
      `export const value${index} = ${index}\n`.repeat(1 + (index % 40)),
    )
  }
  writeFileSync(join(folder, 'Projects/build.sh'), '#!/bin/sh\necho built\n')
  chmodSync(join(folder, 'Projects/build.sh'), 0o755)
  writeFileSync(join(folder, 'Projects/secret.key'), noise('key', 64))
  chmodSync(join(folder, 'Projects/secret.key'), 0o600)
  writeFileSync(join(folder, 'empty file'), '')
  symlinkSync('Photos/2026/IMG_4711.jpg', join(folder, 'best photo'))
  symlinkSync('/nowhere/at/all', join(folder, 'dangling link'))
  linkSync(join(folder, 'Projects/build.sh'), join(folder, 'Projects/build (hard link).sh'))
  const disk = openSync(join(folder, 'Projects/disk.img'), 'w')
  ftruncateSync(disk, 64 << 20)
  writeSync(disk, noise('disk', 1 << 20), 0, 1 << 20, 8 << 20)
  closeSync(disk)
  utimesSync(join(folder, 'Letters/To whom it may concern.txt'), 1_000_000_000.25, 1_000_000_000.25)
  lutimesSync(join(folder, 'best photo'), 1_234_567_890, 1_234_567_890)
}
