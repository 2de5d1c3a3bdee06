import { lstatSync, opendirSync } from 'node:fs'
import type { Excluder } from './encode/excluder.ts'
import { joinBytes } from './path-bytes.ts'
import type { SourceSize } from './types.ts'

const TURN_MS = 20

/**
 * How large a source is, by walking it: nothing is opened but folders, nothing is followed. Sparse files count what
 * they take on disk, hard links once. Other work runs in between; memory holds the folders that are still to be seen.
 */
export async function measureSource(
  root: Buffer,
  signal?: AbortSignal,
  /** Stops after so many ms with what was found; `onCut` is told. */
  limit?: { ms: number; onCut: () => void },
  excluder?: Excluder | null,
): Promise<SourceSize> {
  const end = limit ? performance.now() + limit.ms : Number.POSITIVE_INFINITY
  const size: SourceSize = { files: 0, directories: 0, bytes: 0, unreadable: 0, excluded: 0, measuredAt: 0 }
  const linked = new Set<string>()
  let turn = performance.now()
  const look = (path: Buffer): boolean => {
    const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    if (!stat) return false
    if (path !== root && excluder?.excludes(path, stat.isDirectory())) {
      size.excluded++
      return false
    }
    if (stat.isFile()) {
      size.files++
      const inode = `${stat.dev}:${stat.ino}`
      if (stat.nlink > 1n && linked.has(inode)) return false
      if (stat.nlink > 1n) linked.add(inode)
      const onDisk = stat.blocks * 512n
      // a file system that compresses says less than there is to read: only clearly sparse files count by their blocks
      size.bytes += Number(onDisk * 4n < stat.size ? onDisk : stat.size)
    }
    return stat.isDirectory()
  }
  const folders: Buffer[] = look(root) ? [root] : []
  let cut = false
  for (let folder = folders.pop(); folder && !cut; folder = folders.pop()) {
    size.directories++
    try {
      const dir = opendirSync(folder, { encoding: 'buffer' as BufferEncoding, bufferSize: 256 })
      try {
        for (let entry = dir.readSync(); entry; entry = dir.readSync()) {
          const path = joinBytes(folder, entry.name as unknown as Buffer)
          try {
            if (look(path)) folders.push(path)
          } catch {
            size.unreadable++
          }
          if (performance.now() - turn < TURN_MS) continue
          await new Promise((resolve) => setImmediate(resolve))
          signal?.throwIfAborted()
          turn = performance.now()
          if (turn < end) continue
          cut = true
          break
        }
      } finally {
        dir.closeSync()
      }
    } catch (error) {
      if (signal?.aborted) throw error
      size.unreadable++
    }
  }
  if (cut) limit?.onCut()
  size.measuredAt = Date.now()
  return size
}
