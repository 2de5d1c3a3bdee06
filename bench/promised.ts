import type { HasherTier } from '../packages/core/src/merkle/hasher-tier.ts'
import type { BenchDocument, BenchOptions } from './bench.ts'

type Figure = BenchDocument['figures'][number]
type Peer = BenchDocument['peers'][number]
type Job = 'backup' | 'rebackup' | 'restore'

/** What an agent may need at any size, and beside restic. */
const MOST_MIB = 200
const MEMORY_OVER_RESTIC = 1.5
/** Our stored bytes of the text-heavy set over restic's. */
const STORED_OVER_RESTIC = 1.02

const NAMES: Record<Job, string> = {
  backup: 'backup, read to active',
  rebackup: 're-backup after 1 % changed, read to active',
  restore: 'restore',
}

/** The peer's time / ours, at least; promised for 1 GiB of random data and for 20,000 files. */
const SPEEDS: Record<Job, Record<'random' | 'small', Record<string, number | Record<HasherTier, number>>>> = {
  backup: {
    random: { restic: { native: 2, portable: 1.5 }, borg: 1.5 },
    small: { restic: 3, borg: 2 },
  },
  rebackup: { random: { restic: 3 }, small: { restic: 3 } },
  restore: { random: { restic: 2.5 }, small: { restic: 1 } },
}

/** Why a figure of a run that is shorter, or of other data, is shown without a limit. */
const NO_LIMIT: Record<BenchOptions['data'], string> = {
  random: 'shown; promised for 1 GiB',
  small: 'shown; promised for 20,000 files',
  text: 'shown; promised for random data and for small files',
}

/** Our speed over that of each peer that is installed, and whether it is what was promised. @param ours_s seconds until the job is done */
export function speedFigures(
  job: Job,
  { data, size }: Pick<BenchOptions, 'data' | 'size'>,
  tier: HasherTier,
  ours_s: number,
  peers: readonly Peer[],
): Figure[] {
  const whole = size >= (data === 'small' ? 20_000 : 1024)
  return ['restic', 'borg'].flatMap((name) => {
    const wall_s = peers.find((peer) => peer.name === name)?.wall_s
    if (wall_s === undefined) return []
    const value = Number((wall_s / ours_s).toFixed(2))
    const promised = data === 'text' ? undefined : SPEEDS[job][data][name]
    const least = typeof promised === 'object' ? promised[tier] : promised
    const figure = `${NAMES[job]}: ${name}'s time / ours`
    if (least === undefined && name !== 'restic') return []
    if (least === undefined || !whole)
      return [{ name: figure, value, unit: 'x', limit: NO_LIMIT[data], ok: true }]
    return [{ name: figure, value, unit: 'x', limit: `at least ${least}`, ok: value >= least }]
  })
}

/**
 * The same against restic for what comes before `active` (delivered: all is durable and rooted at the miner) and after it (confirmed: as many
 * blocks later as an agent waits for before it relies on the chain; then the command ends). Shown beside the promised figure, never in its stead.
 */
export function shownFigure(
  what: 'backup, read to delivered' | 'backup, read to confirmed' | 're-backup, read to confirmed',
  seconds: number,
  peers: readonly Peer[],
): Figure[] {
  const wall_s = peers.find(({ name }) => name === 'restic')?.wall_s
  if (wall_s === undefined) return []
  const value = Number((wall_s / seconds).toFixed(2))
  return [{ name: `${what}: restic's time / ours`, value, unit: 'x', limit: 'shown', ok: true }]
}

/** Bytes stored over restic's. Promised for the text-heavy set. */
export function storedFigure(
  { data, size }: Pick<BenchOptions, 'data' | 'size'>,
  stored: number,
  peers: readonly Peer[],
): Figure[] {
  const restic = peers.find(({ name }) => name === 'restic')?.stored_bytes
  if (!restic) return []
  const value = Number((stored / restic).toFixed(3))
  const counts = data === 'text' && size >= 1024
  return [
    {
      name: "stored: ours / restic's",
      value,
      unit: 'x',
      limit: counts ? `at most ${STORED_OVER_RESTIC}` : 'shown; promised for 1 GiB of text',
      ok: !counts || value <= STORED_OVER_RESTIC,
    },
  ]
}

/** The highest peak of each agent's memory: as it is, and over restic's in the same run. */
export function memoryFigures(
  rounds: readonly { user_peak_mib: number; miner_peak_mib: number }[],
  peers: readonly Peer[],
): Figure[] {
  const restic = peers.find(({ name }) => name === 'restic')?.rss_mib
  const peaks = {
    user: Math.max(...rounds.map(({ user_peak_mib }) => user_peak_mib)),
    miner: Math.max(...rounds.map(({ miner_peak_mib }) => miner_peak_mib)),
  }
  return (['user', 'miner'] as const).flatMap((side) => {
    const name = `peak memory of the ${side}'s agent`
    const over = restic ? Number((peaks[side] / restic).toFixed(2)) : null
    return [
      { name, value: peaks[side], unit: 'MiB', limit: `less than ${MOST_MIB}`, ok: peaks[side] < MOST_MIB },
      ...(over === null
        ? []
        : [
            {
              name: `${name} / restic's`,
              value: over,
              unit: 'x',
              limit: `at most ${MEMORY_OVER_RESTIC}`,
              ok: over <= MEMORY_OVER_RESTIC,
            },
          ]),
    ]
  })
}
