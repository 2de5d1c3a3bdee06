import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { World } from './world.ts'

export interface SmallDisk {
  path: string
  /** Leaves so many bytes free (about, whole blocks). */
  fill(leaveFree: number): void
  empty(): void
}

/** A file system of its own of `bytes`: full is really full. null when this user may not mount one. */
export function mountSmallDisk(world: World, name: string, bytes: number): SmallDisk | null {
  if (process.getuid?.() !== 0) return null
  const path = join(world.folder, name)
  mkdirSync(path)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=0755`, 'tmpfs', path], {
      stdio: 'ignore',
    })
  } catch {
    return null
  }
  world.onEnd(() => execFileSync('umount', ['-l', path], { stdio: 'ignore' }))
  const ballast = join(path, 'ballast')
  return {
    path,
    fill(leaveFree) {
      const { bavail, bsize } = statfsSync(path)
      writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - leaveFree)))
    },
    empty: () => rmSync(ballast, { force: true }),
  }
}
