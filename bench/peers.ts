import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchDocument } from './bench.ts'
import { folderBytes, type Measured, measureCommand, medians } from './measure.ts'

export interface Peer {
  name: string
  /** Debian package. */
  package: string
  version: string | null
  /** Fresh repository in `work`; not timed. */
  prepare(work: string): Promise<void>
  /** `round` names the archive where a tool wants a name for each. */
  backup(source: string, work: string, round?: number): Promise<Measured>
  restore(target: string, work: string): Promise<Measured>
}

function versionOf(program: string, args: string[]): string | null {
  const run = spawnSync(program, args, { encoding: 'utf8' })
  if (run.error || run.status !== 0) return null
  return (run.stdout || run.stderr).match(/\d+\.\d+(\.\d+)?/)?.[0] ?? 'unknown'
}

const RESTIC = { RESTIC_PASSWORD: 'bench', RESTIC_PROGRESS_FPS: '0' }
const BORG = { BORG_PASSPHRASE: 'bench', BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes' }

/** The tools that a user would pick instead, as they are installed here; version null = not installed. `names`: only those. */
export const findPeers = (names: readonly string[] | null): Peer[] =>
  allPeers().filter(({ name }) => names === null || names.includes(name))

function allPeers(): Peer[] {
  const cache = (work: string) => ({
    XDG_CACHE_HOME: join(work, 'cache'),
    BORG_BASE_DIR: join(work, 'borg-home'),
  })
  return [
    {
      name: 'restic',
      package: 'restic',
      version: versionOf('restic', ['version']),
      prepare: async (work) => {
        await measureCommand(['restic', '-r', join(work, 'repo'), 'init'], {
          env: { ...RESTIC, ...cache(work) },
        })
      },
      backup: (source, work) =>
        measureCommand(['restic', '-q', '-r', join(work, 'repo'), 'backup', '.'], {
          cwd: source,
          env: { ...RESTIC, ...cache(work) },
        }),
      restore: (target, work) =>
        measureCommand(['restic', '-q', '-r', join(work, 'repo'), 'restore', 'latest', '--target', target], {
          env: { ...RESTIC, ...cache(work) },
        }),
    },
    {
      name: 'borg',
      package: 'borgbackup',
      version: versionOf('borg', ['--version']),
      prepare: async (work) => {
        mkdirSync(work, { recursive: true })
        await measureCommand(['borg', 'init', '-e', 'repokey-blake2', join(work, 'repo')], {
          env: { ...BORG, ...cache(work) },
        })
      },
      backup: (source, work, round = 0) =>
        measureCommand(['borg', 'create', `${join(work, 'repo')}::a${round || ''}`, '.'], {
          cwd: source,
          env: { ...BORG, ...cache(work) },
        }),
      restore: async (target, work) => {
        mkdirSync(target, { recursive: true })
        return measureCommand(['borg', 'extract', `${join(work, 'repo')}::a`], {
          cwd: target,
          env: { ...BORG, ...cache(work) },
        })
      },
    },
    {
      name: 'rsync',
      package: 'rsync',
      version: versionOf('rsync', ['--version']),
      prepare: async (work) => mkdirSync(join(work, 'repo'), { recursive: true }) as undefined,
      backup: (source, work) => measureCommand(['rsync', '-a', `${source}/`, join(work, 'repo')]),
      restore: (target, work) => measureCommand(['rsync', '-a', `${join(work, 'repo')}/`, target]),
    },
    {
      name: 'rclone',
      package: 'rclone',
      version: versionOf('rclone', ['version']),
      prepare: async (work) => {
        mkdirSync(join(work, 'repo'), { recursive: true })
        writeFileSync(join(work, 'rclone.conf'), '')
      },
      backup: (source, work) =>
        measureCommand(['rclone', '--config', join(work, 'rclone.conf'), 'copy', source, join(work, 'repo')]),
      restore: (target, work) =>
        measureCommand(['rclone', '--config', join(work, 'rclone.conf'), 'copy', join(work, 'repo'), target]),
    },
  ]
}

/** Bytes that a peer keeps of what it has backed up; its caches, which it could make again, not counted. */
export const storedBytes = (work: string): number => folderBytes(join(work, 'repo'))

/** A peer in the document: its medians and its wall / ours, or that it is missing. */
export function peerRow(
  { name, version, package: pack }: Peer,
  rounds: Measured[],
  ourWall: number,
): BenchDocument['peers'][number] {
  if (version === null) return { name, version, missing: `apt-get install ${pack}` }
  const middle = medians(rounds)
  return { name, version, ...middle, ratio: Number((middle.wall_s / ourWall).toFixed(2)) }
}
