import { lstat, opendir } from 'node:fs/promises'
import { join } from 'node:path'

/** Bytes and entries below a path, without following links. Unreadable folders count as empty: the backup names them. */
export async function measureFolder(
  path: string,
  show: (text: string) => void,
): Promise<{ bytes: number; entries: number }> {
  let bytes = 0
  let entries = 0
  const walk = async (at: string): Promise<void> => {
    const info = await lstat(at).catch(() => null)
    if (info === null) return
    entries++
    if (entries % 2000 === 0) show(`${entries} entries`)
    if (info.isFile()) bytes += info.size
    if (!info.isDirectory()) return
    const folder = await opendir(at).catch(() => null)
    if (folder) for await (const entry of folder) await walk(join(at, entry.name))
  }
  await walk(path)
  return { bytes, entries }
}
