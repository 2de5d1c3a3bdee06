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
    return megabytes << 20
  }
  // Sizes like a home folder's: most are small, a few reach 300 KiB; half of them text.
  let bytes = 0
  for (let index = 0; index < files; index++) {
    const inFolder = join(folder, `d${index % 97}`, `e${index % 13}`)
    if (index < 97 * 13) mkdirSync(inFolder, { recursive: true })
    const draw = next(4)
    const scale = draw.readUInt16BE(0) / 65_536
    const size = 1 + Math.floor(scale ** 6 * 300 * 1024 * 0.9 + (draw.readUInt16BE(2) % 4096))
    writeFileSync(join(inFolder, `f${index}`), index % 2 === 0 ? text(next, size) : next(size))
    bytes += size
  }
  return bytes
}
