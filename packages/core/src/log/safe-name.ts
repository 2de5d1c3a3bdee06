import { DmcError } from '../errors/dmc-error.ts'

const SLASH = 0x2f
const DOT = 0x2e
/** Bytes of a name. Some file systems (exFAT, NTFS, CIFS) have longer ones. */
export const MAX_NAME = 255
const MAX_PATH = 64 * 1024

/** Why these bytes can't be the name of an entry; null when they can. */
export function nameProblem(name: Uint8Array): string | null {
  if (name.length === 0) return 'is empty'
  if (name.length > MAX_NAME) return `has ${name.length} bytes, more than 255`
  if (name.includes(0)) return 'contains a NUL byte'
  if (name.includes(SLASH)) return 'contains a slash'
  if (name[0] === DOT && (name.length === 1 || (name.length === 2 && name[1] === DOT))) {
    return 'means another folder'
  }
  return null
}

/** For messages: UTF-8 where it is, the rest escaped, at most 200 characters. */
export function showName(name: Uint8Array): string {
  return JSON.stringify(new TextDecoder().decode(name.subarray(0, 200))).slice(0, 200)
}

const unsafe = (name: Uint8Array, problem: string) =>
  new DmcError('UNSAFE_PATH', `The snapshot holds a name that ${problem}: ${showName(name)}.`, {
    hint: 'Nothing was written for it; whoever wrote this snapshot was broken or hostile, so use another snapshot.',
  })

/** @throws UNSAFE_PATH unless the bytes may be used as one name inside a folder. */
export function assertSafeName(name: Uint8Array): void {
  const problem = nameProblem(name)
  if (problem) throw unsafe(name, problem)
}

/** A relative path of safe names joined with `/`, as its parts. @throws UNSAFE_PATH. */
export function splitSafePath(path: Uint8Array): Uint8Array[] {
  if (path.length > MAX_PATH) throw unsafe(path, 'is a path of more than 64 KiB')
  const parts: Uint8Array[] = []
  let from = 0
  for (let at = 0; at <= path.length; at++) {
    if (at < path.length && path[at] !== SLASH) continue
    const part = path.subarray(from, at)
    assertSafeName(part)
    parts.push(part)
    from = at + 1
  }
  return parts
}
