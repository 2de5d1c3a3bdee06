import { createCipheriv, createHash } from 'node:crypto'
import { closeSync, fdatasyncSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

export type DataSet = 'random' | 'text' | 'small'

/** Endless bytes that no compressor shortens, the same for the same seed: AES-CTR over zeros. */
export function pseudoRandom(seed: string): (length: number) => Buffer {
  const cipher = createCipheriv('aes-256-ctr', createHash('sha256').update(seed).digest(), Buffer.alloc(16))
  const zeros = Buffer.alloc(1 << 20)
  return (length) => {
    const parts: Buffer[] = []
    for (let left = length; left > 0; left -= zeros.length)
      parts.push(cipher.update(zeros.subarray(0, Math.min(left, zeros.length))))
    return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)
  }
}

const WORDS =
  'bill order miner user leaf chunk path root pledge escrow market agent sector source log volume blob seal prepare commit restore snapshot week capacity the a of and in to is for on with as by'.split(
    ' ',
  )

function text(next: (length: number) => Buffer, length: number): Buffer {
  const parts: string[] = []
  let size = 0
  // one newline fewer than lines
  while (size <= length) {
    const picks = next(4096)
    const line = Array.from(picks.subarray(0, 200), (byte) => WORDS[byte % WORDS.length]).join(' ')
    parts.push(line)
    size += line.length + 1
  }
  return Buffer.from(parts.join('\n')).subarray(0, length)
}

/** Of the reference's set, which is 20,000 files of 1 B to 300 KiB from /usr/share, 247 MiB in all. */
const SMALL_SET = { most: 300 * 1024, median: 2048, spread: 2.035 }

/** Sizes as they are on a disk: log-normal, most of some KiB, a few as large as they may be. */
function smallSize(draw: Buffer): number {
  const { most, median, spread } = SMALL_SET
  const [one, two] = [draw.readUInt32BE(0), draw.readUInt32BE(4)].map((n) => (n + 0.5) / 2 ** 32)
  const normal = Math.sqrt(-2 * Math.log(one ?? 0.5)) * Math.cos(2 * Math.PI * (two ?? 0.5))
  return Math.min(most, Math.max(1, Math.round(median * Math.exp(spread * normal))))
}

/** Writes one data set into a new folder; returns the bytes written. Deterministic by its arguments. */
export function makeDataSet(folder: string, data: DataSet, megabytes: number, files = 20_000): number {
  mkdirSync(folder, { recursive: true })
  const next = pseudoRandom(`${data} ${megabytes}`)
  if (data === 'random' || data === 'text') {
    const fd = openSync(join(folder, `${data}.bin`), 'w')
    for (let mebibyte = 0; mebibyte < megabytes; mebibyte++)
      writeSync(fd, data === 'random' ? next(1 << 20) : text(next, 1 << 20))
    fdatasyncSync(fd)
    closeSync(fd)
    return megabytes * 2 ** 20
  }
  let bytes = 0
  for (let index = 0; index < files; index++) {
    const inFolder = join(folder, `d${index % 97}`, `e${index % 13}`)
    if (index < 97 * 13) mkdirSync(inFolder, { recursive: true })
    const size = smallSize(next(8))
    writeFileSync(join(inFolder, `f${index}`), index % 2 === 0 ? text(next, size) : next(size))
    bytes += size
  }
  return bytes
}
