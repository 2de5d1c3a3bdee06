import { fail } from './io.ts'

const MAX = 64 * 1024

/** All of stdin, for `--phrase-file -` and the like; a secret is small. */
export async function readStdin(): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of process.stdin) {
    parts.push(part as Buffer)
    size += (part as Buffer).length
    if (size > MAX) throw fail('USAGE', 'More than 64 KiB on standard input.', 'Pipe the secret only.')
  }
  return Buffer.concat(parts).toString('utf8').trim()
}
