import { rmSync, statfsSync } from 'node:fs'

/** Every other round goes the other way round: nobody always comes right after the same one. */
export function inTurn<T>(contestants: readonly T[], round: number): T[] {
  return round % 2 === 0 ? [...contestants] : [...contestants].reverse()
}

/**
 * Leaves what a round has made where it is, until the bench ends; removes it at once only where the disk gets short. ext4 does not
 * take the inodes of deleted files again for a minute or more, and looks at each of them for every new file: after a clean-up of
 * 20,000 files whoever comes next needs several times as long for each file. And memory that was just freed is warm: who
 * writes into it is faster than anybody who writes a new file on a machine that did something else before.
 */
export function leave(folder: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(folder)
  if (bavail * bsize < 8 * bytes + 8 * 2 ** 30) rmSync(folder, { recursive: true, force: true })
}
